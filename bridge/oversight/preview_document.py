"""The answer of a preview as JSON: counts, groups of people, money."""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.oversight.administrators import administrators
from bridge.oversight.effects import Effect
from bridge.oversight.price_change import Amounts
from bridge.oversight.try_change import Trial, plans_of, waiting_by_plan

#: Groups of people that are told, the largest first, with the ids of the first people of each.
GROUPS_TOLD = 100
PEOPLE_TOLD = 10


def preview_document(
    trial: Trial,
    effects: Sequence[Effect],
    *,
    administering: frozenset[str],
    invoice: Amounts,
    year: Amounts | None,
) -> dict[str, Any]:
    """Return what a change would do; all people of a group are on the preview's pages."""
    kinds = dict.fromkeys(("gains", "loses", "moves", "roles", "waits"), 0)
    for effect in effects:
        kinds[effect.steps[0].kind] += len(effect.person_ids)
    before, after = plans_of(trial.held_before), plans_of(trial.held_after)
    hands = [administrators(held, administering) for held in (trial.held_before, trial.held_after)]
    return {
        "people": {"affected": len(trial.steps), **kinds, "unreadable": len(trial.unreadable)},
        "groups": [_group(effect) for effect in effects[:GROUPS_TOLD]],
        "plans": [
            {"plan": plan, "before": before[plan], "after": after[plan]}
            for plan in sorted(before.keys() | after.keys())
        ],
        "waiting": _waiting(trial),
        "invoice": invoice.document(),
        "year": None if year is None else year.document(),
        "conflicts": _conflicts(trial.conflicts),
        "unmatched": _people(trial.unmatched),
        "administrators": {
            "before": len(hands[0]),
            "after": len(hands[1]),
            "locks_out": bool(hands[0]) and not hands[1],
        },
    }


def _waiting(trial: Trial) -> list[dict[str, Any]]:
    """Name who would wait for a seat of which plan, and how many wait for one as things are."""
    before, after = waiting_by_plan(trial.held_before), waiting_by_plan(trial.held_after)
    return [
        {"plan": plan, "before": len(before.get(plan, ())), **_people(after.get(plan, ()))}
        for plan in sorted(before.keys() | after.keys())
    ]


def _group(effect: Effect) -> dict[str, Any]:
    return {"steps": [step.document() for step in effect.steps], **_people(effect.person_ids)}


def _conflicts(found: Mapping[tuple[str, ...], Sequence[str]]) -> list[dict[str, Any]]:
    """Name the rules that compete for the same people: the first of them wins."""
    largest = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"rules": list(rules), **_people(people)} for rules, people in largest[:GROUPS_TOLD]]


def _people(ids: Sequence[str]) -> dict[str, Any]:
    return {"people": len(ids), "first": list(ids[:PEOPLE_TOLD])}
