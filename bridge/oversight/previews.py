"""Keeping of previews, so that a change is applied as it was shown."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, NotFound, Stale
from bridge.oversight.effects import Effect, moved_between, steps_from
from bridge.oversight.tables import Preview, PreviewPeople

PAGE_PEOPLE = 1_000
#: Ids that an error names; the preview made anew shows all.
IDS_TOLD = 50


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a JSON document, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def keep_preview(
    session: TenantSession,
    document: Mapping[str, Any],
    effects: Sequence[Effect],
    *,
    kind: str,
    subject: str,
    starts_at: datetime | None,
    hours: int,
    now: datetime,
) -> str:
    """Store a preview and return its id; those older than ``hours`` are forgotten."""
    old = select(Preview.id).where(Preview.created_at < now - timedelta(hours=hours))
    gone = session.scalars(old).all()
    if gone:
        session.execute(delete(PreviewPeople).where(PreviewPeople.preview_id.in_(gone)))
        session.execute(delete(Preview).where(Preview.id.in_(gone)))
    id_ = new_id(now)
    row = {
        "tenant_id": session.tenant_id,
        "id": id_,
        "kind": kind,
        "subject": subject,
        "starts_at": starts_at,
        "created_at": now,
        "digest": _digest(effects),
        "document": dict(document),
    }
    session.add_rows(Preview, [row])
    pages = [
        {
            "tenant_id": session.tenant_id,
            "preview_id": id_,
            "page": page,
            "steps": [step.document() for step in effect.steps],
            "person_ids": list(person_ids),
        }
        for page, (effect, person_ids) in enumerate(_pages(effects))
    ]
    if pages:
        session.add_rows(PreviewPeople, pages)
    return id_


def find_preview(session: TenantSession, preview_id: str, *, hours: int, now: datetime) -> Preview:
    """Return a preview. Raises ``NotFound`` for one that is unknown or older than ``hours``."""
    row: Preview | None = session.scalar(select(Preview).where(Preview.id == preview_id))
    if row is None or row.created_at < now - timedelta(hours=hours):
        raise NotFound(
            f"there is no preview {preview_id[:60]}, or it is older than {hours} hours: preview again",
            pointer="/preview_id",
        )
    return row


def preview_page(session: TenantSession, preview_id: str, page: int) -> tuple[PreviewPeople | None, bool]:
    """Return one page of the affected people, with whether another follows."""
    rows = select(PreviewPeople).where(PreviewPeople.preview_id == preview_id, PreviewPeople.page >= page)
    found = session.scalars(rows.order_by(PreviewPeople.page).limit(2)).all()
    return (found[0] if found else None), len(found) > 1


def refuse_another(preview: Preview, *, kind: str, subject: str, starts_at: datetime | None) -> None:
    """Refuse to apply something else than what was previewed. Raises ``Conflict``."""
    if (preview.kind, preview.subject, preview.starts_at) != (kind, subject, starts_at):
        raise Conflict(
            f"the preview {preview.id} is of something else: apply the same document from the same instant, "
            "or preview this one",
            pointer="/preview_id",
        )


def refuse_stale(session: TenantSession, preview: Preview, effects: Sequence[Effect]) -> None:
    """Refuse what would now do something else to anybody than the preview says. Raises ``Stale``."""
    if preview.digest == _digest(effects):
        return
    rows = select(PreviewPeople).where(PreviewPeople.preview_id == preview.id)
    shown = [Effect(steps_from(row.steps), tuple(row.person_ids)) for row in session.scalars(rows)]
    moved = moved_between(shown, effects)
    more = f" and {len(moved) - IDS_TOLD} more" if len(moved) > IDS_TOLD else ""
    told = ", ".join(moved[:IDS_TOLD]) + more
    raise Stale(
        f"{len(moved)} people would be affected otherwise than previewed: {told}; preview again",
        pointer="/preview_id",
    )


def _digest(effects: Sequence[Effect]) -> str:
    """Digest who is affected, and how."""
    digest = hashlib.sha256()
    for effect in effects:
        digest.update(orjson.dumps([[step.document() for step in effect.steps], effect.person_ids]))
    return digest.hexdigest()


def _pages(effects: Sequence[Effect]) -> Iterator[tuple[Effect, Sequence[str]]]:
    for effect in effects:
        for first in range(0, len(effect.person_ids), PAGE_PEOPLE):
            yield effect, effect.person_ids[first : first + PAGE_PEOPLE]
