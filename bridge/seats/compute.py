"""Computing the timelines of a batch of people, so that one whose facts are broken stops nobody else."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.database.sessions import TenantSession
from bridge.directory.facts import JoinFact, PersonFacts
from bridge.directory.read_facts import read_facts
from bridge.mapping.read_overrides import read_overrides
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.seats.timeline import Span, timeline


@dataclass(slots=True)
class Computed:
    """Spans by person, and by person the error of those whose timeline could not be computed.

    ``joins`` are the times in which each of them counted as another.
    """

    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    joins: dict[str, tuple[JoinFact, ...]] = field(default_factory=dict)

    def of(self, person_ids: Collection[str]) -> "Computed":
        """Return the part that concerns these people."""
        return Computed(
            {person_id: self.spans[person_id] for person_id in person_ids if person_id in self.spans},
            {person_id: self.errors[person_id] for person_id in person_ids if person_id in self.errors},
            {person_id: self.joins[person_id] for person_id in person_ids if person_id in self.joins},
        )


def compute(session: TenantSession, person_ids: Collection[str]) -> Computed:
    """Read the facts of these people and compute their timelines; people who do not exist are left out."""
    computed = Computed()
    rule_sets = rule_sets_in_force(session)
    facts = _facts(session, person_ids, computed)
    overrides = read_overrides(session, facts)
    for person_id, known in facts.items():
        with noting(computed, person_id):
            own = overrides.get(person_id, ())
            computed.spans[person_id] = timeline(known, rule_sets, overrides=own)
            computed.joins[person_id] = known.away
    return computed


def _facts(
    session: TenantSession, person_ids: Collection[str], computed: Computed
) -> Mapping[str, PersonFacts]:
    """Read all facts at once, or person by person where a stored document cannot be read."""
    together = Computed()
    with noting(together, ""), session.begin_nested():
        return read_facts(session, person_ids)
    found: dict[str, PersonFacts] = {}
    for person_id in person_ids:
        with noting(computed, person_id), session.begin_nested():
            found.update(read_facts(session, [person_id]))
    return found


@contextmanager
def noting(computed: Computed, person_id: str) -> Iterator[None]:
    """Note what is raised inside as this person's error, unless the database itself is the trouble."""
    try:
        yield
    except Exception as error:
        if is_trouble_of_the_database(error):
            raise
        computed.errors[person_id] = described(error)


def is_trouble_of_the_database(error: Exception) -> bool:
    """Tell a lost connection, a deadlock or a full disk from a value that cannot be stored."""
    return isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def described(error: Exception) -> str:
    """Name the error without the values in its message, which may be a person's."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" in {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}"
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}{where}"
