"""Security event tokens: what they change, and which of them are refused."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bridge.errors import InvalidValue
from bridge.signin.events.security_events import CAEP, EFFECTS, RISC, SSF, read_security_event
from bridge.signin.events.subjects import EventSubject, read_subject
from bridge.signin.events.tables import ReceivedEvent
from bridge.signin.oidc_settings import OidcTerms, set_oidc
from bridge.signin.tables import Identity
from tests.api.customers import CAUSE, Running
from tests.events.firm import Firm
from tests.events.signals import DISABLED, ENABLED, PURGED, REVOKED, Signals, shared_address
from tests.events.test_applying import minute
from tests.signin.signing import joined, rsa, signed, symmetric


def test_a_disabled_account_is_inactive_until_it_is_enabled(signals: Signals):
    signals.tell(signals.event(DISABLED, "ada", minute(1)), at=minute(2))
    assert signals.firm.active() == {"ada": False, "bob": True}
    signals.tell(signals.event(ENABLED, "ada", minute(3)), at=minute(4))
    assert signals.firm.active() == {"ada": True, "bob": True}
    signals.tell(signals.event(PURGED, "bob", minute(5)), at=minute(6))
    assert signals.firm.active() == {"ada": True, "bob": False}


def test_an_older_event_and_a_repeated_token_change_nothing(signals: Signals):
    disabled = signals.event(DISABLED, "ada", minute(5))
    signals.tell(disabled, at=minute(6))
    signals.tell(signals.event(ENABLED, "ada", minute(4)), at=minute(7))
    assert signals.firm.active()["ada"] is False
    signals.tell(signals.event(ENABLED, "ada", minute(8)), at=minute(9))
    signals.tell(disabled, at=minute(10))
    assert signals.firm.active()["ada"] is True


def test_another_event_under_a_used_id_is_refused(signals: Signals):
    first = signals.event(DISABLED, "ada", minute(1))
    signals.tell(first, at=minute(2))
    answer = signals.send(signals.event(DISABLED, "bob", minute(3), jti=first["jti"]), at=minute(4))
    assert (answer.status_code, answer.json["err"]) == (400, "invalid_request")
    signals.firm.apply(at=minute(5))
    assert signals.firm.active() == {"ada": False, "bob": True}


@pytest.mark.parametrize("type_", [REVOKED, f"{RISC}sessions-revoked", f"{CAEP}credential-change"])
def test_a_revoked_session_ends_those_that_were_open_then(signals: Signals, type_: str):
    signals.firm.sign_in("ada", at=minute(1))
    later, other = signals.firm.sign_in("ada", at=minute(3)), signals.firm.sign_in("bob", at=minute(1))
    signals.tell(signals.event(type_, "ada", minute(2)), at=minute(4))
    assert signals.firm.open_sessions() == {later, other}


def session_subject(signals: Signals, sid: str, name: str | None) -> dict:
    """As CAEP 1.0 section 3.1 names a session: by itself, or beside whose it is."""
    named = {"format": "opaque", "id": sid}
    user = {"format": "iss_sub", "iss": signals.issuer, "sub": f"ext-{name}"}
    return named if name is None else {"format": "complex", "session": named, "user": user}


@pytest.mark.parametrize("name", [None, "ada"])
def test_the_end_of_one_session_leaves_the_persons_others(signals: Signals, name: str | None):
    signals.firm.sign_in("ada", at=minute(1), sid="S|1.16", issuer=signals.issuer)
    second = signals.firm.sign_in("ada", at=minute(1), sid="S|2.16", issuer=signals.issuer)
    told = signals.event(REVOKED, "ada", minute(2), sub_id=session_subject(signals, "S|1.16", name))
    signals.tell(told, at=minute(3))
    assert signals.firm.open_sessions() == {second}
    signals.tell(signals.event(REVOKED, "ada", minute(2), sub_id=told["sub_id"]), at=minute(4))
    assert signals.firm.open_sessions() == {second}
    refs = signals.firm.read(select(ReceivedEvent.session_ref, ReceivedEvent.subject))
    assert set(map(tuple, refs)) == {(None, None)}
    only = {"format": "complex", "session": {"format": "opaque", "id": "S|2.16"}}
    signals.tell(signals.event(REVOKED, "ada", minute(5), sub_id=only), at=minute(6))
    assert signals.firm.open_sessions() == set()


def test_two_ends_of_two_sessions_at_once_end_both(signals: Signals):
    for sid in ("a", "b"):
        signals.firm.sign_in("ada", at=minute(1), sid=sid, issuer=signals.issuer)
    for sid in ("a", "b"):
        told = signals.event(REVOKED, "ada", minute(2), sub_id=session_subject(signals, sid, "ada"))
        assert signals.send(told, at=minute(3)).status_code == 202
    signals.firm.apply(at=minute(4))
    assert signals.firm.open_sessions() == set()
    assert set(signals.firm.outcomes().values()) == {"applied"}


def test_a_session_whose_name_the_provider_never_told_may_be_the_one_that_ends(signals: Signals):
    signals.firm.sign_in("ada", at=minute(1))
    other = signals.firm.sign_in("bob", at=minute(1))
    told = signals.event(REVOKED, "ada", minute(2), sub_id=session_subject(signals, "s", "ada"))
    signals.tell(told, at=minute(3))
    assert signals.firm.open_sessions() == {other}


@pytest.mark.parametrize("issuer", ["https://other.example", None])
def test_a_session_that_is_not_the_providers_or_of_two_people_names_nobody(
    signals: Signals, issuer: str | None
):
    for name in ("ada", "bob")[: 1 if issuer else 2]:
        signals.firm.sign_in(name, at=minute(1), sid="s", issuer=issuer or signals.issuer)
    opened = signals.firm.open_sessions()
    subject = {"format": "complex", "session": {"format": "opaque", "id": "s"}}
    signals.tell(signals.event(REVOKED, "ada", minute(2), sub_id=subject), at=minute(3))
    assert signals.firm.open_sessions() == opened
    assert set(signals.firm.outcomes().values()) == {"unknown_person"}


def test_a_provider_that_counts_seconds_is_believed_for_all_that_was_before_in_that_second(signals: Signals):
    """Else whoever was made, or signed in, in the second of the event would stay."""
    second, within = minute(2), minute(2) + timedelta(milliseconds=300)
    signals.firm.sign_in("ada", at=within)
    signals.firm.set_active("bob", active=False, at=minute(1))
    signals.firm.set_active("bob", active=True, at=within)
    arrival = minute(2) + timedelta(milliseconds=600)
    disabled = signals.event(DISABLED, "bob", second)
    signals.tell(signals.event(REVOKED, "ada", second), at=arrival)
    signals.tell(disabled, at=arrival)
    assert (signals.firm.open_sessions(), signals.firm.active()["bob"]) == (set(), False)
    signals.firm.set_active("bob", active=True, at=arrival + timedelta(milliseconds=100))
    signals.tell(disabled, at=minute(3))
    assert signals.firm.active()["bob"] is True


def test_what_is_said_after_an_event_has_come_is_later_though_in_the_same_second(signals: Signals):
    signals.firm.set_active("bob", active=False, at=minute(1))
    arrival = minute(2) + timedelta(milliseconds=300)
    assert signals.send(signals.event(DISABLED, "bob", minute(2)), at=arrival).status_code == 202
    signals.firm.set_active("bob", active=True, at=arrival + timedelta(milliseconds=100))
    signals.firm.apply(at=minute(3))
    assert signals.firm.active()["bob"] is True


def test_a_persons_id_here_names_them_as_the_provider_was_told_it(signals: Signals):
    subject = {"format": "iss_sub", "iss": signals.issuer, "sub": signals.firm.people["ada"]}
    signals.tell(signals.event(DISABLED, "ada", minute(1), sub_id=subject), at=minute(2))
    assert signals.firm.active() == {"ada": False, "bob": True}


def test_the_clients_id_is_a_name_of_ours_as_well(signals: Signals):
    told = signals.event(DISABLED, "ada", minute(1), aud=["client-1", "https://other.example"])
    signals.tell(told, at=minute(2))
    assert signals.firm.active() == {"ada": False, "bob": True}


def test_a_changed_identifier_may_be_a_telephone_number(signals: Signals):
    """RISC 1.0 section 2.5 has it of an e-mail address or of a telephone number."""
    subject = {"format": "phone_number", "phone_number": "+12065550100"}
    told = {f"{RISC}identifier-changed": {"new-value": "+12065550101"}}
    signals.tell(signals.event(REVOKED, "ada", minute(2), events=told, sub_id=subject), at=minute(3))
    assert set(signals.firm.outcomes().values()) == {"ignored"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/secevent+jwt", 202), ("Application/SecEvent+JWT; charset=utf-8", 202), (None, 202),
        ("application/json", 400), ("application/jwt", 400), ("application/x-www-form-urlencoded", 400),
    ],
)  # fmt: skip
def test_a_token_is_sent_as_what_it_is(signals: Signals, content_type: str | None, status: int):
    token = signed(signals.event(DISABLED, "ada", minute(1)), typ="secevent+jwt")
    answer = signals.push(token, at=minute(2), content_type=content_type)
    assert answer.status_code == status
    assert answer.headers.get("Content-Language") == (None if status == 202 else "en")


def test_who_sends_faster_than_allowed_is_told_when_to_come_back(signals: Signals):
    parts = signals.firm.running.parts
    allowed = parts.settings.hook_requests_burst
    parts.rate_limits.admit(signals.firm.customer.tenant_id, "hook_requests", count=allowed + 200)
    answers = [
        signals.send(signals.event(DISABLED, "ada", minute(1)), at=minute(1)),
        signals.log_out(signals.by_sub("ada"), at=minute(1)),
    ]
    assert [(each.status_code, int(each.headers["Retry-After"]) > 0) for each in answers] == [(429, True)] * 2
    assert signals.firm.outcomes() == {}


def test_one_more_credential_and_changed_claims_end_nothing(signals: Signals):
    opened = signals.firm.sign_in("ada", at=minute(1))
    created = {f"{CAEP}credential-change": {"change_type": "create", "credential_type": "fido2-platform"}}
    for told in (
        created,
        {f"{CAEP}token-claims-change": {"claims": {"role": "x"}}},
        {f"{RISC}identifier-changed": {}},
    ):
        signals.tell(signals.event(REVOKED, "ada", minute(2), events=told), at=minute(3))
    assert signals.firm.open_sessions() == {opened}
    assert set(signals.firm.outcomes().values()) == {"ignored"}


def test_the_verification_of_a_stream_and_unknown_events_are_acknowledged(signals: Signals):
    stream = {"format": "opaque", "id": "stream-1"}
    verification = signals.event(
        "", "ada", minute(1), events={f"{SSF}verification": {"state": "s"}}, sub_id=stream
    )
    signals.tell(verification, at=minute(2))
    signals.tell(signals.event("https://example.com/unheard-of", "ada", minute(1)), at=minute(2))
    assert (signals.firm.active()["ada"], set(signals.firm.outcomes().values())) == (True, {"ignored"})


@pytest.mark.parametrize(
    "subject",
    [
        {"format": "opaque", "id": "ext-ada"},
        {"format": "email", "email": "ADA@lindqvist.example"},
        {"format": "account", "uri": "acct:ada@lindqvist.example"},
        {
            "format": "complex",
            "user": {"format": "opaque", "id": "ext-ada"},
            "tenant": {"format": "opaque", "id": "t"},
        },
    ],
)
def test_a_person_may_be_named_in_several_ways(signals: Signals, subject: dict):
    signals.tell(signals.event(DISABLED, "ada", minute(1), sub_id=subject), at=minute(2))
    assert signals.firm.active() == {"ada": False, "bob": True}
    with signals.firm.running.database.read(signals.firm.customer.tenant_id) as session:
        assert session.scalars(select(Identity)).all() == []


def test_a_linked_identity_is_found_before_an_external_id(signals: Signals):
    row = {
        "tenant_id": signals.firm.customer.tenant_id, "connection_id": signals.firm.connection_id,
        "issuer": signals.issuer, "subject": "ext-ada", "person_id": signals.firm.people["bob"],
        "linked_by": "administrator", "linked_at": minute(0), "cause_id": "cause",
    }  # fmt: skip
    with signals.firm.running.database.write(row["tenant_id"]) as session:
        session.add_rows(Identity, [row])
    signals.tell(signals.event(DISABLED, "ada", minute(1)), at=minute(2))
    assert signals.firm.active() == {"ada": True, "bob": False}


@pytest.mark.parametrize(
    "subject",
    [
        {"format": "iss_sub", "iss": "https://other.example", "sub": "ext-ada"},
        {"format": "opaque", "id": "ext-eve"},
        {"format": "opaque", "id": "ada@lindqvist.example"},
        {"format": "email", "email": "eve@lindqvist.example"},
    ],
)
def test_an_event_about_nobody_known_is_acknowledged_and_changes_nothing(signals: Signals, subject: dict):
    signals.tell(signals.event(DISABLED, "ada", minute(1), sub_id=subject), at=minute(2))
    assert set(signals.firm.active().values()) == {True}
    assert set(signals.firm.outcomes().values()) == {"unknown_person"}


def test_an_address_of_several_people_means_none_of_them(signals: Signals):
    subject = shared_address(signals)
    signals.tell(signals.event(DISABLED, "ada", minute(1), sub_id=subject), at=minute(2))
    assert set(signals.firm.active().values()) == {True}


FAR = minute(100)


@pytest.mark.parametrize(
    ("claims", "header", "err"),
    [
        ({"iss": "https://other.example"}, {}, "invalid_issuer"),
        ({"aud": "https://bridge.example/events/other/set"}, {}, "invalid_audience"),
        ({"aud": None}, {}, "invalid_audience"),
        ({"exp": 4_000_000_000}, {}, "invalid_request"),
        ({"sub": "ext-ada"}, {}, "invalid_request"),
        ({"jti": None}, {}, "invalid_request"),
        ({"jti": ""}, {}, "invalid_request"),
        ({"iat": None}, {}, "invalid_request"),
        ({"iat": 4_000_000_000}, {}, "invalid_request"),
        ({"events": None}, {}, "invalid_request"),
        ({"events": {}}, {}, "invalid_request"),
        ({"events": {DISABLED: {}, ENABLED: {}}}, {}, "invalid_request"),
        ({"events": {DISABLED: None}}, {}, "invalid_request"),
        ({"events": [DISABLED]}, {}, "invalid_request"),
        ({"events": {DISABLED: {"event_timestamp": "today"}}}, {}, "invalid_request"),
        ({"events": {DISABLED: {"event_timestamp": 1e300}}}, {}, "invalid_request"),
        ({"events": {DISABLED: {"event_timestamp": int(FAR.timestamp())}}}, {}, "invalid_request"),
        ({"sub_id": None}, {}, "invalid_request"),
        ({"sub_id": {"format": "complex", "tenant": {"format": "opaque", "id": "t"}}}, {}, "invalid_request"),
        ({"sub_id": {"format": "complex", "session": {"format": "email"}}}, {}, "invalid_request"),
        ({"sub_id": None, "events": {f"{RISC}opt-in": {}}}, {}, "invalid_request"),
        ({"sub_id": {"format": "account", "uri": "mailto:ada@lindqvist.example"}}, {}, "invalid_request"),
        ({"sub_id": {"format": "complex", "user": {"format": "complex"}}}, {}, "invalid_request"),
        ({"sub_id": {"format": "phone_number", "phone_number": "+1"}}, {}, "invalid_request"),
        ({}, {"typ": "JWT"}, "invalid_request"),
        ({}, {"typ": "logout+jwt"}, "invalid_request"),
        ({}, {"typ": None}, "invalid_request"),
        ({}, {"kid": "unknown"}, "invalid_key"),
        ({}, {"kid": None}, "invalid_key"),
        ({}, {"jwk": {"kty": "RSA"}}, "invalid_request"),
        ({}, {"crit": ["exp"]}, "invalid_request"),
        ({}, {"key": rsa("two"), "kid": "one"}, "authentication_failed"),
    ],
)
def test_a_token_that_is_not_as_it_must_be_is_refused(
    signals: Signals, claims: dict, header: dict, err: str, capfd
):
    told = {
        name: value
        for name, value in (signals.event(DISABLED, "ada", minute(1)) | claims).items()
        if value is not None
    }
    answer = signals.send(told, at=minute(2), **header)
    assert (answer.status_code, answer.json["err"], answer.content_type) == (400, err, "application/json")
    assert answer.json["description"]
    signals.firm.apply(at=minute(3))
    assert (set(signals.firm.active().values()), signals.firm.outcomes()) == ({True}, {})
    logged = capfd.readouterr().err
    assert '"event":"signal_refused"' in logged
    assert "ext-ada" not in logged


@pytest.mark.parametrize("kind", ["text", "unsigned", "symmetric", "long", "bytes"])
def test_what_is_no_signed_token_is_refused(signals: Signals, kind: str):
    claims = signals.event(DISABLED, "ada", minute(1))
    token = {
        "text": "nonsense",
        "unsigned": joined({"alg": "none", "typ": "secevent+jwt"}, claims, b"x"),
        "symmetric": symmetric(claims, rsa().as_pem(private=False), "HS256"),
        "long": "a." * 40_000,
        "bytes": "ä.ö.ü",
    }[kind]
    answer = signals.push(token, at=minute(2))
    assert (answer.status_code in (400, 413), signals.firm.outcomes()) == (True, {})


def test_events_are_taken_for_connections_whose_provider_is_known(signals: Signals):
    other = Firm.of(signals.firm.running, "ada")
    token = signed(signals.event(DISABLED, "ada", minute(1)), typ="secevent+jwt")
    for place in (other.connection_id, "nowhere"):
        assert signals.firm.running.client.post(f"/events/{place}/set", data=token).status_code == 404


def test_a_provider_that_cannot_be_reached_is_told_to_come_back(running: Running):
    firm = Firm.of(running, "ada")
    terms = OidcTerms("http://127.0.0.1:9", "client-1", public_client=True, preset="okta")
    with running.database.write(firm.customer.tenant_id) as session:
        set_oidc(
            session,
            firm.connection_id,
            terms,
            seal=running.parts.seal,
            private=True,
            cause=CAUSE,
            now=minute(0),
        )
    gone = Signals(firm, "http://127.0.0.1:9")
    assert gone.send(gone.event(DISABLED, "ada", minute(1)), at=minute(2)).status_code == 503
    assert gone.log_out(gone.by_sub("ada"), at=minute(2)).status_code == 503


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.dictionaries(
    st.sampled_from(["format", "iss", "sub", "id", "email", "uri", "user", "session", "events", "iat"]),
    inner, max_size=4,
), max_leaves=8)  # fmt: skip


@given(st.sampled_from(sorted(EFFECTS)), JSON, JSON, st.integers() | st.floats() | st.none())
def test_whatever_a_token_says_is_read_or_refused(type_: str, content, subject, issued):
    claims = {"jti": "x", "events": {type_: content}, "sub_id": subject, "iat": issued}
    try:
        event = read_security_event(claims)
    except InvalidValue:
        return
    assert event.effect == "note" or event.subject is not None


@given(JSON)
def test_whatever_names_somebody_names_one_or_is_refused(value: object):
    try:
        subject = read_subject(value)
    except InvalidValue:
        return
    assert isinstance(subject, EventSubject)
    assert subject.id is None or subject.email is None
    assert {subject.id, subject.email, subject.session_id} != {None}


def test_times_of_an_event_are_its_own_then_toe_then_that_of_the_token():
    subject = {"format": "opaque", "id": "a"}
    claims = {"jti": "x", "events": {DISABLED: {}}, "sub_id": subject, "iat": 1_000}
    assert read_security_event(claims).at.timestamp() == 1_000
    assert read_security_event(claims | {"toe": 900}).at.timestamp() == 900
    told = {"events": {DISABLED: {"event_timestamp": 800}}}
    assert read_security_event(claims | {"toe": 900} | told).at == datetime.fromtimestamp(
        800, minute(0).tzinfo
    )
