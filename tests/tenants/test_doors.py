"""Finding the tenant of a connection."""

import pytest

from bridge.database.sessions import Database
from bridge.errors import NotFound
from bridge.tenants.doors import tenant_of_connection
from tests.database.opened import add_connection, add_tenant

SOME_ID = "01a05bc4-8180-7693-a76c-d0bd0034d0bd"


def test_a_connection_leads_to_its_tenant(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    mine, theirs = add_connection(database, tenant_id), add_connection(database, other)
    assert tenant_of_connection(database, mine) == tenant_id
    assert tenant_of_connection(database, theirs) == other


@pytest.mark.parametrize("unknown", ["", SOME_ID, "x" * 65, "a\0b", "' OR 1=1 --", "ü"])
def test_what_is_no_connection_leads_nowhere(database: Database, tenant_id: str, unknown: str):
    add_connection(database, tenant_id)
    with pytest.raises(NotFound):
        tenant_of_connection(database, unknown)
