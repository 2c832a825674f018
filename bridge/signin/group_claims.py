"""What an ID token says of the groups that somebody is in, and how much of it can be relied on.

Absent means unknown, never none: a provider leaves the claim out, cuts it short or points elsewhere for those
who are in many groups, and nobody may lose anything by being in many groups.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge.scim.text import fault_of, fold

#: ``whole`` names all groups, ``partial`` some of them; ``elsewhere`` says where they can be asked for,
#: ``too_many`` is past our limit, ``unknown`` is anything else, absence above all.
Reach = Literal["whole", "partial", "elsewhere", "too_many", "unknown"]

#: The claim of each preset; a connection may name another one, or none.
GROUP_CLAIM: Mapping[str, str | None] = {"okta": "groups", "entra": "groups", "google": None, "generic": None}

#: Entra names groups by these, in lower case (learn.microsoft.com/entra/identity-platform/id-token-claims).
OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

#: What Okta's functions on groups return at most, without telling that there were more (support.okta.com,
#: "Limitations of Group Functions for Dynamic Allowlists").
OKTA_MOST = 100

OKTA_ADVICE = (
    "the person may be in more than 100 groups that the groups claim matches, and then Okta issues no token: "
    "have the claim's filter match fewer groups"
)

#: Distributed claims (OpenID Connect Core 1.0 section 5.6.2), and what tokens of Entra may have instead.
CLAIM_NAMES, HAS_GROUPS = "_claim_names", "hasgroups"


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group as a provider names it; ``external_id`` where that is its id there, as SCIM has it."""

    text: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """The groups that a claim names, each once, and how far that reaches."""

    reach: Reach
    names: tuple[GroupName, ...] = ()


def read_group_claim(claims: Mapping[str, Any], *, name: str, preset: str, most: int) -> GroupClaim:
    """Read the claim of that name. Nothing in it is an error: what cannot be understood is unknown."""
    if _is_elsewhere(claims, name, preset):
        return GroupClaim("elsewhere")
    given = claims.get(name)
    if isinstance(given, str) and given.strip():
        given = [given]  # some providers send a single group so
    if not isinstance(given, list):
        return GroupClaim("unknown")
    return read_groups(given, preset=preset, most=most)


def without_groups(told: Mapping[str, Any], name: str | None, *, kept: bool) -> Mapping[str, Any]:
    """Return what userinfo tells, where it may not tell of groups without all that does."""
    left_out = set() if kept else {name, CLAIM_NAMES, HAS_GROUPS}
    return {claim: value for claim, value in told.items() if claim not in left_out}


def may_be_too_many_groups(preset: str, name: str | None, description: str) -> bool:
    """Tell whether the words of a refusal are Okta's for a claim that matches more than 100 groups.

    They name too many groups, or a claim that could not be evaluated (support.okta.com, "Groups claim matched
    too many groups"; "Limitations of Group Functions for Dynamic Allowlists").
    """
    said = description.casefold()
    evaluated = "claim" in said and "could not be evaluated" in said
    return preset == "okta" and name is not None and ("too many groups" in said or evaluated)


def with_okta_advice(told: str, preset: str, name: str | None) -> str:
    """Return what is told of a refusal without a known reason, at Okta with what it may be."""
    if preset != "okta" or name is None:
        return told
    return f"{told}; if it does so for some people only, {OKTA_ADVICE}"


def read_groups(given: Sequence[object], *, preset: str, most: int) -> GroupClaim:
    """Read the groups of a list, of a claim or of what the provider was asked for."""
    if len(given) > most:
        return GroupClaim("too_many")
    texts = [each for each in given if isinstance(each, str) and each.strip()]
    may_be_cut = preset == "okta" and len(given) == OKTA_MOST
    # An element that is no name may be any group: whoever is in it must not leave it for that.
    reach: Reach = "partial" if may_be_cut or len(texts) < len(given) else "whole"
    names = {fold(each): _group_name(each, preset) for each in reversed(texts) if fault_of(each) is None}
    return GroupClaim(reach, tuple(reversed(names.values())))


def _is_elsewhere(claims: Mapping[str, Any], name: str, preset: str) -> bool:
    named = claims.get(CLAIM_NAMES)
    own = {name, "groups"} if preset == "entra" else {name}
    if isinstance(named, dict) and own & named.keys():
        return True
    return preset == "entra" and claims.get(HAS_GROUPS) in (True, "true")


def _group_name(text: str, preset: str) -> GroupName:
    if preset == "entra" and OBJECT_ID.fullmatch(text):
        return GroupName(text.lower(), text.lower())
    return GroupName(text)
