"""Forgetting whom people were at their provider, when they are erased."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update

from bridge.database.sessions import TenantSession
from bridge.signin.tables import GroupQuestion, Identity, RefusedSignIn
from bridge.usage.tables import SignIn


def forget_identities(session: TenantSession, person_ids: Sequence[str]) -> None:
    """Leave no identity of these people, and nothing of them in the list of those who were refused.

    Of their sign-ins only the instants stay, which were billed.
    """
    theirs = select(Identity.subject).where(Identity.person_id.in_(person_ids))
    concerned = or_(RefusedSignIn.person_id.in_(person_ids), RefusedSignIn.subject.in_(theirs))
    unsynchronized = {"synchronize_session": False}
    session.execute(
        update(RefusedSignIn).where(concerned).values(person_id=None, subject=None),
        execution_options=unsynchronized,
    )
    session.execute(
        delete(Identity).where(Identity.person_id.in_(person_ids)), execution_options=unsynchronized
    )
    session.execute(
        delete(GroupQuestion).where(GroupQuestion.person_id.in_(person_ids)), execution_options=unsynchronized
    )
    session.execute(
        update(SignIn).where(SignIn.person_id.in_(person_ids)).values(amr=None, acr=None, auth_time=None),
        execution_options=unsynchronized,
    )
