"""What cannot be understood or allowed is refused in SCIM's words, and changes nothing."""

import io

import pytest
from flask import Flask
from sqlalchemy import delete, update

from bridge.directory.tables import Person
from bridge.tenants.tables import Connection
from tests.scim_http.speaking import GROUP, PATCH_OP, USER, Speaker, add_speaker, application

ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]
DEEP = "[" * 200 + "]" * 200


def refusal(answer, status: int, scim_type: str | None = None) -> str:
    assert answer.status_code == status, answer.data
    assert answer.content_type == "application/scim+json"
    assert (answer.json["schemas"], answer.json["status"]) == (ERROR, str(status))
    assert answer.json.get("scimType") == scim_type
    return answer.json["detail"]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer bridge_scim_x"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/Users"), ("POST", "/Users"), ("GET", "/Nowhere")])
def test_without_a_token_nothing_is_told(idp: Speaker, header: str | None, method: str, path: str):
    sent = {} if header is None else {"Authorization": header}
    answer = idp.app.test_client().open(f"/scim/v2{path}", method=method, headers=sent, data=b"{")
    refusal(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_may_be_written_in_any_case(idp: Speaker):
    assert idp.get("/Users", headers={"Authorization": f"bEARER {idp.token}"}).status_code == 200


def test_a_token_of_a_connection_that_is_gone_opens_nothing(app: Flask, idp: Speaker):

    with app.extensions["bridge"].database.write(idp.tenant_id) as session:
        session.execute(delete(Connection))
    refusal(idp.get("/Users"), 401)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Nowhere", 404), ("GET", "", 404), ("GET", "/Me/none", 404), ("GET", "/Bulk", 405),
        ("DELETE", "/Users", 405), ("POST", "/Schemas", 405), ("OPTIONS", "/Users", 405),
        ("GET", "/Schemas/urn:none", 404), ("GET", "/Roles/none", 404), ("GET", "/ResourceTypes/None", 404),
    ],
)  # fmt: skip
def test_where_there_is_nothing_it_is_told_in_scim(idp: Speaker, method: str, path: str, status: int):
    answer = idp.ask(method, path)
    refusal(answer, status)
    assert ("Allow" in answer.headers) == (status == 405)


def test_outside_the_entrance_nobody_is_asked_for_a_token(app: Flask):
    assert app.test_client().get("/scim/v3/Users").status_code == 404
    assert app.test_client().get("/scim/v2x").status_code == 404


@pytest.mark.parametrize("neighbour_of", ["tenant", "connection"])
def test_people_and_groups_of_others_do_not_exist(app: Flask, idp: Speaker, neighbour_of: str):
    other = add_speaker(app, tenant_id=idp.tenant_id if neighbour_of == "connection" else None)
    person_id, own = other.create(userName="mara@okonkwo.example"), idp.create(userName="ines@l.example")
    group_id, own_group = other.create_group("Theirs", person_id), idp.create_group("Ours", own)
    before, before_there = idp.everything(), other.everything()
    user = {"schemas": [USER], "userName": "x"}
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}
    for path, body in ((f"/Users/{person_id}", user), (f"/Groups/{group_id}", {**user, "displayName": "x"})):
        refusal(idp.get(path), 404)
        refusal(idp.ask("PUT", path, {**body, "schemas": [USER if "Users" in path else GROUP]}), 404)
        refusal(idp.ask("PATCH", path, patch), 404)
        refusal(idp.ask("DELETE", path), 404)
    for stranger in (person_id, group_id):
        add = {"op": "add", "path": "members", "value": [{"value": own}, {"value": stranger}]}
        assert stranger in refusal(idp.patch(f"/Groups/{own_group}", add), 400, "invalidValue")
        body = {"schemas": [GROUP], "displayName": "n", "members": [{"value": stranger}]}
        refusal(idp.ask("POST", "/Groups", body), 400, "invalidValue")
        refusal(idp.ask("PUT", f"/Groups/{own_group}", body), 400, "invalidValue")
    assert idp.get("/Users").json["totalResults"] == 1
    assert idp.get("/Groups").json["totalResults"] == 1
    assert (idp.everything(), other.everything()) == (before, before_there)


@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        (b"{", "invalidSyntax"),
        (b"", "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b'"x"', "invalidSyntax"),
        (b"\xff", "invalidSyntax"),
        (DEEP.encode(), "invalidSyntax"),
        (b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}', "invalidValue"),
        (b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":7.5e400}', "invalidSyntax"),
        (b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a\\u0000"}', "invalidValue"),
        (b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":""}', "invalidValue"),
    ],
)
def test_a_body_that_makes_no_person_is_refused(idp: Speaker, body: bytes, scim_type: str):
    person_id = idp.create(userName="ines@lindqvist.example")
    before = idp.everything()
    for method, path in (("POST", "/Users"), ("PUT", f"/Users/{person_id}")):
        refusal(idp.ask(method, path, data=body), 400, scim_type)
    assert idp.everything() == before


def test_half_a_surrogate_pair_is_refused(idp: Speaker):
    body = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"\\ud800"}'
    assert idp.ask("POST", "/Users", data=body).status_code == 400
    assert idp.get("/Users").json["totalResults"] == 0


@pytest.mark.parametrize(
    "text",
    [
        'nosuch eq "x"',
        "userName eq", 'userName xx "a"', "userName", 'password eq "x"', 'userName eq "\\u0000"',
        "active gt true", "(" * 60 + 'userName eq "a"' + ")" * 60, 'userName eq "' + "a" * 9000 + '"',
        " or ".join(['userName eq "a"'] * 201), 'meta.created gt "9999-12-31T23:59:59-01:00"',
        'meta.created gt "0000-01-01T00:00:00Z"', 'meta.created gt "soon"',
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_understood_selects_nothing(idp: Speaker, text: str):
    idp.create(userName="ines@lindqvist.example")
    refusal(idp.get("/Users", query_string={"filter": text}), 400, "invalidFilter")


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/Roles"])
@pytest.mark.parametrize("parameter", ["startIndex=x", "count=1.5", "count=99999999999999999999"])
def test_a_page_that_is_no_number_is_refused(idp: Speaker, path: str, parameter: str):
    refusal(idp.get(f"{path}?{parameter}"), 400, "invalidValue")


def test_a_body_over_the_limit_is_refused_also_when_it_comes_in_chunks(shared_database_url: str):
    with application(shared_database_url, body_bytes=1024) as app:
        idp = add_speaker(app)
        head = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","title":"'
        fits = head + b"t" * (1024 - len(head) - 2) + b'"}'
        assert idp.ask("POST", "/Users", data=fits).status_code == 201
        refusal(idp.ask("POST", "/Users", data=fits.replace(b'"a"', b'"bc"')), 413)
        chunked = {"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(fits.replace(b'"a"', b'"bc"'))}
        chunked["HTTP_TRANSFER_ENCODING"] = "chunked"
        refusal(idp.ask("POST", "/Users", environ_overrides=chunked), 413)
        assert idp.get("/Users").json["totalResults"] == 1


def test_more_values_or_operations_than_allowed_are_refused(shared_database_url: str):
    with application(shared_database_url, attribute_values=10, patch_operations=16) as app:
        idp = add_speaker(app)
        body = {"schemas": [USER], "userName": "a", "emails": [{"value": str(each)} for each in range(11)]}
        refusal(idp.ask("POST", "/Users", body), 400, "tooMany")
        person_id = idp.create(userName="a")
        operations = [{"op": "replace", "path": "title", "value": "x"}] * 17
        refusal(idp.patch(f"/Users/{person_id}", *operations), 400, "tooMany")


def test_a_failure_tells_the_request_id_and_nothing_from_within(
    app: Flask, idp: Speaker, capsys: pytest.CaptureFixture[str]
):
    idp.create(userName="secret-name@lindqvist.example")
    engine = app.extensions["bridge"].database.engine
    with app.extensions["bridge"].database.write(idp.tenant_id) as session:
        session.execute(update(Person).values(resource=["no", "object"]))
    asked = {"filter": 'userName eq "secret-name@lindqvist.example"', "attributes": "displayName"}
    detail = refusal(answer := idp.get("/Users", query_string=asked), 500)
    assert answer.headers["X-Request-Id"] in detail
    assert engine.url.database not in detail
    logged = capsys.readouterr().err
    assert "scim.surprise" in logged
    assert "secret-name" not in logged
