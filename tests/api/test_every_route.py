"""Every route, tried by another tenant and by callers who may not; a route without its row fails."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.database.rows import Row, TenantRow
from bridge.tenants.tables import Credential, DueTenant
from bridge.web.api.document import document
from bridge.web.api.schemas import COMPONENTS
from tests.api.customers import Customer, Running
from tests.api.route_samples import SAMPLES

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)

PUBLIC = {
    "/oauth/token", "/stripe/webhook", "/session/me", "/session/refresh", "/logout",
    "/.well-known/authzen-configuration", "/healthz", "/readyz", "/metrics",
    "/api/v1/openapi.json", "/login/<connection_id>", "/login/<connection_id>/callback",
    "/login/<connection_id>/backchannel-logout",
}  # fmt: skip
Route = tuple[str, str]
#: Senders of events show no credential of ours; tests/events tries them.
GUARDED = {
    route: sample
    for route, sample in SAMPLES.items()
    if route[1] not in PUBLIC and not route[1].startswith("/events/")
}


def credential_for(rule: str, customer: Customer) -> str:
    return customer.token if rule.startswith("/scim/") else customer.key


def ask(running: Running, route: Route, ids: dict[str, str], credential: str | None) -> TestResponse:
    sample = SAMPLES[route]
    return running.ask(route[0], sample.filled(ids), credential, sample.body(ids))


def state(running: Running, customer: Customer) -> dict[str, Any]:
    """Everything the bridge knows of a customer."""
    running.parts.request_log.flush()
    found: dict[str, Any] = {}
    with running.database.read(customer.tenant_id) as session:
        for mapper in Row.registry.mappers:
            table = mapper.local_table
            if issubclass(mapper.class_, TenantRow) or mapper.class_ in (Credential, DueTenant):
                rows = session.execute(select(table).where(table.c.tenant_id == customer.tenant_id))
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


def leaked(answer: TestResponse, customer: Customer, asked: str) -> list[str]:
    """Whatever an answer tells of a customer, but for what the question said itself."""
    text = answer.get_data(as_text=True)
    words = [*customer.ids.values(), customer.tenant_id, customer.name, "lindqvist", "Dispatchers", "39.00"]
    return [word for word in words if word in text and word not in asked]


pytestmark = pytest.mark.usefixtures("lindqvist", "okonkwo")


@on_sqlite
def test_every_route_has_its_row(running: Running):
    routes = {
        (method, rule.rule)
        for rule in running.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if not f"{rule.rule}/".startswith("/admin/")  # pages take a visitor's cookie: see tests/admin
    }
    assert routes - set(SAMPLES) == set()
    assert set(SAMPLES) - routes == set()


def test_every_route_is_described_in_the_openapi_document():
    described = {
        (method.upper(), path.replace("{", "<").replace("}", ">"))
        for path, item in document()["paths"].items()
        for method in item
    }
    assert described == set(SAMPLES)


@on_sqlite
@pytest.mark.parametrize(
    "credential", ["none", "nonsense", "wrong kind", "revoked", "expired", "of another bridge"]
)
def test_who_may_not_ask_is_told_nothing_and_changes_nothing(
    running: Running, lindqvist: Customer, credential: str
):
    before = state(running, lindqvist)
    wrong = {}
    for route, sample in GUARDED.items():
        is_scim = route[1].startswith("/scim/")
        own, other = ("token", lindqvist.key) if is_scim else ("key", lindqvist.token)
        used = {
            "none": None,
            "nonsense": "nonsense",
            "wrong kind": other,
            "revoked": lindqvist.ended[f"revoked {own}"],
            "expired": lindqvist.ended[f"expired {own}"],
            "of another bridge": f"bridge_{'scim' if is_scim else 'api'}_" + "x" * 51,
        }[credential]
        answer = ask(running, route, lindqvist.ids, used)
        told = [
            word
            for word in leaked(answer, lindqvist, f"{sample.filled(lindqvist.ids)}")
            if word
            not in (lindqvist.ids["token"], lindqvist.ids["key"])  # its own holder is told which ended
        ]
        if answer.status_code != 401 or told or "WWW-Authenticate" not in answer.headers:
            wrong[route] = (answer.status_code, told)
    assert wrong == {}
    assert state(running, lindqvist) == before


def test_another_tenant_sees_nothing_and_changes_nothing(
    running: Running, lindqvist: Customer, okonkwo: Customer
):
    before = state(running, lindqvist)
    ids = lindqvist.ids
    wrong = {}
    for route, sample in GUARDED.items():
        answer = ask(running, route, ids, credential_for(route[1], okonkwo))
        told = leaked(answer, lindqvist, f"{sample.filled(ids)} {sample.body(ids)}")
        refused = answer.status_code in ((400, 404) if route[0] in ("POST", "PUT") else (404,))
        failed = answer.status_code >= 500
        if told or failed or (sample.names_things(ids) and not refused):
            wrong[route] = (answer.status_code, told, answer.get_data(as_text=True)[:200])
    assert wrong == {}
    assert state(running, lindqvist) == before


@pytest.mark.parametrize("ident", ["%00", "x%00", "%00x"])
def test_an_id_that_no_database_can_hold_is_found_nowhere(running: Running, lindqvist: Customer, ident: str):
    """PostgreSQL takes no NUL in a text: to look for one failed, and so did keeping the request."""
    wrong = {}
    for route, sample in GUARDED.items():
        path = re.sub("<[a-z_]+>", ident, route[1])
        if path != route[1]:
            answer = running.ask(
                route[0], path, credential_for(route[1], lindqvist), sample.body(lindqvist.ids)
            )
            if answer.status_code != 404:
                wrong[route] = answer.status_code
    assert wrong == {}
    running.parts.request_log.flush()


@on_sqlite
def test_no_method_slips_past_the_table(running: Running, lindqvist: Customer):
    before = state(running, lindqvist)
    declared = {rule: {m for m, r in SAMPLES if r == rule} for _, rule in SAMPLES}
    for place, ident in (("Users", "person_id"), ("Groups", "group_id")):  # to other methods .search is an id
        declared[f"/scim/v2/{place}/.search"] |= declared[f"/scim/v2/{place}/<{ident}>"]
    declared["/api/v1/sessions/introspect"] |= declared["/api/v1/sessions/<session_id>"]  # likewise
    wrong = {}
    for (_, rule), sample in SAMPLES.items():
        for method in {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - declared[rule]:
            answer = running.ask(method, sample.filled(lindqvist.ids), credential_for(rule, lindqvist))
            if answer.status_code != 405:
                wrong[method, rule] = answer.status_code
    assert wrong == {}
    after = state(running, lindqvist)
    assert {**after, "request_records": [], "credentials": []} == {
        **before, "request_records": [], "credentials": [],
    }  # fmt: skip


def test_its_own_tenant_is_answered_as_the_document_says(running: Running, lindqvist: Customer):
    wrong = {}
    for route, sample in SAMPLES.items():
        answer = ask(running, route, lindqvist.ids, credential_for(route[1], lindqvist))
        if answer.status_code != sample.status:
            wrong[route] = (answer.status_code, answer.get_data(as_text=True)[:300])
        elif fault := undescribed(route, answer):
            wrong[route] = (answer.status_code, fault)
    assert wrong == {}


def undescribed(route: Route, answer: TestResponse) -> str | None:
    """Say what of an answer the document does not describe."""
    path = route[1].replace("<", "{").replace(">", "}")
    described = document()["paths"][path][route[0].lower()]["responses"].get(str(answer.status_code))
    if described is None:
        return "status"
    if "content" not in described:
        return "content" if answer.data else None
    ((content_type, media),) = described["content"].items()
    if answer.content_type.split(";")[0] != content_type.split(";")[0]:
        return answer.content_type
    if content_type.endswith("json"):
        schema = {**media["schema"], "components": {"schemas": COMPONENTS}}
        checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return next((error.message for error in checked.iter_errors(answer.json)), None)
    return None
