"""The reasons behind a seat or a share of an invoice, as values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.billing.invoice_document import person_document
from bridge.billing.invoice_draft import PersonShare
from bridge.directory.facts import JoinFact
from bridge.mapping.overrides import Override
from bridge.seats.browse_lines import Waiting


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened, as the journal has it; ``request_id`` finds the request in the provisioning log.

    ``actor_id`` is the connection where ``actor_kind`` is connection.
    """

    entry_id: str
    action: str
    at: datetime
    actor_kind: str
    actor_id: str
    request_id: str

    def document(self) -> dict[str, str]:
        """Return it for JSON."""
        return {
            "entry": self.entry_id,
            "action": self.action,
            "at": self.at.isoformat(),
            "actor_kind": self.actor_kind,
            "actor": self.actor_id,
            "request": self.request_id,
        }


@dataclass(frozen=True, slots=True)
class NamedGroup:
    """A group with the name it had at the time."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule, in the order of the rules."""

    rule: str
    outcome: str


@dataclass(frozen=True, slots=True)
class SpanReason:
    """A span of a seat: what was held from ``start`` until ``end``, and what made it so.

    ``override`` is the one that decided when the span began. With a ``storm_id`` it is held back: it is
    billed, and gives no access. One that ``waits_for`` a plan has none yet.
    """

    start: datetime
    end: datetime | None
    plan: str
    roles: tuple[str, ...]
    department: str | None
    cost_centre: str | None
    rule_set_id: str
    rule_set_version: int | None
    rule: str
    groups: tuple[NamedGroup, ...]
    started_by: Fact | None
    ended_by: Fact | None
    override: Override | None = None
    storm_id: str | None = None
    waits_for: str | None = None
    withheld_roles: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "plan": self.plan,
            "roles": list(self.roles),
            "department": self.department,
            "cost_centre": self.cost_centre,
            "rule_set": self.rule_set_id,
            "rule_set_version": self.rule_set_version,
            "rule": self.rule,
            "groups": [{"id": group.id, "name": group.name} for group in self.groups],
            "override": override_document(self.override),
            "started_by": self.started_by.document() if self.started_by else None,
            "ended_by": self.ended_by.document() if self.ended_by else None,
            "storm": self.storm_id,
            "waits_for": self.waits_for,
            "withheld_roles": list(self.withheld_roles),
        }


@dataclass(frozen=True, slots=True)
class JoinReason:
    """A join that stands at the instant: the account counts as the person; and who made it so."""

    join: JoinFact
    started_by: Fact | None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "account": self.join.account_id,
            "person": self.join.person_id,
            "since": self.join.start.isoformat(),
            "until": self.join.end.isoformat() if self.join.end else None,
            "made_by": self.join.made_by,
            "reason": self.join.reason,
            "started_by": self.started_by.document() if self.started_by else None,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person holds at an instant, and why. ``because`` says it in a sentence.

    ``span`` is None where nothing is held; ``considered`` lists every rule of the version in force; ``joins``
    are those that the person takes part in at the instant, on either side; ``override`` decides then;
    ``waiting`` is the place in the line of a plan whose seats are all held.
    """

    person_id: str
    at: datetime
    plan: str
    roles: tuple[str, ...]
    because: str
    span: SpanReason | None
    considered: tuple[RuleOutcome, ...]
    joins: tuple[JoinReason, ...] = ()
    override: Override | None = None
    waiting: Waiting | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "person": self.person_id,
            "at": self.at.isoformat(),
            "plan": self.plan,
            "roles": list(self.roles),
            "since": self.span.start.isoformat() if self.span else None,
            "because": self.because,
            "span": self.span.document() if self.span else None,
            "rules": [{"rule": each.rule, "outcome": each.outcome} for each in self.considered],
            "joins": [join.document() for join in self.joins],
            "override": override_document(self.override),
            "waiting": self.waiting.document() if self.waiting else None,
        }


@dataclass(frozen=True, slots=True)
class ShareExplanation:
    """One share of an invoice, and why: the spans held in its period, the late fact, or the price term."""

    share: PersonShare
    currency: str
    because: str
    spans: tuple[SpanReason, ...]
    cause: Fact | None
    term: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return person_document(self.share, self.currency) | {
            "because": self.because,
            "spans": [span.document() for span in self.spans],
            "cause": self.cause.document() if self.cause else None,
            "term": self.term,
        }


def override_document(override: Override | None) -> dict[str, Any] | None:
    """Return an override for JSON."""
    if override is None:
        return None
    return {
        "id": override.id,
        "person": override.person_id,
        "start": override.start.isoformat(),
        "end": override.end.isoformat() if override.end else None,
        "plan": override.plan,
        "roles": None if override.roles is None else list(override.roles),
        "reason": override.reason,
        "author": override.author,
    }
