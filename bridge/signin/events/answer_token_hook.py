"""What Okta's token inline hook is answered about a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person
from bridge.entitlements.read_entitlements import read_entitlements
from bridge.signin.events.find_subject import linked_people
from bridge.signin.events.tables import OktaHook
from bridge.signin.events.token_hook import TokenRequest, commands


def answer_token_hook(
    session: TenantSession, hook: OktaHook, request: TokenRequest, *, now: datetime
) -> dict[str, Any]:
    """Return the commands that tell plan and roles in the claims that were chosen.

    There are none for whom the connection does not know: a token without them is a token without rights.
    """
    wanted = [name for name in (hook.plan_claim, hook.roles_claim) if name is not None]
    person_id = _person(session, hook.connection_id, request.user_id) if wanted else None
    if person_id is None:
        return {"commands": []}
    grants = read_entitlements(session, person_id, at=now).grants
    told = {hook.plan_claim: grants.plan, hook.roles_claim: list(grants.roles)}
    claims = {name: value for name, value in told.items() if name is not None}
    return {"commands": commands(request, claims, hook.tokens)}


def _person(session: TenantSession, connection_id: str, external_id: str | None) -> str | None:
    if external_id is None:
        return None
    living = select(Person.id).where(Person.connection_id == connection_id, Person.deleted_at.is_(None))
    provisioned = session.scalar(living.where(Person.external_id == external_id))
    if provisioned is not None:
        return provisioned
    linked = linked_people(session, [external_id], connection_id=connection_id).get(external_id)
    return session.scalar(living.where(Person.id == linked)) if linked else None
