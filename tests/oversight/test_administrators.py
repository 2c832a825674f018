import pytest

from bridge.billing.runs import closed_until
from bridge.errors import Conflict
from bridge.mapping.role_document import RoleLimits, role_document
from bridge.mapping.rule_document import Limits
from bridge.mapping.set_override import WantedOverride
from bridge.oversight.administrators import administrators_at
from bridge.oversight.apply_previewed import change_rules
from bridge.oversight.change_roles import change_roles
from bridge.oversight.override_person import override_person, stop_overriding
from bridge.oversight.preview_change import WantedRules, preview_rules
from bridge.seats.due import take_due
from config.catalogue import roles
from tests.oversight.company import OPERATOR, TENANT, at

PLANS = {"standard", "premium"}
ADMINS = {"name": "Admins", "when": 'groups.value eq "analysts"', "plan": "standard", "roles": ["admin"]}
SALES = {"name": "Sales", "when": 'groups.value eq "sales"', "plan": "standard"}


def rules(company, *listed, since=None, now="2026-01-05"):
    wanted = WantedRules(
        document={"rules": list(listed)}, known_plans=PLANS, limits=Limits(),
        effective_from=since and at(since),
    )  # fmt: skip
    with company.database.write(TENANT) as session:
        change_rules(
            session, wanted, author="grace", note="", preview_id=None, hours=24, cause=OPERATOR, now=at(now)
        )
    work(company, now)
    return wanted


def work(company, now):
    while take_due(company.database, TENANT, now=at(now), limit=99, closed_until=closed_until):
        pass


def override(company, person, *, now="2026-01-06", start=None, end=None, **held):
    held = {"plan": None, "roles": None, **held}
    wanted = WantedOverride(
        person_id=person, reason="trial", start=start and at(start), end=end and at(end), **held
    )
    with company.database.write(TENANT) as session:
        return override_person(
            session, wanted, author="grace", known_plans=PLANS, most=9, cause=OPERATOR, now=at(now)
        ).override


def hands(company, when="2026-01-20"):
    with company.database.read(TENANT) as session:
        return administrators_at(session, at(when))


@pytest.fixture
def led(company):
    """Ann alone administers; Sam sells."""
    for name, group in (("ann", "analysts"), ("sam", "sales")):
        company.person(name)
        company.joins(name, group, "2026-01-01")
    rules(company, ADMINS, SALES)
    assert hands(company) == ["ann"]
    return company


def test_rules_that_leave_nobody_are_refused_and_change_nothing(led):
    with pytest.raises(Conflict, match="nobody would be left who may assign roles: 1 people may now"):
        rules(led, SALES, now="2026-01-07")
    with pytest.raises(Conflict, match="nobody would be left"):
        rules(led, SALES, since="2026-02-01", now="2026-01-07")
    work(led, "2026-02-07")
    assert hands(led, "2026-02-07") == ["ann"]


def test_a_preview_tells_that_it_would_be_refused(led):
    wanted = WantedRules(document={"rules": [SALES]}, known_plans=PLANS, limits=Limits(), effective_from=None)
    found = preview_rules(led.database, TENANT, wanted, hours=24, now=at("2026-01-07"))
    assert found["administrators"] == {"before": 1, "after": 0, "locks_out": True}


def test_the_role_may_pass_to_somebody_else(led):
    rules(led, {**SALES, "roles": ["admin"]}, now="2026-01-07")
    assert hands(led) == ["sam"]


def test_a_tenant_that_never_had_an_administrator_has_none_to_lose(company):
    rules(company, SALES)
    assert hands(company) == []
    assert company.findings().findings == ()


def test_an_override_does_not_take_the_role_from_the_last_one(led):
    with pytest.raises(Conflict, match="nobody would be left"):
        override(led, "ann", roles=("viewer",))
    with pytest.raises(Conflict, match="nobody would be left"):
        override(led, "ann", roles=(), start="2026-02-01", end="2026-02-02")
    override(led, "ann", plan="premium")  # the roles stay
    second = override(led, "sam", roles=("admin",))
    work(led, "2026-01-08")
    assert hands(led) == ["ann", "sam"]
    rules(led, SALES, now="2026-01-09")
    with pytest.raises(Conflict, match="nobody would be left"), led.database.write(TENANT) as session:
        stop_overriding(session, second.id, at=None, cause=OPERATOR, now=at("2026-01-10"))
    work(led, "2026-01-11")
    assert hands(led) == ["sam"]


def test_a_role_keeps_the_privilege_while_its_last_holder_needs_it(led):
    def apply(document):
        with led.database.write(TENANT) as session:
            return change_roles(
                session, document, author="grace", limits=RoleLimits(), cause=OPERATOR, now=at("2026-01-08")
            )

    powerless = {"name": "Administrator", "privileges": ["people:read"]}
    with pytest.raises(Conflict, match="nobody would be left"):
        apply({"admin": powerless})
    with pytest.raises(Conflict, match="nobody would be left"):
        apply({"admin": powerless, "owner": {"name": "Owner", "privileges": ["roles:assign"]}})
    assert apply(role_document(roles())).applied


def test_an_identity_provider_takes_the_last_one_away_and_that_is_found(led):
    entry = led.leaves("ann", "analysts", "2026-01-20", told="2026-01-20")
    assert entry
    work(led, "2026-01-21")
    assert hands(led, "2026-01-21") == []
    (finding,) = led.findings().findings
    assert (finding.kind, finding.subject.id) == ("administrator_missing", TENANT)
    assert "bridge override set" in finding.remedy
    override(led, "sam", roles=("admin",), now="2026-01-22")  # the way back
    work(led, "2026-01-22")
    assert led.findings().findings == ()
