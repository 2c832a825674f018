"""Every route, tried by another tenant and by callers who may not; a route without its row fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fastjsonschema
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bridge.database.rows import Row, TenantRow
from bridge.tenants.tables import Credential, DueTenant
from bridge.web.api.document import document
from bridge.web.api.schemas import COMPONENTS
from tests.api.customers import PATCH, USER, Customer, Running, group, rules, user

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)

Fill = Callable[[dict[str, str]], object]


def nothing(_ids: dict[str, str]) -> None:
    """Send no body."""


@dataclass(frozen=True)
class Sample:
    """How a route is asked with a customer's own ids; ``own`` when path or body name something of theirs."""

    path: str
    body: Fill = nothing
    status: int = 200

    def filled(self, ids: dict[str, str]) -> str:
        return self.path.format(**{name.replace(" ", "_"): id_ for name, id_ in ids.items()})

    def names_things(self, ids: dict[str, str]) -> bool:
        return any(id_ in f"{self.filled(ids)} {self.body(ids)}" for id_ in ids.values())


def quote(_ids: dict[str, str]) -> object:
    period = {"start": "2026-09-01", "end": "2026-10-01"}
    terms = [{"plan": "standard", "unit_amount": "39.00"}]
    return {"currency": "EUR", "period": period, "terms": terms, "seats": []}


def deactivation(_ids: dict[str, str]) -> object:
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}


def confirmation(ids: dict[str, str]) -> object:
    return {"joins": [{"person_id": ids["person"], "account_id": ids["other person"]}]}


def renaming(_ids: dict[str, str]) -> object:
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Drivers"}]}


def search(_ids: dict[str, str]) -> object:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


def bulk(_ids: dict[str, str]) -> object:
    newcomer = {"schemas": [USER], "userName": "newcomer"}
    operation = {"method": "POST", "path": "/Users", "bulkId": "one", "data": newcomer}
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}


#: In this order they are asked: what ends things comes last, and the log before whatever names another
#: tenant's ids, since it rightly shows each tenant what they asked.
SAMPLES = {
    ("GET", "/api/v1/requests"): Sample("/api/v1/requests"),
    ("GET", "/healthz"): Sample("/healthz"),
    ("GET", "/readyz"): Sample("/readyz"),
    ("GET", "/metrics"): Sample("/metrics"),
    ("GET", "/api/v1/openapi.json"): Sample("/api/v1/openapi.json"),
    ("GET", "/api/v1/tenant"): Sample("/api/v1/tenant"),
    ("GET", "/api/v1/connections"): Sample("/api/v1/connections"),
    ("POST", "/api/v1/connections"): Sample(
        "/api/v1/connections", lambda _ids: {"name": "Entra", "kind": "entra"}, 201
    ),
    ("GET", "/api/v1/connections/<connection_id>"): Sample("/api/v1/connections/{connection}"),
    ("POST", "/api/v1/connections/<connection_id>/live"): Sample(
        "/api/v1/connections/{connection}/live", lambda _ids: {}
    ),
    ("GET", "/api/v1/connections/<connection_id>/tokens"): Sample("/api/v1/connections/{connection}/tokens"),
    ("POST", "/api/v1/connections/<connection_id>/tokens"): Sample(
        "/api/v1/connections/{connection}/tokens", lambda _ids: {"expires_in_days": 30}, 201
    ),
    ("GET", "/api/v1/connections/<connection_id>/oauth-client"): Sample(
        "/api/v1/connections/{connection}/oauth-client"
    ),
    ("POST", "/api/v1/connections/<connection_id>/oauth-client/secrets"): Sample(
        "/api/v1/connections/{connection}/oauth-client/secrets", lambda _ids: {}, 201
    ),
    ("POST", "/stripe/webhook"): Sample("/stripe/webhook", status=404),
    ("POST", "/oauth/token"): Sample("/oauth/token", status=400),
    ("GET", "/api/v1/people"): Sample("/api/v1/people?search=ada"),
    ("GET", "/api/v1/people/<person_id>"): Sample("/api/v1/people/{person}"),
    ("GET", "/api/v1/people/<person_id>/explanation"): Sample(
        "/api/v1/people/{person}/explanation?at=2026-09-15T00:00:00Z"
    ),
    ("POST", "/api/v1/people/<person_id>/accounts"): Sample(
        "/api/v1/people/{person}/accounts", lambda ids: {"account_id": ids["other person"], "reason": "trial"}
    ),
    ("GET", "/api/v1/people/<person_id>/accounts"): Sample("/api/v1/people/{person}/accounts"),
    ("GET", "/api/v1/join-attributes"): Sample("/api/v1/join-attributes"),
    ("POST", "/api/v1/join-attributes"): Sample(
        "/api/v1/join-attributes", lambda _ids: {"attribute": None}, 201
    ),
    ("GET", "/api/v1/join-proposals"): Sample("/api/v1/join-proposals"),
    ("POST", "/api/v1/join-proposals"): Sample("/api/v1/join-proposals", confirmation),
    ("DELETE", "/api/v1/people/<person_id>/accounts/<account_id>"): Sample(
        "/api/v1/people/{person}/accounts/{other_person}", status=204
    ),
    ("GET", "/api/v1/groups"): Sample("/api/v1/groups"),
    ("GET", "/api/v1/groups/<group_id>"): Sample("/api/v1/groups/{group}"),
    ("GET", "/api/v1/rule-sets"): Sample("/api/v1/rule-sets"),
    ("GET", "/api/v1/rule-sets/<rule_set_id>"): Sample("/api/v1/rule-sets/{rule_set}"),
    ("POST", "/api/v1/rule-sets"): Sample("/api/v1/rule-sets?note=trial", lambda _ids: rules("nobody"), 201),
    ("GET", "/api/v1/schemas"): Sample("/api/v1/schemas"),
    ("POST", "/api/v1/schemas"): Sample(
        "/api/v1/schemas",
        lambda _ids: {"id": "urn:own:fleet:User", "name": "Fleet", "attributes": [{"name": "depot"}]},
        201,
    ),
    ("GET", "/api/v1/seats"): Sample("/api/v1/seats?at=2026-09-15T00:00:00Z"),
    ("GET", "/api/v1/seats/counts"): Sample("/api/v1/seats/counts?at=2026-09-15T00:00:00Z"),
    ("GET", "/api/v1/invoices"): Sample("/api/v1/invoices"),
    ("GET", "/api/v1/invoices/preview"): Sample("/api/v1/invoices/preview"),
    ("POST", "/api/v1/invoices"): Sample("/api/v1/invoices", lambda _ids: {"period_start": "2026-09-01"}),
    ("GET", "/api/v1/invoices/<invoice_id>"): Sample("/api/v1/invoices/{invoice}"),
    ("GET", "/api/v1/invoices/<invoice_id>.csv"): Sample("/api/v1/invoices/{invoice}.csv"),
    ("GET", "/api/v1/invoices/<invoice_id>/people"): Sample("/api/v1/invoices/{invoice}/people"),
    ("GET", "/api/v1/invoices/<invoice_id>/people/<person_id>/explanation"): Sample(
        "/api/v1/invoices/{invoice}/people/{person}/explanation"
    ),
    ("GET", "/api/v1/invoices/<invoice_id>/focus.csv"): Sample("/api/v1/invoices/{invoice}/focus.csv"),
    ("GET", "/api/v1/invoices/<invoice_id>/invoice.pdf"): Sample("/api/v1/invoices/{invoice}/invoice.pdf"),
    ("GET", "/api/v1/credit-notes"): Sample("/api/v1/credit-notes"),
    ("GET", "/api/v1/billing-details"): Sample("/api/v1/billing-details"),
    ("POST", "/api/v1/billing-details"): Sample(
        "/api/v1/billing-details", lambda _ids: {"buyer": {"name": "A buyer"}}, 201
    ),
    ("GET", "/api/v1/invoices/<invoice_id>/life"): Sample("/api/v1/invoices/{invoice}/life"),
    ("POST", "/api/v1/invoices/<invoice_id>/void"): Sample(
        "/api/v1/invoices/{invoice}/void", lambda _ids: {"reason": "trial"}
    ),
    ("POST", "/api/v1/invoices/<invoice_id>/reissue"): Sample("/api/v1/invoices/{invoice}/reissue"),
    ("POST", "/api/v1/invoices/<invoice_id>/payment"): Sample(
        "/api/v1/invoices/{second_invoice}/payment",
        lambda _ids: {"paid_on": "2026-10-02", "reference": "bank 17"},
    ),
    ("POST", "/api/v1/invoices/<invoice_id>/credit-notes"): Sample(
        "/api/v1/invoices/{second_invoice}/credit-notes",
        lambda _ids: {"amount": "1.00", "reason": "trial"},
        201,
    ),
    ("GET", "/api/v1/reconciliation"): Sample("/api/v1/reconciliation"),
    ("GET", "/api/v1/requests/<request_id>"): Sample("/api/v1/requests/{request}"),
    ("POST", "/api/v1/requests/<request_id>/replay"): Sample("/api/v1/requests/{failed_request}/replay"),
    ("GET", "/api/v1/journal"): Sample("/api/v1/journal"),
    ("GET", "/api/v1/journal/sealed"): Sample("/api/v1/journal/sealed"),
    ("GET", "/api/v1/journal/verification"): Sample("/api/v1/journal/verification"),
    ("GET", "/api/v1/api-keys"): Sample("/api/v1/api-keys"),
    ("POST", "/api/v1/api-keys"): Sample("/api/v1/api-keys", lambda _ids: {"scopes": ["read"]}, 201),
    ("POST", "/api/v1/quotes"): Sample("/api/v1/quotes", quote),
    ("GET", "/scim/v2/ServiceProviderConfig"): Sample("/scim/v2/ServiceProviderConfig"),
    ("GET", "/scim/v2/ResourceTypes"): Sample("/scim/v2/ResourceTypes"),
    ("GET", "/scim/v2/ResourceTypes/<name>"): Sample("/scim/v2/ResourceTypes/User"),
    ("GET", "/scim/v2/Schemas"): Sample("/scim/v2/Schemas"),
    ("GET", "/scim/v2/Schemas/<urn>"): Sample("/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"),
    ("GET", "/scim/v2/Roles"): Sample("/scim/v2/Roles"),
    ("GET", "/scim/v2/Roles/<key>"): Sample("/scim/v2/Roles/admin"),
    ("GET", "/scim/v2/Licenses"): Sample("/scim/v2/Licenses"),
    ("GET", "/scim/v2/Licenses/<key>"): Sample("/scim/v2/Licenses/standard"),
    **{
        (method, "/scim/v2/Me"): Sample("/scim/v2/Me", status=404)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    },
    ("POST", "/scim/v2/.search"): Sample("/scim/v2/.search", search),
    ("POST", "/scim/v2/Users/.search"): Sample("/scim/v2/Users/.search", search),
    ("POST", "/scim/v2/Groups/.search"): Sample("/scim/v2/Groups/.search", search),
    ("GET", "/scim/v2/Users"): Sample("/scim/v2/Users"),
    ("GET", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}"),
    ("POST", "/scim/v2/Users"): Sample("/scim/v2/Users", lambda _ids: user("hedy"), 201),
    ("POST", "/scim/v2/Bulk"): Sample("/scim/v2/Bulk", bulk),
    ("PUT", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", lambda _ids: user("ada")),
    ("PATCH", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", deactivation),
    ("GET", "/scim/v2/Groups"): Sample("/scim/v2/Groups"),
    ("GET", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}"),
    ("POST", "/scim/v2/Groups"): Sample("/scim/v2/Groups", lambda ids: group("Planners", ids["person"]), 201),
    ("PUT", "/scim/v2/Groups/<group_id>"): Sample(
        "/scim/v2/Groups/{group}", lambda ids: group("Dispatchers", ids["other person"])
    ),
    ("PATCH", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}", renaming),
    ("DELETE", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}", status=204),
    ("DELETE", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", status=204),
    ("DELETE", "/api/v1/connections/<connection_id>/tokens/<token_id>"): Sample(
        "/api/v1/connections/{connection}/tokens/{token}", status=204
    ),
    ("DELETE", "/api/v1/connections/<connection_id>/oauth-client/secrets/<secret_id>"): Sample(
        "/api/v1/connections/{connection}/oauth-client/secrets/{client_secret}", status=204
    ),
    ("DELETE", "/api/v1/connections/<connection_id>/oauth-client"): Sample(
        "/api/v1/connections/{connection}/oauth-client", status=204
    ),
    ("DELETE", "/api/v1/api-keys/<key_id>"): Sample("/api/v1/api-keys/{key}", status=204),
}
PUBLIC = {"/oauth/token", "/stripe/webhook", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"}
Route = tuple[str, str]
GUARDED = {route: sample for route, sample in SAMPLES.items() if route[1] not in PUBLIC}


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


@on_sqlite
def test_no_method_slips_past_the_table(running: Running, lindqvist: Customer):
    before = state(running, lindqvist)
    declared = {rule: {m for m, r in SAMPLES if r == rule} for _, rule in SAMPLES}
    for place, ident in (("Users", "person_id"), ("Groups", "group_id")):  # to other methods .search is an id
        declared[f"/scim/v2/{place}/.search"] |= declared[f"/scim/v2/{place}/<{ident}>"]
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
        check = fastjsonschema.compile({**media["schema"], "components": {"schemas": COMPONENTS}})
        try:
            check(answer.json)
        except fastjsonschema.JsonSchemaException as error:
            return str(error)
    return None
