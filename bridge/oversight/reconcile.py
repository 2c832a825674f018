"""Reconciliation: everything is computed again from facts and compared with what is stored."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Literal

from sqlalchemy import select

from bridge.billing.creditable import creditable
from bridge.billing.draft_invoice import IssuedPeriod, differences_of, pending_changes, unsettled_periods
from bridge.billing.issued_credit_notes import all_credit_notes, verify_credit_note
from bridge.billing.issued_invoices import list_invoices, verify_invoice
from bridge.billing.local_days import midnight
from bridge.billing.money import format_minor
from bridge.billing.price_run import tenant_of
from bridge.billing.tables import InvoiceCounter
from bridge.database.ids import new_id
from bridge.database.one_of import one_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.read_joins import neighbours
from bridge.directory.recount import correct_counts, miscounts
from bridge.directory.tables import ChangeDue, Person
from bridge.journal.record import Cause, Subject, record
from bridge.oversight.administrators import administrators_at
from bridge.seats.compute import compute
from bridge.seats.differences import StoredSpan, keep_settled
from bridge.seats.hold_back import hold_back
from bridge.seats.line_up import let_wait
from bridge.seats.stored_spans import read_stored
from bridge.seats.tables import LateChange, SeatLimitSet
from bridge.seats.timeline import Span
from config.settings import settings

Kind = Literal[
    "seats_differ",
    "seats_overlap",
    "facts_unreadable",
    "amount_differs",
    "invoice_altered",
    "credit_note_altered",
    "credited_too_much",
    "number_missing",
    "administrator_missing",
    "count_differs",
]

REMEDY: dict[Kind, str] = {
    "seats_differ": "repair marks the person due, so that the seats are computed again",
    "seats_overlap": "repair marks the person due, so that the seats are computed again",
    "facts_unreadable": "the facts of the person contradict each other; see the provisioning log",
    "amount_differs": "repair notes a late change, so that the next invoice carries the difference",
    "invoice_altered": "restore the invoice from a backup: an issued invoice never changes",
    "credit_note_altered": "restore the credit note from a backup: an issued credit note never changes",
    "credited_too_much": "credit notes give back more than came in: see who wrote to the tables behind the "
    "bridge's back, and restore them from a backup",
    "number_missing": "restore what is missing from a backup: what has a number is never deleted",
    "administrator_missing": "the operator, or whoever has an API key with rules:write, gives somebody the "
    "role by an override: `bridge override set TENANT PERSON --role admin`",
    "count_differs": "repair notes the difference, so that lists tell again how long they are",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: what was expected, what was found, what to do."""

    kind: Kind
    subject: Subject
    expected: str
    found: str
    since: datetime | None = None

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDY[self.kind]

    def document(self) -> dict[str, str]:
        """Return it for JSON."""
        return {
            "kind": self.kind,
            "subject": self.subject.kind,
            "id": self.subject.id,
            "expected": self.expected,
            "found": self.found,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings, at most ``limit`` of them, with how much was looked at."""

    at: datetime
    findings: tuple[Finding, ...]
    people: int
    invoices: int
    truncated: bool


def reconcile(database: Database, tenant_id: str, *, now: datetime, limit: int = 1_000) -> Findings:
    """Compare the seats and invoices of a tenant with what its facts say. Nothing is written.

    People whose changes are still to be computed are left out, as are periods that late changes reach and the
    next invoice adjusts. Raises ``NotFound`` for an unknown tenant.
    """
    with database.read(tenant_id) as session:
        tenant_of(session)
        people = list(session.scalars(select(Person.id).order_by(Person.id)))
        invoices = len(list_invoices(session))
    found = list(islice(_all(database, tenant_id, people, now=now), limit + 1))
    return Findings(now, tuple(found[:limit]), len(people), invoices, truncated=len(found) > limit)


def repair(
    database: Database, tenant_id: str, findings: Sequence[Finding], *, cause: Cause, now: datetime
) -> int:
    """Have seats computed again, differences invoiced and lengths corrected, where that helps.

    Return for how many findings.
    """
    seats = {each.subject for each in findings if each.kind in {"seats_differ", "seats_overlap"}}
    amounts = [each for each in findings if each.kind == "amount_differs"]
    counts = [each for each in findings if each.kind == "count_differs"]
    if not seats and not amounts and not counts:
        return 0
    with database.write(tenant_id) as session:
        entry = record(
            session, "oversight:tenant:repair", Subject("tenant", tenant_id), cause=cause, at=now,
            details={"people": len(seats), "amounts": len(amounts), "counts": len(counts)},
        )  # fmt: skip
        correct_counts(session, {each.subject.id for each in counts}, now=now)
        mark_due(session, seats, cause_id=entry, now=now)
        rows = [
            {
                "tenant_id": tenant_id, "id": new_id(now), "person_id": each.subject.id,
                "since": each.since, "cause_id": entry, "recorded_at": now,
            }
            for each in amounts
        ]  # fmt: skip
        if rows:
            session.add_rows(LateChange, rows)
    return len(seats) + len(amounts) + len(counts)


def _all(database: Database, tenant_id: str, people: Sequence[str], *, now: datetime) -> Iterator[Finding]:
    size = settings().assignment_batch
    for first in range(0, len(people), size):
        yield from _seat_findings(database, tenant_id, people[first : first + size])
    with database.read(tenant_id) as session:
        yield from _administrator_findings(session, now)
        yield from _count_findings(session)
        yield from _period_findings(session)
        yield from _invoice_findings(session)
        yield from _credit_note_findings(session)
        yield from _number_findings(session)


def _seat_findings(database: Database, tenant_id: str, people: Sequence[str]) -> list[Finding]:
    """Look twice at whoever differs: facts and seats are read one after the other while work goes on."""
    suspects: Collection[str] = people
    found: list[Finding] = []
    for _look in range(2):
        with database.read(tenant_id) as session:
            found = list(_compared(session, suspects))
        suspects = {each.subject.id for each in found}
        if not suspects:
            break
    return found


def _compared(session: TenantSession, people: Collection[str]) -> Iterator[Finding]:
    settled_until = tenant_of(session).settled_until
    known = read_stored(session, people)
    stored = {person_id: [each.span for each in spans] for person_id, spans in known.items()}
    computed = compute(session, people)
    hold_back(session, computed)
    joined = neighbours(session, people)
    asked = {*people, *(id_ for known in joined.values() for id_ in known)}
    waiting = set(session.scalars(select(ChangeDue.subject_id).where(one_of(ChangeDue.subject_id, asked))))
    due = {id_ for id_ in people if id_ in waiting or not waiting.isdisjoint(joined.get(id_, ()))}
    due |= _limited_anew(session, stored)
    # Others wait, or do not, by what is stored of those whose turn is still to come.
    settled = computed.of(computed.spans.keys() - due)
    let_wait(session, settled)
    for person_id, error in computed.errors.items():
        yield Finding("facts_unreadable", Subject("person", person_id), "a timeline", error)
    for person_id, computed_spans in settled.spans.items():
        spans = stored.get(person_id, [])
        subject = Subject("person", person_id)
        for before, after in pairwise(spans):
            if before.end is None or before.end > after.start:
                yield Finding("seats_overlap", subject, "one seat at a time", _shown([before, after]))
        kept = [StoredSpan(span, span.start) for span in spans]
        wanted = keep_settled(kept, computed_spans, settled_until, cause_id="")
        if tuple(wanted) != tuple(spans):
            yield Finding("seats_differ", subject, _shown(wanted), _shown(spans))


def _limited_anew(session: TenantSession, stored: Mapping[str, Sequence[Span]]) -> set[str]:
    """Return those who hold or want a plan whose limit has changed without its people being computed yet."""
    due = select(ChangeDue.cause_id).where(ChangeDue.tenant_id == session.tenant_id)
    plans = set(session.scalars(select(SeatLimitSet.plan).where(SeatLimitSet.cause_id.in_(due))))
    return {
        person_id for person_id, spans in stored.items()
        if any((span.waits_for or span.plan) in plans for span in spans)
    }  # fmt: skip


def _shown(spans: Sequence[Span]) -> str:
    if not spans:
        return "no seat"
    return "; ".join(
        f"{'waiting for ' if span.waits_for else ''}{span.waits_for or span.plan} by {span.rule} "
        f"from {span.start.isoformat()} to {span.end.isoformat() if span.end else 'open'}"
        for span in spans[-5:]
    )


def _period_findings(session: TenantSession) -> Iterator[Finding]:
    timezone = tenant_of(session).timezone
    since = min((change.since for change in pending_changes(session)), default=None)
    for issued in unsettled_periods(session):
        if since is None or midnight(issued.period.end, timezone) <= since:
            yield from _amount_findings(session, issued, midnight(issued.period.start, timezone))


def _amount_findings(session: TenantSession, issued: IssuedPeriod, since: datetime) -> Iterator[Finding]:
    currency = tenant_of(session).currency
    for share in differences_of(session, issued, ()):
        where = f"plan {share.plan}, {issued.period.start} to {issued.period.end}"
        yield Finding(
            "amount_differs",
            Subject("person", share.person_id or ""),
            f"no difference in {where}",
            f"{format_minor(share.amount_minor, currency)} {currency} more than issued",
            since,
        )


def _administrator_findings(session: TenantSession, now: datetime) -> Iterator[Finding]:
    """Tell that whoever might assign roles has gone: an identity provider may do that, nobody else."""
    ever = administrators_at(session, None)
    if ever and not administrators_at(session, now):
        found = f"none of the {len(ever)} who ever might, or will"
        subject = Subject("tenant", session.tenant_id)
        yield Finding("administrator_missing", subject, "somebody who may assign roles", found)


def _count_findings(session: TenantSession) -> Iterator[Finding]:
    for wrong in miscounts(session):
        subject = Subject("connection", wrong.connection_id)
        said = {"person": "people", "group": "groups"}[wrong.kind]
        yield Finding("count_differs", subject, f"{wrong.living} living {said}", f"{wrong.noted} noted")


def _invoice_findings(session: TenantSession) -> Iterator[Finding]:
    for invoice in list_invoices(session):
        subject = Subject("invoice", invoice.id)
        for wrong in verify_invoice(session, invoice.id):
            found = f"{wrong.what}: {wrong.found}"
            yield Finding("invoice_altered", subject, f"{wrong.what}: {wrong.expected}", found)


def _credit_note_findings(session: TenantSession) -> Iterator[Finding]:
    """Tell of credit notes that are not what was issued, and of those that give back more than came in."""
    notes = all_credit_notes(session)
    for note in notes:
        for wrong in verify_credit_note(session, note.id):
            subject = Subject("credit_note", note.id)
            found = f"{wrong.what}: {wrong.found}"
            yield Finding("credit_note_altered", subject, f"{wrong.what}: {wrong.expected}", found)
    for invoice_id in sorted({note.invoice_id for note in notes}):
        paid = creditable(session, invoice_id)
        subject = Subject("invoice", invoice_id)
        if paid is None:
            yield Finding("credited_too_much", subject, "a paid invoice", "credit notes, and no payment")
            continue
        left = min(paid.left_minor, sum(share.gross for share in paid.left))
        if left < 0:
            found = f"{-left} minor units more"
            yield Finding("credited_too_much", subject, "at most what was charged, and paid", found)


def _number_findings(session: TenantSession) -> Iterator[Finding]:
    counter = session.scalar(select(InvoiceCounter))
    series = (
        ("invoice", counter and counter.last_number, list_invoices(session)),
        ("credit_note", counter and counter.last_credit_note, all_credit_notes(session)),
    )
    for kind, last, issued in series:
        numbers = {each.number for each in issued}
        for number in sorted(set(range(1, (last or 0) + 1)) ^ numbers):
            found = "a number that the counter does not know" if number in numbers else f"no {kind}"
            yield Finding("number_missing", Subject(kind, str(number)), f"{kind}s 1 to {last or 0}", found)
