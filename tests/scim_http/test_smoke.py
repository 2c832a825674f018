def test_smoke(idp):
    a = idp.create(userName="ada@lindqvist.example", externalId="x1", emails=[{"value": "ada@l.example", "type": "work"}], **{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "9"}}})
    g = idp.create_group("Engineers", a)
    print(idp.get(f"/Users/{a}").json, idp.get(f"/Groups/{g}").json)
    for f in ['userName eq "ADA@lindqvist.example"', 'emails[type eq "work"].value co "l.ex"', 'emails.value ew "example"', f'groups.value eq "{g}"', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "r&d"', 'schemas co "User"', 'not (title pr)', 'title eq null', 'emails[primary eq true] or active eq true', 'meta.created gt "2020-01-01T00:00:00Z"', 'name[givenName eq "x"] or userName sw "ad"', 'meta.version eq "W/\\"1\\""', 'phoneNumbers eq null', 'manager eq "9"', "emails pr", "groups pr", "name pr or meta pr"]:
        r = idp.get("/Users", query_string={"filter": f})
        print(f, r.status_code, r.json.get("totalResults"), r.json.get("detail"))
        assert r.status_code == 200 and r.json["totalResults"] == 1, f
    for f in [f'members.value eq "{a}"', f'members[value eq "{a}" and type eq "User"]', "members pr", 'displayName sw "eng"', 'members.$ref co "/Users/"']:
        r = idp.get("/Groups", query_string={"filter": f})
        assert r.status_code == 200 and r.json["totalResults"] == 1, (f, r.json)
    r = idp.patch(f"/Groups/{g}", {"op": "remove", "path": f'members[value eq "{a}"]'})
    assert r.status_code == 200, r.json
    assert idp.members(g) == set()
    r = idp.patch(f"/Users/{a}", {"op": "Replace", "path": "active", "value": "False"})
    assert r.status_code == 200, r.json
    assert idp.ask("DELETE", f"/Users/{a}").status_code == 204
    assert idp.ask("DELETE", f"/Groups/{g}").status_code == 204
    for p in ["/Roles", "/Licenses/", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Roles/admin"]:
        r = idp.get(p); print(p, r.status_code)
    print(idp.get("/Nope").json, idp.ask("DELETE", "/Users").json)
