"""Rules, and the seats that follow from what an identity provider has said until now."""

from datetime import UTC, datetime
from typing import Any

from bridge.mapping.apply_rules import apply_rules
from bridge.seats.due import take_due
from bridge.seats.tables import Seat
from config.catalogue import plan_keys, roles
from tests.database.opened import CAUSE, NOW
from tests.scim_http.speaking import Speaker


def apply(idp: Speaker, *rules: dict[str, object], **more: object) -> None:
    """Put rules in force; conditions stand in ``when``."""
    named = [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules, 1)]
    with idp.app.extensions["bridge"].database.write(idp.tenant_id) as session:
        apply_rules(
            session, {"rules": named, **more}, author="mara", note="", effective_from=NOW,
            known_plans=plan_keys(), known_roles=roles(), cause=CAUSE, now=NOW,
        )  # fmt: skip


def seats(idp: Speaker) -> dict[str, list[Any]]:
    """Draw all consequences, and return each person's seats in order of time."""
    database = idp.app.extensions["bridge"].database
    while take_due(
        database, idp.tenant_id, now=datetime.now(tz=UTC), limit=100, closed_until=lambda _session: None
    ):
        pass
    found: dict[str, list[Any]] = {}
    for seat in sorted(idp.rows(Seat), key=lambda each: each.start):
        found.setdefault(seat.person_id, []).append(seat)
    return found


def held(idp: Speaker) -> dict[str, str]:
    """Return the plan that each person holds now."""
    return {person_id: spans[-1].plan for person_id, spans in seats(idp).items() if spans[-1].end is None}
