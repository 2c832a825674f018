"""What is carried along while one request is read: its limits, the dialect, what was tolerated."""

from dataclasses import dataclass, field

from bridge.scim.tolerances import (
    ALL_TOLERANCES,
    BODY_TOLERANCES,
    FILTER_TOLERANCES,
    NAME_TOLERANCES,
    OPERATION_TOLERANCES,
    VALUE_TOLERANCES,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of client speaks: the tolerances it needs."""

    name: str
    tolerances: frozenset[str]


_SHARED = BODY_TOLERANCES | OPERATION_TOLERANCES | {"boolean_as_text", "multi_as_object", "two_primaries"}
_ENTRA = _SHARED | VALUE_TOLERANCES | NAME_TOLERANCES | FILTER_TOLERANCES

DIALECTS = {
    each.name: each
    for each in (
        Dialect("strict", frozenset()),
        Dialect("okta", _SHARED | {"extension_without_urn", "text_as_number"}),
        Dialect("entra", _ENTRA),
        Dialect("entra-2020", _ENTRA),
        Dialect("onelogin", _SHARED | NAME_TOLERANCES | {"complex_as_text", "text_as_number"}),
        Dialect("ping", _SHARED | {"pre_ietf_urn", "complex_as_text"}),
        Dialect("jumpcloud", _SHARED | {"extension_without_urn", "text_as_number"}),
        Dialect("google", _SHARED | {"extension_without_urn", "text_as_number"}),
        Dialect("generic", ALL_TOLERANCES),
    )
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a resource or a PATCH is read; a schema bounds the depth by itself.

    ``group_levels`` is how many groups may be in each other in a row.
    """

    text_characters: int = 16 * 1024
    elements: int = 1_000
    members: int = 100_000
    attributes: int = 500
    operations: int = 1_000
    group_levels: int = 10


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Reading:
    """The state of one reading."""

    tolerances: frozenset[str]
    limits: Limits = DEFAULT_LIMITS
    used: dict[str, None] = field(default_factory=dict)
    discarded: dict[str, None] = field(default_factory=dict)

    def allows(self, tolerance: str) -> bool:
        """Return whether the dialect has this tolerance; the caller notes it once it has applied."""
        return tolerance in self.tolerances

    def note(self, tolerance: str) -> None:
        """Remember that a tolerance was needed, once per reading, in order of first use."""
        self.used[tolerance] = None

    def discard(self, name: str) -> None:
        """Remember that an attribute was left out."""
        self.discarded[name] = None
