"""Opening, finding and ending of sessions."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bridge.access.sessions import (
    COOKIE,
    end_session,
    end_sessions_of_people,
    end_sessions_of_provider,
    provider_tokens,
    sessions_of,
)
from bridge.access.tables import Session
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.tables import JournalEntry
from bridge.tenants.secrets import Seal
from tests.access.people import IDLE, ISSUER, LIFETIME, SEAL, Company, company_of
from tests.database.opened import CAUSE, NOW, add_connection, add_tenant
from tests.examples import examples

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
SOME_ID = "01a05bc4-8180-7693-a76c-d0bd0034d0bd"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def company(database: Database) -> Company:
    return company_of(database)


def test_a_cookie_tells_who_is_signed_in(company: Company):
    ada = company.hires("ada")
    opened = company.signs_in(ada)
    found = company.finds(opened.cookie)
    assert (found.tenant_id, found.session_id) == (company.tenant_id, opened.id)
    assert (found.person_id, found.connection_id) == (ada, company.connection_id)
    assert (found.opened_at, found.expires_at) == (NOW, NOW + LIFETIME)


def test_what_is_stored_of_a_session_opens_nothing(company: Company):
    opened = company.signs_in(company.hires("ada"))
    secret = opened.cookie.partition(".")[2]
    row = company.row(opened.id)
    assert secret not in repr([getattr(row, each.name) for each in Session.__table__.columns])
    assert b"id token" not in (row.id_token or b"")
    company.refuses(f"{company.tenant_id}.{row.digest[:43]}", "unknown")


@on_sqlite
@pytest.mark.parametrize("cookie", [None, "", ".", "a.b", "x" * 80, "\0", "é.é", f"{SOME_ID}."])
def test_what_is_no_cookie_of_ours_is_not_even_looked_up(database: Database, cookie: str | None):
    Company(database, "", "").refuses(cookie, "sign in first")


def test_a_cookie_is_good_in_its_own_tenant_alone(company: Company):
    secret = company.signs_in(company.hires("ada")).cookie.partition(".")[2]
    other = add_tenant(company.database, "Okonkwo Textiles")
    company.refuses(f"{other}.{secret}", "unknown")
    company.refuses(f"{new_id(NOW)}.{secret}", "unknown")


@on_sqlite
def test_a_cookie_with_one_other_character_is_another(company: Company):
    cookie = company.signs_in(company.hires("ada")).cookie

    @settings(max_examples=examples(25, in_proof=500))
    @given(at=st.integers(37, 79), character=st.sampled_from("abcXYZ0189_-"))
    def is_another(at: int, character: str):
        changed = cookie[:at] + character + cookie[at + 1 :]
        assert COOKIE.fullmatch(changed)
        if changed == cookie:
            assert company.finds(changed)
        else:
            company.refuses(changed, "unknown")

    is_another()


def test_a_session_expires_at_its_very_instant_however_much_it_is_used(company: Company):
    opened = company.signs_in(company.hires("ada"))
    for minutes in range(0, 12 * 60, 30):
        company.finds(opened.cookie, now=NOW + minutes * MINUTE)
    company.finds(opened.cookie, now=NOW + LIFETIME - MICROSECOND)
    company.refuses(opened.cookie, "expired", now=NOW + LIFETIME)


def test_a_session_that_rests_too_long_is_over(company: Company):
    opened = company.signs_in(company.hires("ada"))
    company.finds(opened.cookie, now=NOW + IDLE - MICROSECOND)
    company.finds(opened.cookie, now=NOW + 2 * IDLE - 2 * MICROSECOND)
    company.refuses(opened.cookie, "expired", now=NOW + 3 * IDLE - 2 * MICROSECOND)


def test_use_is_noted_at_most_once_a_minute(company: Company):
    opened = company.signs_in(company.hires("ada"))
    for seconds, noted in ((59, 0), (60, 60), (119, 60), (120, 120)):
        company.finds(opened.cookie, now=NOW + timedelta(seconds=seconds))
        assert company.row(opened.id).last_used_at == NOW + timedelta(seconds=noted)


def test_a_session_under_the_key_before_is_found_and_not_once_that_is_gone(company: Company):
    old, both = Seal(["o" * 32]), Seal(["n" * 32, "o" * 32])
    opened = company.signs_in(company.hires("ada"), seal=old)
    assert company.finds(opened.cookie, seal=both).session_id == opened.id
    company.refuses(opened.cookie, "unknown")


def test_who_is_not_active_cannot_sign_in(company: Company):
    ada = company.hires("ada")
    company.sets_active(ada, active=False)
    with pytest.raises(Conflict, match=ada):
        company.signs_in(ada)
    with pytest.raises(NotFound):
        company.signs_in(new_id(NOW))


@on_sqlite
def test_nobody_signs_in_to_another_tenant(company: Company):
    ada = company.hires("ada")
    other = add_tenant(company.database, "Okonkwo Textiles")
    elsewhere = Company(company.database, other, add_connection(company.database, other))
    with pytest.raises(NotFound):
        elsewhere.signs_in(ada)


def test_an_ended_session_is_refused_and_its_end_told_once(company: Company):
    ada = company.hires("ada")
    opened, kept = company.signs_in(ada), company.signs_in(ada)
    for later, was_open in ((1, True), (2, False)):
        with company.database.write(company.tenant_id) as session:
            ended = end_session(
                session, opened.id, because="signed out", cause=CAUSE, now=NOW + later * MINUTE
            )
            assert ended is was_open
    company.refuses(opened.cookie, "ended")
    company.finds(kept.cookie)
    row = company.row(opened.id)
    assert (row.ended_at, row.ended_because, row.id_token) == (NOW + MINUTE, "signed out", None)
    with company.database.read(company.tenant_id) as session:
        told = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == opened.id)).all()
        assert sorted(each.action for each in told) == ["access:session:end", "access:session:open"]
        [end] = [each for each in told if each.id == row.ended_by]
        assert end.details == {"person": ada, "because": "signed out"}


@on_sqlite
def test_a_session_is_ended_in_its_own_tenant_alone(company: Company):
    opened = company.signs_in(company.hires("ada"))
    other = add_tenant(company.database, "Okonkwo Textiles")
    with company.database.write(other) as session, pytest.raises(NotFound):
        end_session(session, opened.id, because="signed out", cause=CAUSE, now=NOW)
    company.finds(opened.cookie)


def test_all_sessions_of_some_people_end_and_nobody_elses(company: Company):
    ada, grace, alan = (company.hires(name) for name in ("ada", "grace", "alan"))
    theirs = [company.signs_in(person) for person in (ada, ada, grace)]
    other = company.signs_in(alan)
    with company.database.write(company.tenant_id) as session:
        number = end_sessions_of_people(session, [ada, grace], because="asked", cause=CAUSE, now=NOW)
    assert number == 3
    for each in theirs:
        company.refuses(each.cookie, "ended")
    company.finds(other.cookie)


@pytest.mark.parametrize(
    ("subject", "sid", "ended"),
    [("00u1", None, {0, 1}), (None, "s1", {0, 2}), ("00u1", "s1", {0}), ("00u9", None, set())],
)
def test_a_provider_ends_what_it_names(
    company: Company, subject: str | None, sid: str | None, ended: set[int]
):
    ada, grace = company.hires("ada"), company.hires("grace")
    opened = [
        company.signs_in(ada, subject="00u1", sid="s1"),
        company.signs_in(ada, subject="00u1", sid="s2"),
        company.signs_in(grace, subject="00u2", sid="s1"),
    ]
    with company.database.write(company.tenant_id) as session:
        number = end_sessions_of_provider(
            session,
            company.connection_id,
            issuer=ISSUER,
            subject=subject,
            sid=sid,
            because="the provider said so",
            cause=CAUSE,
            now=NOW,
        )
    assert number == len(ended)
    for position, each in enumerate(opened):
        if position in ended:
            company.refuses(each.cookie, "ended")
        else:
            company.finds(each.cookie)


@on_sqlite
def test_a_provider_ends_no_session_of_another_issuer_or_connection_and_never_everybodys(company: Company):
    opened = company.signs_in(company.hires("ada"), sid="s1")
    elsewhere = add_connection(company.database, company.tenant_id, "Entra")
    named = {"subject": "00u1", "sid": "s1", "because": "x", "cause": CAUSE, "now": NOW}
    with company.database.write(company.tenant_id) as session:
        assert end_sessions_of_provider(session, elsewhere, issuer=ISSUER, **named) == 0
        other = "https://evil.example"
        assert end_sessions_of_provider(session, company.connection_id, issuer=other, **named) == 0
        with pytest.raises(InvalidValue):
            end_sessions_of_provider(
                session, company.connection_id, issuer=ISSUER, because="x", cause=CAUSE, now=NOW
            )
    company.finds(opened.cookie)


def test_the_session_not_used_for_longest_makes_room(company: Company):
    ada = company.hires("ada")
    first, second = company.signs_in(ada, most=2), company.signs_in(ada, most=2)
    company.finds(first.cookie, now=NOW + 2 * MINUTE)
    third = company.signs_in(ada, most=2, now=NOW + 3 * MINUTE)
    company.finds(first.cookie, now=NOW + 3 * MINUTE)
    company.refuses(second.cookie, "ended", now=NOW + 3 * MINUTE)
    company.finds(third.cookie, now=NOW + 3 * MINUTE)
    assert company.row(second.id).ended_because == "replaced"


def test_a_persons_sessions_are_listed_newest_first(company: Company):
    ada, grace = company.hires("ada"), company.hires("grace")
    opened = [company.signs_in(ada, now=NOW + minutes * MINUTE).id for minutes in (0, 2, 1)]
    company.signs_in(grace)
    with company.database.read(company.tenant_id) as session:
        assert [row.id for row in sessions_of(session, ada)] == [opened[1], opened[2], opened[0]]
        with pytest.raises(NotFound):
            sessions_of(session, new_id(NOW))


def test_a_providers_tokens_are_kept_until_the_session_ends(company: Company):
    opened = company.signs_in(company.hires("ada"))
    with company.database.write(company.tenant_id) as session:
        assert provider_tokens(session, opened.id, seal=SEAL).id_token == "id token of 00u1"
        end_session(session, opened.id, because="signed out", cause=CAUSE, now=NOW)
    with company.database.read(company.tenant_id) as session:
        kept = provider_tokens(session, opened.id, seal=SEAL)
        assert (kept.id_token, kept.refresh_token) == (None, None)
        with pytest.raises(NotFound):
            provider_tokens(session, new_id(NOW), seal=SEAL)
