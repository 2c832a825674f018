"""Routes on signing in by OpenID Connect: a connection's settings, people's identities, who was refused."""

from typing import TYPE_CHECKING, Any

from flask import request

from bridge.directory.browse import find_person
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.schemas import component
from bridge.web.context import bridge

if TYPE_CHECKING:
    from bridge.signin.tables import RefusedSignIn

SETTINGS = "/connections/{connection_id}/oidc"
IDENTITIES = "/people/{person_id}/identities"


@operation("GET", SETTINGS, "Show how people of a connection sign in", scope="read", answer=component("Oidc"))
def show_oidc(call: Call, connection_id: str) -> dict[str, Any]:
    return _shown(call, connection_id)


def _shown(call: Call, connection_id: str) -> dict[str, Any]:
    from bridge.signin import oidc_settings  # noqa: PLC0415 (the cryptography of tokens is large)

    with call.database.read(call.tenant_id) as session:
        shown = oidc_settings.show_oidc(session, connection_id)
    root = (bridge().settings.public_url or request.root_url).rstrip("/")
    login = f"{root}/login/{connection_id}"
    return {"connection_id": connection_id, **shown, "login_url": login, "redirect_uri": f"{login}/callback"}


@operation(
    "PUT", SETTINGS, "Have people of a connection sign in at this provider",
    scope="connections:write", body=component("NewOidc"), answer=component("Oidc"),
)  # fmt: skip
def set_oidc(call: Call, connection_id: str) -> dict[str, Any]:
    from bridge.signin import oidc_settings  # noqa: PLC0415 (as above)

    given = dict(call.body)
    terms = oidc_settings.OidcTerms(secret=given.pop("client_secret", None), **given)
    with call.database.write(call.tenant_id) as session:
        oidc_settings.set_oidc(
            session,
            connection_id,
            terms,
            seal=bridge().seal,
            private=bridge().settings.private_providers,
            cause=call.cause,
            now=call.now,
        )
    return _shown(call, connection_id)


@operation(
    "GET",
    IDENTITIES,
    "List whom a person is at their providers",
    scope="read",
    answer=component("Identities"),
)
def show_identities(call: Call, person_id: str) -> dict[str, Any]:
    return _identities(call, person_id)


def _identities(call: Call, person_id: str) -> dict[str, Any]:
    from bridge.signin.link import identities_of  # noqa: PLC0415 (as above)

    with call.database.read(call.tenant_id) as session:
        rows = identities_of(session, find_person(session, person_id).id)
    shown = ("connection_id", "issuer", "subject", "linked_by", "linked_at")
    return {"items": [{name: getattr(row, name) for name in shown} for row in rows]}


@operation(
    "POST", IDENTITIES, "Link a subject of a connection's provider to a person",
    scope="connections:write", body=component("NewIdentity"), status=201, answer=component("Identities"),
)  # fmt: skip
def link_identity(call: Call, person_id: str) -> dict[str, Any]:
    from bridge.signin.link import link_by_administrator  # noqa: PLC0415 (as above)

    connection_id, subject = call.body["connection_id"], call.body["subject"]
    with call.database.write(call.tenant_id) as session:
        link_by_administrator(session, connection_id, subject, person_id, cause=call.cause, now=call.now)
    return _identities(call, person_id)


@operation("DELETE", IDENTITIES, "End all links of a person", scope="connections:write", status=204)
def unlink_identities(call: Call, person_id: str) -> None:
    from bridge.signin.link import unlink  # noqa: PLC0415 (as above)

    with call.database.write(call.tenant_id) as session:
        unlink(session, find_person(session, person_id).id, cause=call.cause, now=call.now)


@operation(
    "GET", "/refused-sign-ins", "List who was refused, the latest first, with the reason",
    scope="read", query=(CURSOR, LIMIT), answer=component("RefusedSignIns"),
)  # fmt: skip
def show_refused(call: Call) -> dict[str, Any]:
    from bridge.signin.refused import refused_page  # noqa: PLC0415 (as above)

    with call.database.read(call.tenant_id) as session:
        rows = refused_page(session, before=call.query["cursor"], limit=call.limit + 1)
    return page_of(rows, call.limit, shown=_refused, place=lambda row: (row.at, row.id))


def _refused(row: "RefusedSignIn") -> dict[str, Any]:
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "at": row.at,
        "reason": row.reason,
        "person_id": row.person_id,
        "subject": row.subject,
    }
