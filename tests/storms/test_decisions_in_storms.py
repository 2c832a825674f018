"""That a decision on access tells the same as entitlements while a storm holds seats."""

import pytest

from bridge.entitlements.decide import decide_all
from bridge.entitlements.evaluation_document import Evaluation, Named
from bridge.entitlements.read_entitlements import read_entitlements
from config.catalogue import plans
from tests.storms.mill import Mill, at

NAMES = [f"p{number:02}" for number in range(40)]
FEATURES = sorted({each for plan in plans().values() for each in plan.features})
NIGHT, LATER = at("01-20 02:00"), at("01-20 09:00")


@pytest.fixture
def mill(database):
    mill = Mill(database)
    mill.hires(*NAMES)
    mill.works(at("01-02 00:00"))
    return mill


@pytest.mark.parametrize("change", ["deactivated", "taken out of their group"])
def test_who_is_in_a_storm_may_do_what_the_facts_alone_allow(mill, change):
    if change == "deactivated":
        mill.fires(*NAMES[:12], when=NIGHT)
    else:
        mill.moves("remove", "staff", *NAMES[:12], when=NIGHT)
    mill.works(LATER)
    assert len(mill.storms) == 1
    people = [mill.ids[name] for name in NAMES]
    with mill.database.read(mill.tenant_id) as session:
        grants = {each: read_entitlements(session, each, at=LATER).grants for each in people}
    asked = [Evaluation(Named(each), feature, None) for each in people for feature in FEATURES]
    alone = [Evaluation(Named(people[0]), "export", None)]
    with mill.database.read(mill.tenant_id) as session:
        decided = decide_all(session, asked, at=LATER)
        [lost] = decide_all(session, alone, at=LATER)
    for question, decision in zip(asked, decided, strict=True):
        assert decision.allowed is grants[question.subject.text].allows(question.action)
    assert {decision.allowed for decision in decided} == {True, False}
    assert not lost.allowed
