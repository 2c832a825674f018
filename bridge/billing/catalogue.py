"""The plans a customer starts with, read from the text of the catalogue."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.billing.pricing import reading
from bridge.billing.pricing.reading import DEFAULT_LIMITS, JsonObject, Limits
from bridge.billing.pricing.term_document import parse_term
from bridge.errors import InvalidSyntax, InvalidValue

_PLAN = frozenset({"rank", "name", "description", "entitlements", "terms"})
_ENTITLEMENTS = frozenset({"features", "limits", "view_only"})
_CHECKED_IN = "USD"  # terms name no currency; they must be readable in the one they were chosen for


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan is called, what its holders may do and what a month of it costs."""

    key: str
    rank: int
    name: str
    description: str
    features: tuple[str, ...]
    limits: Mapping[str, int]
    """How much of a thing a holder may have; a thing without a limit is not named."""
    terms: JsonObject
    """The price terms of a month as a document of the quote, in the currency of whoever is billed."""


def load_plans(toml_text: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, Plan]:
    """Read the plans by key, in the order of the text.

    Raises InvalidSyntax for what is no TOML, InvalidValue for a plan that cannot be billed or shares its
    rank.
    """
    try:
        raw = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as bad:
        raise InvalidSyntax(f"the catalogue of plans is no TOML: {bad}") from bad
    plans = {key: _plan(key, value, limits) for key, value in raw.items()}
    by_rank: dict[int, str] = {}
    for plan in plans.values():
        other = by_rank.setdefault(plan.rank, plan.key)
        if other != plan.key:
            raise InvalidValue(
                f"found {plan.rank}, the rank of {other}, allowed a rank of its own",
                pointer=f"/{plan.key}/rank",
            )
    return plans


def _plan(key: str, value: object, limits: Limits) -> Plan:
    at = f"/{reading.escaped(key)}"
    raw = reading.obj(value, at, _PLAN)
    rank = reading.whole(raw, "rank", at, limits.count)
    if rank is None:
        raise reading.missing(f"{at}/rank", "an integer")
    terms = {"plan": key, "rank": rank, **reading.obj(raw.get("terms"), f"{at}/terms")}
    parse_term(terms, f"{at}/terms", currency=_CHECKED_IN, limits=limits)
    features, allowances = _entitlements(raw, at, limits)
    return Plan(
        key=key,
        rank=rank,
        name=reading.text(raw, "name", at, limits),
        description=reading.text(raw, "description", at, limits),
        features=features,
        limits=allowances,
        terms=terms,
    )


def _entitlements(raw: JsonObject, at: str, limits: Limits) -> tuple[tuple[str, ...], dict[str, int]]:
    place = f"{at}/entitlements"
    row = reading.obj(raw.get("entitlements"), place, _ENTITLEMENTS)
    features: list[Any] = list(reading.listed(row, "features", place, limits.terms, required=True))
    for index, feature in enumerate(features):
        if not isinstance(feature, str):
            raise reading.refusal(f"{place}/features/{index}", feature, "the name of a feature")
    reading.truth(row, "view_only", place, default=False)
    allowances = reading.obj(row.get("limits", {}), f"{place}/limits")
    for name in allowances:
        reading.whole(allowances, name, f"{place}/limits", limits.count)
    return tuple(features), allowances
