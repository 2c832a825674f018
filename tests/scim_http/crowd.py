"""Many people at once, for tests in which over HTTP each would take its time."""

from bridge.database.ids import new_id
from bridge.directory.people import add_person
from tests.database.opened import NOW
from tests.scim_http.speaking import USER, Speaker


def add_crowd(idp: Speaker, count: int) -> list[str]:
    ids = [new_id(NOW) for _ in range(count)]
    with idp.app.extensions["bridge"].database.write(idp.tenant_id) as session:
        for person_id in ids:
            add_person(
                session,
                {"schemas": [USER], "userName": person_id, "active": True},
                connection_id=idp.connection_id,
                external_digest=None,
                cause_id="1",
                person_id=person_id,
                at=NOW,
            )
    return ids
