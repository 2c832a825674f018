from sqlalchemy import update

from bridge.cli.operator import parts
from bridge.tenants.tables import Tenant
from tests.cli.conftest import NOON

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def test_who_is_gone_is_erased_once_all_is_settled(terminal, tenant, scim):
    ada = scim("POST", "/Users", {"schemas": [USER], "userName": "ada"}).json["id"]
    terminal.run("people", "erase", tenant, "ada")
    assert (terminal.code, "active" in terminal.err) == (2, True)
    assert scim("DELETE", f"/Users/{ada}").status_code == 204
    assert "to be erased once all about them is settled" in terminal.run("people", "erase", tenant, ada)
    with parts().database.write(tenant) as session:
        session.execute(update(Tenant).values(settled_until=NOON.replace(year=2027)))
    assert terminal.run("people", "erase", tenant, ada) == f"{ada}: erased\n"
