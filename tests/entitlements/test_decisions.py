"""Decisions agree with the catalogues, and questions are read strictly."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from bridge.entitlements.decisions import Decision, LimitUse, decide
from bridge.entitlements.evaluation_document import (
    SEMANTICS,
    Evaluation,
    Named,
    parse_evaluation,
    parse_evaluations,
    told_until,
)
from bridge.entitlements.grants import granted
from bridge.errors import InvalidValue
from config.catalogue import plans, roles

#: The catalogues as an administrator reads them, past everything that the bridge makes of them.
FOLDER = Path(config.__file__).parent
PLANS, ROLES = (tomllib.loads((FOLDER / name).read_text()) for name in ("plans.toml", "roles.toml"))
LIMITS = sorted({name for plan in PLANS.values() for name in plan["entitlements"]["limits"]})
PRIVILEGES = sorted({each for role in ROLES.values() for each in role["privileges"]})
FEATURES = sorted({each for plan in PLANS.values() for each in plan["entitlements"]["features"]})

counts = st.integers(0, 2_000_000) | st.sampled_from([0, 1, 599, 600, 601, 9_999, 10_000, 10_001, 1_000_000])
uses = st.none() | st.builds(LimitUse, st.sampled_from(LIMITS), counts, counts)


def by_hand(plan: str, held: list[str], action: str, use: LimitUse | None) -> bool:
    """Read the catalogues a second time, line by line."""
    brings = False
    for role in held:
        for privilege in ROLES.get(role, {"privileges": []})["privileges"]:
            looks_only = plan in PLANS and PLANS[plan]["entitlements"].get("view_only", False)
            if privilege == action and (not looks_only or privilege.split(":")[-1] == "read"):
                brings = True
    if plan in PLANS and action in PLANS[plan]["entitlements"]["features"]:
        brings = True
    if not brings or use is None:
        return brings
    if plan not in PLANS:
        return False
    most = PLANS[plan]["entitlements"]["limits"].get(use.limit)
    return most is None or use.used + use.wanted <= most


@given(
    st.sampled_from([*PLANS, "none"]),
    st.lists(st.sampled_from([*ROLES, "no such role"]), max_size=3),
    st.sampled_from([*PRIVILEGES, *FEATURES, "seats:sell", "exports", ""]),
    uses,
)
def test_decisions_agree_with_the_catalogues(plan: str, held: list[str], action: str, use: LimitUse | None):
    grants = granted(plan, held, plans=plans(), known_roles=roles())
    decided = decide(grants, action, use)
    assert decided.allowed is by_hand(plan, held, action, use)
    assert decided.admin
    assert decided.user


@given(st.sampled_from(list(PLANS)), st.sampled_from(PRIVILEGES), uses, counts)
def test_whoever_wants_more_is_never_allowed_what_less_is_denied(plan, action, use, more):
    grants = granted(plan, sorted(ROLES), plans=plans(), known_roles=roles())
    if use is None or decide(grants, action, use).allowed:
        return
    greater = LimitUse(use.limit, use.used, use.wanted + more)
    assert not decide(grants, action, greater).allowed


def test_a_limit_is_told_with_what_is_left_of_it():
    grants = granted("standard", ["analyst"], plans=plans(), known_roles=roles())
    fits = decide(grants, "data:export", LimitUse("export_rows_per_month", 9_000, 1_000))
    over = decide(grants, "data:export", LimitUse("export_rows_per_month", 9_000, 1_001))
    assert (fits.allowed, over.allowed) == (True, False)
    assert over.user == "Your plan leaves 1000 of 10000 for now."
    assert over.admin == "plan standard allows 10000 export_rows_per_month: 9000 are used, 1001 wanted"


def test_nobody_without_a_plan_has_anything_of_a_limit():
    grants = granted("none", ["analyst"], plans=plans(), known_roles=roles())
    assert decide(grants, "data:export", None).allowed
    assert not decide(grants, "data:export", LimitUse("export_rows_per_month", 0, 1)).allowed


def question(**changed: object) -> dict[str, object]:
    whole = {
        "subject": {"type": "user", "id": "1"},
        "action": {"name": "export"},
        "resource": {"type": "report", "id": "7"},
    }
    return {name: value for name, value in {**whole, **changed}.items() if value is not ...}


def used(**changed: object) -> dict[str, object]:
    told = {"limit": "export_rows_per_month", "used": 9000, "wanted": 2000, **changed}
    return {name: value for name, value in told.items() if value is not ...}


def resource(properties: object) -> dict[str, object]:
    return {"type": "report", "id": "7", "properties": properties}


def subject(**changed: object) -> dict[str, object]:
    return {"type": "user", "id": "ada", **changed}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (question(), Evaluation(Named("1"), "export", None)),
        (question(resource=resource(used())), LimitUse("export_rows_per_month", 9000, 2000)),
        (question(context=used()), LimitUse("export_rows_per_month", 9000, 2000)),
        (question(resource=resource(used(used=1)), context=used(used=2)),
         LimitUse("export_rows_per_month", 1, 2000)),
        (question(subject=subject(properties={"connection": "c"})), Named("ada", "c", "userName")),
        (question(subject=subject(properties={"connection": "c", "attribute": "externalId"})),
         Named("ada", "c", "externalId")),
        (question(subject=subject(type="person", properties={"department": "x"})), Named("ada")),
        (question(context=None, more="ignored"), Evaluation(Named("1"), "export", None)),
    ],
)  # fmt: skip
def test_a_question_is_read(asked: dict[str, object], expected: object):
    read = parse_evaluation(asked, limits=LIMITS)
    assert expected in (read, read.use, read.subject)


@pytest.mark.parametrize(
    "asked",
    [
        {}, question(subject=...), question(action=...), question(resource=...),
        question(subject=[]), question(subject="1"), question(subject=None), question(action=1),
        question(subject={"type": "user"}), question(subject={"id": "1"}), question(subject=subject(id=1)),
        question(subject=subject(id="")), question(subject=subject(id="x" * 1025)),
        question(subject=subject(id="a\0b")), question(subject=subject(type="")),
        question(subject=subject(properties=[])), question(subject=subject(properties={"connection": 1})),
        question(subject=subject(properties={"connection": "c", "attribute": "email"})),
        question(subject=subject(properties={"connection": "c", "attribute": ["userName"]})),
        question(action={"name": ""}), question(action={"name": None}), question(resource={"type": "t"}),
        question(resource={"id": "7"}), question(context=[]), question(resource=resource([])),
        question(context=used(limit="exports")), question(context=used(limit=7)),
        question(context=used(used=...)), question(context=used(wanted=...)), question(context=used(used=-1)),
        question(context=used(used=True)), question(context=used(used=1.5)),
        question(context=used(used="1")), question(context=used(wanted=2**53)),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(asked: dict[str, object]):
    with pytest.raises(InvalidValue):
        parse_evaluation(asked, limits=LIMITS)


def test_parts_of_the_whole_document_complete_each_question():
    document = question(subject=..., evaluations=[
        {"subject": subject(id="1")},
        {"subject": subject(id="2"), "action": {"name": "import"}, "resource": {"type": "t", "id": "8"}},
        {}, "no object",
    ])  # fmt: skip
    batch = parse_evaluations(document, limits=LIMITS, most=4)
    assert batch is not None
    assert batch.semantic == "execute_all"
    first, second, *wrong = batch.items
    assert first == Evaluation(Named("1"), "export", None)
    assert second == Evaluation(Named("2"), "import", None)
    assert all(isinstance(each, InvalidValue) for each in wrong)


def test_without_questions_of_its_own_a_document_is_a_single_one():
    for document in (question(), question(evaluations=[]), question(evaluations=None)):
        assert parse_evaluations(document, limits=LIMITS, most=4) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"evaluations": {}}, {"evaluations": "x"}, {"evaluations": [{}] * 5},
        {"evaluations": [{}], "options": []},
        {"evaluations": [{}], "options": {"evaluations_semantic": "all"}},
        {"evaluations": [{}], "options": {"evaluations_semantic": ["execute_all"]}},
    ],
)  # fmt: skip
def test_a_batch_that_is_none_is_refused(changed: dict[str, object]):
    with pytest.raises(InvalidValue):
        parse_evaluations(question(**changed), limits=LIMITS, most=4)


@given(st.lists(st.booleans(), max_size=6), st.sampled_from(SEMANTICS))
def test_a_semantic_tells_when_to_stop(outcomes: list[bool], semantic: str):
    decisions = [Decision(allowed, "", "") for allowed in outcomes]
    told = [each.allowed for each in told_until(decisions, semantic)]
    assert told == outcomes[: len(told)]
    stop = {"deny_on_first_deny": False, "permit_on_first_permit": True}.get(semantic)
    if stop is None or stop not in outcomes:
        assert told == outcomes
    else:
        assert told.index(stop) == len(told) - 1
