import json

URN = "urn:larkspur:params:scim:schemas:extension:Fleet:2.0:User"
SCHEMA = f"""
id = "{URN}"
name = "Fleet"
[[attributes]]
name = "depot"
"""


def test_a_schema_of_its_own_is_applied_once_and_used_at_once(terminal, tenant, scim, tmp_path):
    file = tmp_path / "fleet.toml"
    file.write_text(SCHEMA)
    assert f"version 1: {URN} holds" in terminal.run("schema", "apply", tenant, str(file))
    assert "nothing to do: version 1" in terminal.run("schema", "apply", tenant, str(file))
    body = {"userName": "ada", URN: {"depot": "Lund"}}
    assert scim("POST", "/Users", body).json[URN] == {"depot": "Lund"}
    assert scim("GET", f'/Users?filter={URN}:depot eq "lund"').json["totalResults"] == 1
    [listed] = terminal.read("schema", "list", tenant)
    assert (listed["urn"], listed["version"]) == (URN, 1)
    published = scim("GET", f"/Schemas/{URN}").json
    file = tmp_path / "published.json"
    file.write_text(json.dumps(published))
    assert "nothing to do" in terminal.run("schema", "apply", tenant, str(file))


def test_a_wrong_schema_is_refused_where_it_is_wrong(terminal, tenant, tmp_path):
    file = tmp_path / "fleet.toml"
    file.write_text(SCHEMA + 'type = "date"\n')
    terminal.run("schema", "apply", tenant, str(file))
    assert terminal.code == 2
    assert "/attributes/0/type" in terminal.err
    assert terminal.read("schema", "list", tenant) == []
