"""The provisioning log: written behind the answer, read by those who may."""

import time
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.errors import NotFound
from bridge.provisioning.forget_requests import forget_requests
from bridge.provisioning.read_requests import RequestFilter, request_asked, requests
from bridge.provisioning.request_log import BATCH, LOST, Answered, RequestLog, without_passwords
from bridge.provisioning.tables import Refusal
from bridge.tenants.secrets import Seal
from tests.database.opened import NOW, add_tenant

SEAL = Seal(["k" * 32])


def answered(tenant_id: str | None, number: int = 0, **changes: object) -> Answered:
    at = NOW + timedelta(seconds=number)
    content = {
        "id": new_id(at), "at": at, "tenant_id": tenant_id, "connection_id": "c", "credential_id": "k",
        "method": "POST", "route": "/scim/v2/Users", "target": "/scim/v2/Users?x=1", "body": b'{"a": 1}',
        "status": 201, "reason": None, "tolerances": ("boolean_as_text",), "subject_id": "p",
        "duration_microseconds": 1500, **changes,
    }  # fmt: skip
    return Answered(**content)  # type: ignore[arg-type] (the keys are those of the class)


def log_of(database: Database, most_rows: int = 100_000) -> RequestLog:
    return RequestLog(database, SEAL, most_rows=most_rows, wait_milliseconds=20)


def test_what_was_answered_is_written_when_the_log_is_closed(database: Database, tenant_id: str):
    log = log_of(database)
    for number in range(BATCH + 1):
        log.add(answered(tenant_id, number))
    log.add(answered(None, reason="unknown token", status=401))
    log.close()
    with database.read(tenant_id) as session:
        rows = requests(session, RequestFilter(), before=None, limit=BATCH + 2)
        newest, asked = request_asked(session, rows[0].id, seal=SEAL)
    assert len(rows) == BATCH + 1
    assert newest.at == NOW + timedelta(seconds=BATCH)
    assert (newest.tolerances, newest.duration_microseconds) == (["boolean_as_text"], 1500)
    assert (asked.target, asked.body) == ("/scim/v2/Users?x=1", '{"a": 1}')
    with database.unscoped_read() as session:
        refusal = session.scalars(select(Refusal)).one()
    assert (refusal.reason, refusal.status) == ("unknown token", 401)


def test_the_log_writes_by_itself_after_a_moment(database: Database, tenant_id: str):
    log = log_of(database)
    log.add(answered(tenant_id))
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with database.read(tenant_id) as session:
            if requests(session, RequestFilter(), before=None, limit=1):
                break
        time.sleep(0.02)
    else:
        pytest.fail("nothing was written")
    log.close()
    assert log._thread is not None
    assert not log._thread.is_alive()


def test_a_full_queue_is_counted_and_nobody_waits(database: Database, tenant_id: str):
    log = RequestLog(database, SEAL, most_rows=2, wait_milliseconds=60_000)
    lost = LOST._value.get()
    for number in range(5):
        log.add(answered(tenant_id, number))
    assert LOST._value.get() - lost == 3
    log.flush()
    with database.read(tenant_id) as session:
        assert len(requests(session, RequestFilter(), before=None, limit=10)) == 2
    log._closed.set()


@pytest.mark.parametrize("target", ["/scim/v2/Users/\ud800", "/scim/v2/Users"])
def test_what_nothing_can_hold_is_counted_and_the_writing_thread_goes_on(
    database: Database, tenant_id: str, target: str
):
    lost = LOST._value.get()
    log = log_of(database)
    log.add(answered(tenant_id, target=target, subject_id="\ud800"))
    log.flush()
    assert LOST._value.get() - lost == 1
    log.add(answered(tenant_id, 1))
    log.close()
    with database.read(tenant_id) as session:
        assert len(requests(session, RequestFilter(), before=None, limit=10)) == 1


def test_a_batch_that_cannot_be_written_is_counted_and_the_next_one_is_written(
    database: Database, tenant_id: str
):
    lost = LOST._value.get()
    log = log_of(database)
    twice = answered(tenant_id)
    log.add(twice)
    log.add(twice)
    log.flush()
    assert LOST._value.get() - lost == 2
    log.add(answered(tenant_id, 1))
    log.close()
    with database.read(tenant_id) as session:
        assert len(requests(session, RequestFilter(), before=None, limit=10)) == 1


def test_requests_are_found_by_what_is_known_of_them(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    log = log_of(database)
    log.add(answered(tenant_id, 0))
    log.add(answered(tenant_id, 1, status=404, method="GET", route="/scim/v2/Groups", subject_id=None))
    log.add(answered(tenant_id, 2, status=400, connection_id="d"))
    log.add(answered(other, 3))
    log.close()

    def statuses(wanted: RequestFilter) -> list[int]:
        with database.read(tenant_id) as session:
            return [row.status for row in requests(session, wanted, before=None, limit=10)]

    assert statuses(RequestFilter()) == [400, 404, 201]
    assert statuses(RequestFilter(failed=True)) == [400, 404]
    assert statuses(RequestFilter(failed=False)) == [201]
    assert statuses(RequestFilter(status=404, method="GET")) == [404]
    assert statuses(RequestFilter(route="/scim/v2/Groups")) == [404]
    assert statuses(RequestFilter(connection_id="d")) == [400]
    assert statuses(RequestFilter(subject_id="p", failed=True)) == [400]
    with database.read(tenant_id) as session:
        first = requests(session, RequestFilter(), before=None, limit=1)[0]
        rest = requests(session, RequestFilter(), before=(first.at, first.id), limit=10)
    assert [row.status for row in rest] == [404, 201]
    with database.read(other) as session, pytest.raises(NotFound):
        request_asked(session, first.id, seal=SEAL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["password", "Password", "urn:x:User:password", "userPassword"]))
def test_no_password_is_kept_wherever_it_stands(value: object, name: str):
    secret = "s3cret-of-ada"
    body = orjson.dumps({"list": [value, {name: secret, "kept": 1}]})
    kept = without_passwords(body)
    assert secret.encode() not in kept
    assert orjson.loads(kept)["list"][1] == {name: None, "kept": 1}


@pytest.mark.parametrize("key", ["path", "Path"])
def test_a_patch_of_the_password_keeps_no_value(key: str):
    body = orjson.dumps({"Operations": [{"op": "replace", key: "password", "value": "s3cret"}]})
    assert b"s3cret" not in without_passwords(body)


def test_what_is_no_json_is_kept_unless_it_speaks_of_a_password():
    assert without_passwords(b"{half") == b"{half"
    assert without_passwords(b"\xff\xfe") == "\ufffd\ufffd".encode()
    assert without_passwords(b'{"PassWord": "s3cret"') == b""


def test_requests_older_than_the_retention_are_forgotten_each_night(database: Database, tenant_id: str):
    log = log_of(database)
    for number in (0, 86_400 * 2):
        log.add(answered(tenant_id, number))
        log.add(answered(None, number, status=401))
    log.close()
    assert forget_requests(database, tenant_id, days=1, now=NOW + timedelta(days=2, hours=1)) == 2
    with database.read(tenant_id) as session:
        (kept,) = requests(session, RequestFilter(), before=None, limit=10)
    assert kept.at == NOW + timedelta(days=2)
