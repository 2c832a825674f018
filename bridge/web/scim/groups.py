"""Routes of ``/Groups``."""

from flask import Response

from bridge.database.sessions import TenantSession
from bridge.directory.search import Found, count_members, get_group
from bridge.provisioning.client import Client, Written
from bridge.provisioning.create_group import create_group
from bridge.provisioning.delete_group import delete_group
from bridge.provisioning.patch_group import patch_group
from bridge.provisioning.replace_group import replace_group
from bridge.scim.schemas import GROUP_RESOURCE
from bridge.web.bodies import json_body
from bridge.web.recording import observed
from bridge.web.scim.answers import (
    CREATED,
    answer_nothing,
    answer_resource,
    answer_unchanged,
    prefers_minimal,
)
from bridge.web.scim.entrance import blueprint, reading, writing
from bridge.web.scim.lists import list_of
from bridge.web.scim.parameters import asked, if_match, shape
from bridge.web.scim.rendering import render_groups

#: A PATCH of a larger group is answered without it, unless the client says which attributes it wants.
MOST_MEMBERS_ANSWERED = 100

#: What these clients send to groups is answered without a body, which they would not read.
WANTS_NO_BODY = frozenset({"entra", "entra-2020"})


@blueprint.get("/Groups", provide_automatic_options=False)
def list_groups() -> Response:
    """Answer a page of groups (RFC 7644 section 3.4.2)."""
    return list_of("Group", lambda _client: asked())


@blueprint.get("/Groups/<group_id>", provide_automatic_options=False)
def show_group(group_id: str) -> Response:
    """Answer one group (RFC 7644 section 3.4.1)."""
    observed().subject_id = group_id
    with reading() as (session, client):
        found = get_group(session, connection_id=client.connection_id, group_id=group_id)
        return answer_unchanged(found) or _shown(session, client, found)


@blueprint.post("/Groups", provide_automatic_options=False)
def create_one_group() -> Response:
    """Store a group (RFC 7644 section 3.3)."""
    body = json_body()
    with writing() as (session, client):
        written = create_group(session, body, client=client, now=observed().at)
        _note(written)
        return _shown(session, client, written.found, CREATED)


@blueprint.put("/Groups/<group_id>", provide_automatic_options=False)
def replace_one_group(group_id: str) -> Response:
    """Replace a group and its members (RFC 7644 section 3.5.1)."""
    observed().subject_id = group_id
    body = json_body()
    with writing() as (session, client):
        written = replace_group(
            session, group_id, body, if_match=if_match(), client=client, now=observed().at
        )
        _note(written)
        return answer_nothing(written.found) if prefers_minimal() else _shown(session, client, written.found)


@blueprint.patch("/Groups/<group_id>", provide_automatic_options=False)
def patch_one_group(group_id: str) -> Response:
    """Change parts of a group, above all its members (RFC 7644 section 3.5.2)."""
    observed().subject_id = group_id
    body = json_body()
    with writing() as (session, client):
        written = patch_group(session, group_id, body, if_match=if_match(), client=client, now=observed().at)
        _note(written)
        if prefers_minimal() or client.dialect.name in WANTS_NO_BODY or _is_large(session, group_id):
            return answer_nothing(written.found)
        return _shown(session, client, written.found)


@blueprint.delete("/Groups/<group_id>", provide_automatic_options=False)
def delete_one_group(group_id: str) -> Response:
    """Delete a group (RFC 7644 section 3.6)."""
    observed().subject_id = group_id
    with writing() as (session, client):
        delete_group(session, group_id, if_match=if_match(), client=client, now=observed().at)
    return answer_nothing()


def _is_large(session: TenantSession, group_id: str) -> bool:
    """Tell whether the group is too large to answer with, for a client that did not ask for it."""
    wanted = shape(GROUP_RESOURCE)
    if wanted.attributes or not wanted.shows("members"):
        return False
    return count_members(session, group_id, most=MOST_MEMBERS_ANSWERED + 1) > MOST_MEMBERS_ANSWERED


def _note(written: Written) -> None:
    observed().subject_id = written.found.id
    observed().tolerances = written.tolerances


def _shown(session: TenantSession, client: Client, found: Found, status: int = 200) -> Response:
    [document] = render_groups(session, [found], root=client.root, shape=shape(GROUP_RESOURCE))
    return answer_resource(document, found, f"{client.root}/Groups/{found.id}", status)
