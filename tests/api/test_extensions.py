"""A tenant's own schemas over the API: applied with the scope for it, refused where they are wrong."""

import pytest

from bridge.access.grant import grant_api_key
from tests.api.customers import CAUSE, SEPTEMBER, Customer, Running

URN = "urn:okonkwo:params:scim:schemas:extension:Loom:2.0:User"
LOOM = {"id": URN, "name": "Loom", "attributes": [{"name": "width", "type": "integer"}]}


def key_with(running: Running, customer: Customer, *scopes: str) -> str:
    with running.database.write(customer.tenant_id) as session:
        made = grant_api_key(
            session, scopes=scopes, seal=running.parts.seal, lifetime=None, cause=CAUSE, now=SEPTEMBER
        )
    return made.secret


def test_a_schema_is_applied_listed_and_extended(running: Running, okonkwo: Customer):
    writer = key_with(running, okonkwo, "schemas:write", "read")
    first = running.ask("POST", "/api/v1/schemas", writer, LOOM)
    assert (first.status_code, first.json["applied"]) == (201, True)
    again = running.ask("POST", "/api/v1/schemas", writer, LOOM)
    assert (again.json["applied"], again.json["version"]) == (False, first.json["version"])
    more = {**LOOM, "attributes": [*LOOM["attributes"], {"name": "motif"}]}
    assert running.ask("POST", "/api/v1/schemas", writer, more).json["version"] == first.json["version"] + 1
    listed = running.ask("GET", "/api/v1/schemas", writer).json["items"]
    [loom] = [each for each in listed if each["urn"] == URN]
    assert [each["name"] for each in loom["document"]["attributes"]] == ["width", "motif"]
    taken = running.ask("POST", "/api/v1/schemas", writer, {**LOOM, "attributes": [{"name": "width"}]})
    assert taken.status_code == 409
    assert "another type" in taken.json["detail"]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [({"id": "loom"}, "/id"), ({**LOOM, "attributes": [{"name": "1"}]}, "/attributes/0/name")],
)
def test_a_wrong_schema_is_refused_where_it_is_wrong(
    running: Running, okonkwo: Customer, document: dict[str, object], pointer: str
):
    answer = running.ask("POST", "/api/v1/schemas", key_with(running, okonkwo, "schemas:write"), document)
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)


def test_who_may_write_rules_may_not_write_schemas(running: Running, okonkwo: Customer):
    answer = running.ask("POST", "/api/v1/schemas", key_with(running, okonkwo, "rules:write", "read"), LOOM)
    assert answer.status_code == 403


def test_a_rule_document_says_what_an_identity_provider_may_assign(running: Running, okonkwo: Customer):
    document = {"rules": [], "idp_assignments": {"plans": True, "roles": ["admin"]}}
    made = running.api(okonkwo, "POST", "/rule-sets", document)
    assert made.status_code == 201
    shown = running.api(okonkwo, "GET", f"/rule-sets/{made.json['id']}").json["document"]
    assert shown["idp_assignments"]["roles"] == ["admin"]
    assert "premium" in shown["idp_assignments"]["plans"]
    wrong = running.api(okonkwo, "POST", "/rule-sets", {"rules": [], "idp_assignments": {"plan": True}})
    assert (wrong.status_code, wrong.json["pointer"]) == (422, "/idp_assignments/plan")
