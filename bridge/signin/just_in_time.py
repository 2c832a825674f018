"""People whom nobody has provisioned, made when they first sign in, where the connection's policy is so.

They carry ``userType`` ``just-in-time`` until the provider takes them over by their ``externalId``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.people import add_person, lock_namesakes
from bridge.errors import InvalidInput, Uniqueness, Untrusted
from bridge.journal.record import Cause, Subject, record
from bridge.scim.canonical import canonical_resource
from bridge.scim.reading import DIALECTS, Limits
from bridge.scim.schemas import USER_RESOURCE
from bridge.signin.id_tokens import Vouched
from bridge.signin.link import add_identity
from bridge.tenants.secrets import Seal

MARK = "just-in-time"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def create_just_in_time(
    session: TenantSession,
    connection_id: str,
    vouched: Vouched,
    *,
    limits: Limits,
    seal: Seal,
    cause: Cause,
    now: datetime,
) -> str:
    """Make the person that a provider vouches for; return their id.

    Raises ``Untrusted`` where the name is somebody's, or was theirs who was deleted: nobody becomes somebody
    else, or comes back, by signing in.
    """
    resource = _resource(vouched, limits)
    digests = seal.digests(f"{connection_id}:{vouched.external_id}")
    _check_nobody(session, connection_id, vouched, resource["userName"], digests)
    person_id = new_id(now)
    about = Subject("person", person_id)
    cause_id = record(session, "signin:person:create", about, cause=cause, at=now)
    mark_due(session, [about], cause_id=cause_id, now=now)
    add_person(
        session,
        resource,
        connection_id=connection_id,
        external_digest=digests[0],
        cause_id=cause_id,
        person_id=person_id,
        at=now,
    )
    try:
        session.write_held()
    except Uniqueness as error:
        raise _meanwhile() from error
    add_identity(
        session, connection_id, vouched.issuer, vouched.subject, person_id, by="created", cause=cause, now=now
    )
    return person_id


def _check_nobody(
    session: TenantSession, connection_id: str, vouched: Vouched, user_name: str, digests: Sequence[str]
) -> None:
    try:
        known = lock_namesakes(
            session,
            connection_id=connection_id,
            user_name=user_name,
            external_id=vouched.external_id,
            external_digests=digests,
        )
    except InvalidInput as error:
        raise _unfit() from error
    if any(each.deleted_at is not None for each in known):
        raise Untrusted("person_deleted", "whoever signs in was deleted: ask your administrator")
    if any(each.external_id == vouched.external_id for each in known):
        raise _meanwhile()  # by the other tab, since it was looked for
    if known:
        raise Untrusted("name_taken", "there is somebody of this name already: ask your administrator")


def _resource(vouched: Vouched, limits: Limits) -> dict[str, Any]:
    claims = vouched.claims
    names = {"givenName": _text(claims, "given_name"), "familyName": _text(claims, "family_name")}
    email = _text(claims, "email")
    said = {
        "schemas": [USER],
        "userName": _text(claims, "preferred_username") or email or vouched.subject,
        "externalId": vouched.external_id,
        "active": True,
        "userType": MARK,
        "displayName": _text(claims, "name"),
        "name": {name: value for name, value in names.items() if value} or None,
        "emails": [{"value": email, "type": "work", "primary": True}] if email else None,
    }
    body = {name: value for name, value in said.items() if value is not None}
    try:
        return canonical_resource(body, USER_RESOURCE, DIALECTS["generic"], limits).resource
    except InvalidInput as error:
        raise _unfit() from error


def _meanwhile() -> Untrusted:
    return Untrusted("made_meanwhile", "somebody of this name was made just now: begin anew")


def _unfit() -> Untrusted:
    return Untrusted("bad_profile", "the provider's word on the person cannot be stored")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.strip() and "\0" not in value else None
