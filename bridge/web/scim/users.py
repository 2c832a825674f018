"""Routes of ``/Users``."""

from flask import Response

from bridge.database.prepared import Ask
from bridge.database.sessions import TenantSession
from bridge.directory.lookups import asked_for_person, encoded_person
from bridge.directory.people import asked_for_namesakes, asked_to_change
from bridge.directory.search import Found, get_person
from bridge.errors import InvalidInput
from bridge.provisioning.client import Client, Written, external_digests
from bridge.provisioning.create_person import create_person
from bridge.provisioning.delete_person import delete_person
from bridge.provisioning.patch_person import patch_person
from bridge.provisioning.replace_person import replace_person
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.text import fault_of
from bridge.web.bodies import holds_no_filter, json_body, json_object, raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.answers import (
    CREATED,
    Versioned,
    answer_nothing,
    answer_resource,
    answer_unchanged,
    prefers_minimal,
)
from bridge.web.scim.entrance import blueprint, foresee, reading, root, writing
from bridge.web.scim.lists import list_of
from bridge.web.scim.parameters import asked, if_match, shape
from bridge.web.scim.rendering import encode_person, render_people

#: Of larger bodies nothing is looked at before it is known who asks.
FORESEEN_BYTES = 16 * 1024


@blueprint.get("/Users", provide_automatic_options=False)
def list_users() -> Response:
    """Answer a page of people (RFC 7644 section 3.4.2)."""
    return list_of("User", lambda _client: asked())


def _asks_for(connection_id: str, person_id: str) -> Ask:
    return asked_for_person(
        connection_id, person_id, root=root(), is_postgresql=bridge().database.is_postgresql
    )


def _asks_to_change(connection_id: str, person_id: str) -> Ask | None:
    """Ask for the person, unless the body may hold a filter: those are read before anything is done."""
    body = raw_body()
    if len(body) > FORESEEN_BYTES or not holds_no_filter(body):
        return None
    return asked_to_change(connection_id, person_id, is_postgresql=bridge().database.is_postgresql)


def _asks_for_namesakes(connection_id: str) -> Ask | None:
    """Ask for whoever has the names of the one to create, where they are written as the RFC has it."""
    if len(raw_body()) > FORESEEN_BYTES:
        return None
    try:
        sent = json_object()
        user_name, external_id = sent.get("userName"), sent.get("externalId")
        if not isinstance(user_name, str) or fault_of(user_name) or external_id == "":
            return None
        if external_id is not None and (not isinstance(external_id, str) or fault_of(external_id)):
            return None
        digests = external_digests(bridge().seal, connection_id, external_id)
        return asked_for_namesakes(
            connection_id, user_name=user_name, external_id=external_id, external_digests=digests
        )
    except InvalidInput:  # of which the route tells, once it is known who asks
        return None


@blueprint.get("/Users/<person_id>", provide_automatic_options=False)
@foresee(_asks_for)
def show_user(person_id: str) -> Response:
    """Answer one person (RFC 7644 section 3.4.1)."""
    observed().subject_id = person_id
    wanted = shape(USER_RESOURCE)
    with reading() as (session, client):
        own = {"connection_id": client.connection_id, "person_id": person_id}
        if wanted.whole:
            whole = encoded_person(session, **own, root=client.root)
            return answer_unchanged(whole) or _answered(client, encode_person(whole, root=client.root), whole)
        found = get_person(session, **own)
        return answer_unchanged(found) or _shown(session, client, found)


@blueprint.post("/Users", provide_automatic_options=False)
@foresee(_asks_for_namesakes)
def create_user() -> Response:
    """Store a person (RFC 7644 section 3.3)."""
    body = json_body()
    with writing() as (session, client):
        written = create_person(session, body, client=client, now=observed().at)
        answer = _written(session, client, written)
    observed().subject_id = written.found.id  # whom nobody finds unless the commit has gone well
    return answer


@blueprint.put("/Users/<person_id>", provide_automatic_options=False)
@foresee(_asks_to_change)
def replace_user(person_id: str) -> Response:
    """Replace a person's attributes (RFC 7644 section 3.5.1)."""
    observed().subject_id = person_id
    body = json_body()
    with writing() as (session, client):
        written = replace_person(
            session, person_id, body, if_match=if_match(), client=client, now=observed().at
        )
        return _written(session, client, written)


@blueprint.patch("/Users/<person_id>", provide_automatic_options=False)
@foresee(_asks_to_change)
def patch_user(person_id: str) -> Response:
    """Change parts of a person (RFC 7644 section 3.5.2)."""
    observed().subject_id = person_id
    body = json_body()
    with writing() as (session, client):
        written = patch_person(
            session, person_id, body, if_match=if_match(), client=client, now=observed().at
        )
        return _written(session, client, written)


@blueprint.delete("/Users/<person_id>", provide_automatic_options=False)
def delete_user(person_id: str) -> Response:
    """Delete a person (RFC 7644 section 3.6)."""
    observed().subject_id = person_id
    with writing() as (session, client):
        delete_person(session, person_id, if_match=if_match(), client=client, now=observed().at)
    return answer_nothing()


def _written(session: TenantSession, client: Client, written: Written) -> Response:
    observed().tolerances = written.tolerances
    if prefers_minimal() and not written.created:
        return answer_nothing(written.found)
    return _shown(session, client, written.found, CREATED if written.created else 200)


def _shown(session: TenantSession, client: Client, found: Found, status: int = 200) -> Response:
    [document] = render_people(session, [found], root=client.root, shape=shape(client.user_schema))
    return _answered(client, document, found, status)


def _answered(client: Client, document: object, found: Versioned, status: int = 200) -> Response:
    return answer_resource(document, found, f"{client.root}/Users/{found.id}", status)
