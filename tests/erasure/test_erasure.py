"""Erasure of people: nothing of them is left anywhere, and everything still adds up."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import inspect, update

from bridge.database.rows import Row
from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.directory.tables import Group, Person, PersonVersion
from bridge.errors import Conflict, NotFound
from bridge.journal.seal import seal as seal_journal
from bridge.journal.verify import verify
from bridge.provisioning.erase_people import ask_erasure, erase_due
from bridge.provisioning.request_log import Answered, FailedOperation, RequestLog
from bridge.provisioning.tables import Erasure, RequestRecord
from bridge.seats.seat_limits import LimitBounds, WantedLimit, set_limit
from bridge.signin.forget import forget_identities
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Tenant
from tests.storms.mill import FOUNDED, MARA, USER, Mill, at

SEAL = Seal(["k" * 32])
EARLY, LATER = at("02-20 00:00"), at("06-01 00:00")
#: What tells of Ada: nothing of it may be left, in any spelling.
ADA = (
    "ada@mill.example",
    "hr-ada",
    "ada of the mill",
    "ada.private@home.example",
    "+49 30 1234",
    "Ädå Byron",
)


@pytest.fixture
def mill(database):
    """Ada was here in January, and is deleted; Bea stays; January and February are billed."""
    mill = Mill(database)
    mill.hires("ada", "bea")
    resource = {
        "schemas": [USER], "userName": "ada@mill.example", "externalId": "hr-ada", "active": True,
        "displayName": "ada of the mill", "name": {"formatted": "Ädå Byron", "givenName": "Ädå"},
        "emails": [{"value": "ada.private@home.example", "type": "home"}],
        "phoneNumbers": [{"value": "+49 30 1234", "type": "work"}],
    }  # fmt: skip
    operations = [{"op": "replace", "value": {**resource, "schemas": None}}]
    operations[0]["value"].pop("schemas")
    from bridge.provisioning.patch_person import patch_person  # noqa: PLC0415 (only here)
    from tests.storms.mill import PATCH  # noqa: PLC0415 (only here)

    body = {"schemas": [PATCH], "Operations": operations}
    mill.say(patch_person, mill.ids["ada"], body, if_match=None, when=at("01-05 00:00"))
    mill.log = [
        logged(mill, "own", body, subject_id=mill.ids["ada"]),
        logged(
            mill, "refused", {"userName": "ADA@mill.example"}, status=409, reason="ada@mill.example is taken"
        ),
        logged(mill, "escaped", {"Operations": [{"value": "Ädå Byron"}]}),
        logged(
            mill, "asked", {}, target="/scim/v2/Users?filter=emails.value+eq+%22ada.private%40home.example%22"
        ),
        logged(mill, "bulk", {}, failures=(FailedOperation(0, "POST", 409, "'hr-ada' is taken"),)),
        logged(mill, "no json", None, raw=b'{"userName": "ada@mill.example"'),
        logged(mill, "other", {"userName": "bea@mill.example"}, subject_id=mill.ids["bea"]),
    ]
    log = RequestLog(mill.database, SEAL, most_rows=100, wait_milliseconds=1)
    for answered in mill.log:
        log.add(answered)
    log.close()
    mill.works(at("01-06 00:00"))
    mill.deletes("ada", when=at("01-20 00:00"))
    mill.works(at("01-21 00:00"))
    mill.invoices = [mill.closes(at("02-01 00:00")), mill.closes(at("03-01 00:00"))]
    return mill


def logged(mill, id_, body, *, raw=None, target="/scim/v2/Users", status=200, reason=None, subject_id=None,
           failures=()):  # fmt: skip
    return Answered(
        id=id_, at=at("01-05 00:00"), tenant_id=mill.tenant_id, connection_id=mill.connection_id,
        credential_id="", method="POST", route="/scim/v2/Users", target=target,
        body=orjson.dumps(body).replace("Ä".encode(), rb"\u00c4") if raw is None else raw,
        status=status, reason=reason, tolerances=(), subject_id=subject_id, duration_microseconds=1,
        failures=failures,
    )  # fmt: skip


def settle(mill, until):
    with mill.database.write(mill.tenant_id) as session:
        session.execute(update(Tenant).values(settled_until=until))


def ask(mill, name, when=LATER):
    with mill.database.write(mill.tenant_id) as session:
        return ask_erasure(session, mill.ids[name], cause=MARA, now=when)


def erase(mill, when=LATER):
    return erase_due(mill.database, mill.tenant_id, seal=SEAL, forget=forget_identities, now=when)


def everything(mill):
    """Every value of every table of the tenant, sealed ones opened, as one text."""
    found = []
    with mill.database.write(mill.tenant_id) as session:
        connection = session.connection()
        for name in inspect(connection).get_table_names():
            table = Row.metadata.tables.get(name)
            if table is None or "tenant_id" not in table.c:
                continue
            rows = connection.execute(table.select().where(table.c.tenant_id == mill.tenant_id))
            found += [f"{name}: {value}" for row in rows for value in row]
    for row in mill.rows(RequestRecord):
        found.append(str(orjson.loads(SEAL.open(row.sealed))))
    return (
        "\n".join(found).casefold().encode().decode("unicode_escape", errors="ignore")
        + "\n".join(found).casefold()
    )


def told(mill):
    left = everything(mill)
    return [value for value in ADA if value.casefold() in left]


def test_nothing_of_an_erased_person_is_left_and_everything_still_adds_up(mill):
    assert sorted(told(mill)) == sorted(ADA)
    bills = [mill.bill(invoice) for invoice in mill.invoices]
    seats = mill.paid_seats()
    while seal_journal(mill.database, mill.tenant_id):
        pass
    settle(mill, at("02-01 00:00"))
    ask(mill, "ada")
    assert erase(mill) == 1
    assert told(mill) == []
    assert "bea@mill.example" in everything(mill)
    assert [mill.bill(invoice) for invoice in mill.invoices] == bills
    assert mill.paid_seats() == seats
    mill.works(LATER)
    assert mill.paid_seats() == seats
    assert mill.findings(LATER) == ()
    while seal_journal(mill.database, mill.tenant_id):
        pass
    assert verify(mill.database, mill.tenant_id).first_broken_position is None
    [erasure] = mill.rows(Erasure)
    assert erasure.erased_at == LATER


def test_facts_keep_their_instants_and_the_log_its_rows(mill):
    settle(mill, at("02-01 00:00"))
    before = [(row.start, row.end, row.active) for row in versions(mill, "ada")]
    ask(mill, "ada")
    erase(mill)
    assert [(row.start, row.end, row.active) for row in versions(mill, "ada")] == before
    assert {str(row.resource) for row in versions(mill, "ada")} == {"{}"}
    assert len(mill.rows(RequestRecord)) == len(mill.log)
    kept = {row.id: row.status for row in mill.rows(RequestRecord)}
    assert kept["refused"] == 409


def versions(mill, name):
    return [row for row in mill.rows(PersonVersion, PersonVersion.start) if row.person_id == mill.ids[name]]


def test_before_everything_is_settled_it_is_noted_and_done_later(mill):
    assert ask(mill, "ada", EARLY).settled_until == at("01-01 00:00")
    assert erase(mill, EARLY) == 0
    settle(mill, at("01-15 00:00"))
    assert erase(mill, EARLY) == 0
    assert sorted(told(mill)) == sorted(ADA)
    settle(mill, at("02-01 00:00"))
    assert erase(mill, LATER) == 1
    assert told(mill) == []
    assert erase(mill, LATER) == 0


def test_who_is_active_is_not_erased_and_who_is_unknown_is_not_found(mill):
    with pytest.raises(Conflict, match="active"):
        ask(mill, "bea")
    with pytest.raises(NotFound):
        ask(Mill(mill.database), "staff")
    other = Mill(mill.database)
    other.ids["ada"] = mill.ids["ada"]
    with pytest.raises(NotFound):
        ask(other, "ada")


def test_asking_twice_is_asking_once(mill):
    first = ask(mill, "ada", EARLY)
    assert ask(mill, "ada", LATER) == first
    assert len(mill.rows(Erasure)) == 1


def test_who_is_inactive_becomes_a_tombstone_in_no_group(mill):
    mill.fires("bea", when=at("03-05 00:00"))
    mill.works(at("03-06 00:00"))
    settle(mill, at("04-01 00:00"))
    ask(mill, "bea")
    assert erase(mill) == 1
    bea = next(row for row in mill.rows(Person) if row.id == mill.ids["bea"])
    assert (bea.user_name, bea.resource, bea.deleted_at is not None) == ("", {}, True)
    assert "bea@mill.example" not in everything(mill)
    mill.works(LATER + timedelta(hours=1))
    assert mill.findings(LATER + timedelta(hours=1)) == ()


def test_who_has_come_back_is_not_erased_and_keeps_their_seat_s_history(mill):
    ask(mill, "ada", EARLY)
    mill.hires("ada", when=at("03-10 00:00"))
    settle(mill, at("03-01 00:00"))
    assert erase(mill) == 0
    assert mill.rows(Erasure) == []
    assert "ada@mill.example" in everything(mill)


def test_a_returner_after_the_erasure_is_the_same_to_billing(mill):
    settle(mill, at("02-01 00:00"))
    before = mill.ids["ada"]
    ask(mill, "ada")
    erase(mill)
    mill.hires("ada", when=LATER + timedelta(days=1))
    assert mill.ids["ada"] == before
    mill.works(LATER + timedelta(days=2))
    assert mill.held()["ada"] == "standard"


def test_a_held_seat_waits_for_its_storm(database):
    mill = Mill(database, people=0, percent=0)
    mill.hires("ada")
    mill.works(at("01-02 00:00"))
    mill.deletes("ada", when=at("01-20 00:00"))
    mill.works(at("01-21 00:00"))
    settle(mill, at("02-01 00:00"))
    ask(mill, "ada")
    assert erase(mill) == 0
    settle(mill, None)
    mill.decides("confirm", when=at("02-02 00:00"))
    settle(mill, at("02-01 00:00"))
    assert erase(mill) == 1


def test_what_a_deleted_group_was_goes_once_it_is_settled(mill):
    for number, name in enumerate(("early", "late")):
        mill.group(name, externalId=f"ext-{name}")
        mill.drops(name, when=at(f"0{number + 1}-15 00:00"))
    assert {"ext-early", "ext-late"} <= kept_of_groups(mill)
    erase(mill)
    assert {"ext-early", "ext-late"} <= kept_of_groups(mill)
    settle(mill, at("02-01 00:00"))
    erase(mill)
    erase(mill)
    assert kept_of_groups(mill) == {"staff", "leads", "late", "ext-late"}


def kept_of_groups(mill):
    """The names and external ids in the rows of groups, wherever in them."""
    return {
        value
        for row in mill.rows(Group)
        for value in (row.display_name, row.display_name_key, row.external_id, *row.resource.values(),
                      *row.folded.values())
        if isinstance(value, str) and value
    }  # fmt: skip


def test_what_a_deleted_group_was_waits_for_its_storm(database):
    mill = Mill(database)
    mill.hires("ada", "bea")
    mill.works(at("01-02 00:00"))
    mill.drops("staff", when=at("01-20 00:00"))
    mill.works(at("01-21 00:00"))
    settle(mill, at("02-01 00:00"))
    erase(mill)
    assert "staff" in kept_of_groups(mill)
    mill.decides("undo", when=at("02-02 00:00"))
    assert set(mill.held().values()) == {"standard"}
    mill.drops("staff", when=at("02-03 00:00"))
    mill.works(at("02-04 00:00"))
    mill.decides("confirm", when=at("02-05 00:00"))
    settle(mill, at("03-01 00:00"))
    erase(mill)
    assert kept_of_groups(mill) == {"leads"}


def test_who_is_joined_with_others_is_separated_first(mill):
    mill.hires("cleo", "dora", when=at("03-05 00:00"))
    with mill.database.write(mill.tenant_id) as session:
        wanted = [Wanted(mill.ids["cleo"], mill.ids["dora"], "")]
        join_accounts(session, wanted, reason="one human", most=5, cause=MARA, now=at("03-06 00:00"))
    mill.fires("cleo", when=at("03-07 00:00"))
    with pytest.raises(Conflict, match="joined"):
        ask(mill, "cleo")


def test_who_waited_behind_an_erased_person_keeps_the_seat_that_became_free(database):
    mill = Mill(database)
    limit(mill, "standard", 1, when=FOUNDED)
    mill.hires("ada", "bea", "cleo")
    mill.works(at("01-02 00:00"))
    mill.deletes("ada", when=at("01-20 00:00"))
    mill.deletes("cleo", when=at("01-21 00:00"))
    mill.works(at("01-22 00:00"))
    before = mill.paid_seats()
    settle(mill, at("02-01 00:00"))
    ask(mill, "ada")
    ask(mill, "cleo")  # who never had a seat
    assert erase(mill) == 2
    limit(mill, "standard", 2, when=at("02-02 00:00"))
    mill.works(at("02-03 00:00"))
    assert mill.paid_seats() == before
    assert before["bea"] == [(at("01-20 00:00"), None, ("standard", "Loom", None))]
    assert mill.findings(at("02-03 00:00")) == ()


def limit(mill, plan, seats, *, when):
    with mill.database.write(mill.tenant_id) as session:
        set_limit(
            session, WantedLimit(plan=plan, seats=seats), known_plans={plan}, bounds=LimitBounds(),
            cause=MARA, now=when,
        )  # fmt: skip
