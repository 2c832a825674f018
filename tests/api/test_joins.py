"""Two connections that know the same human: one seat, one line of the invoice, told with its reasons."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.access.grant import grant_token
from bridge.directory.read_proposals import read_proposals
from bridge.tenants.create import create_connection
from tests.api.customers import CAUSE, SEPTEMBER, Running, add_customer, group, user

OCTOBER_1 = datetime(2026, 10, 2, 9, tzinfo=UTC)


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 9, number, hour, tzinfo=UTC)


class Company:
    """A customer with two connections, whose clock the tests drive."""

    def __init__(self, running: Running, name: str) -> None:
        self.running = running
        running.set_clock(SEPTEMBER)
        self.first = add_customer(running, name)
        later = SEPTEMBER + timedelta(minutes=1)  # of two connections the earlier one's account is the person
        given = {"cause": CAUSE, "now": later}
        with running.database.write(self.first.tenant_id) as session:
            entra = create_connection(session, name="Entra", kind="entra", dialect=None, live=True, **given)
            token = grant_token(session, entra.id, seal=running.parts.seal, lifetime=None, **given)
        running.set_clock(later)
        self.connections = [self.first.ids["connection"], entra.id]
        self.tokens = [self.first.token, token.secret]

    def scim(self, connection: int, method: str, path: str, body: object = None):
        answer = self.running.ask(method, f"/scim/v2{path}", self.tokens[connection], body)
        assert answer.status_code < 300, answer.json
        return answer.json

    def api(self, method: str, path: str, body: object = None):
        return self.running.api(self.first, method, path, body)

    def everybody_has_a_seat(self) -> None:
        rules = {"rules": [{"name": "All", "when": "active eq true", "plan": "standard"}]}
        assert self.api("POST", "/rule-sets", rules).status_code == 201

    def invoiced(self) -> dict[str, int]:
        """Close September and return the billable days of each person on the invoice."""
        self.running.set_clock(OCTOBER_1)
        invoice = self.api("POST", "/invoices", {})
        assert invoice.status_code == 200, invoice.json
        people = self.api("GET", f"/invoices/{invoice.json['id']}/people?limit=50").json["items"]
        found = {each["person"]: each["billable_days"] for each in people if each["person"]}
        assert len(found) == len(people)
        findings = self.api("GET", "/reconciliation").json["findings"]
        assert findings == []
        return found


@pytest.fixture
def company(running: Running, request: pytest.FixtureRequest) -> Company:
    return Company(running, request.node.name[:80])


def test_one_human_in_two_connections_is_one_seat_and_one_line_of_the_invoice(company: Company):
    company.everybody_has_a_seat()
    okta = company.scim(0, "POST", "/Users", user("ada"))["id"]
    entra = company.scim(1, "POST", "/Users", user("ada"))["id"]
    body = {"account_id": entra, "reason": "same contract"}
    assert company.api("POST", f"/people/{okta}/accounts", body).json == {"joined": 1}
    invoiced = company.invoiced()
    assert invoiced.pop(okta) == 30
    assert set(invoiced) <= {entra}  # the moment before the join
    assert company.api("GET", "/seats/counts").json["plans"] == {"standard": 1}


def test_separated_in_the_middle_of_the_month_they_are_two_from_then_on(company: Company):
    okta = company.scim(0, "POST", "/Users", user("ada"))["id"]
    entra = company.scim(1, "POST", "/Users", user("ada"))["id"]
    company.api("POST", f"/people/{okta}/accounts", {"account_id": entra, "reason": "same contract"})
    company.running.set_clock(day(2))
    company.everybody_has_a_seat()
    company.running.set_clock(day(16))
    assert company.api("DELETE", f"/people/{okta}/accounts/{entra}").status_code == 204
    assert company.invoiced() == {okta: 29, entra: 15}
    counts = [company.api("GET", f"/seats/counts?at=2026-09-{at}T12:00:00Z").json for at in ("15", "17")]
    assert [each["plans"] for each in counts] == [{"standard": 1}, {"standard": 2}]


def test_a_person_whose_own_account_goes_is_billed_on_as_the_same_person(company: Company):
    okta = company.scim(0, "POST", "/Users", user("ada"))["id"]
    entra = company.scim(1, "POST", "/Users", user("ada"))["id"]
    company.api("POST", f"/people/{okta}/accounts", {"account_id": entra, "reason": "same contract"})
    company.running.set_clock(day(2))
    company.everybody_has_a_seat()
    company.running.set_clock(day(10))
    assert company.running.ask("DELETE", f"/scim/v2/Users/{okta}", company.tokens[0]).status_code == 204
    company.running.set_clock(day(20))
    company.scim(0, "POST", "/Users", user("ada"))
    assert company.invoiced() == {okta: 29}


def test_many_proposals_are_confirmed_with_one_request(company: Company):
    chosen = {"attribute": "externalId", "connections": company.connections}
    assert company.api("POST", "/join-attributes", chosen).status_code == 201
    assert company.api("POST", "/join-attributes", chosen).json["applied"] is False
    for name in ("ada", "grace", "hedy"):
        for connection in (0, 1):
            company.scim(connection, "POST", "/Users", user(name))
    proposed = company.api("GET", "/join-proposals").json
    assert (proposed["attribute"], proposed["truncated"]) == ("externalId", False)
    joins = [
        {"person_id": each["person"]["id"], "account_id": each["accounts"][0]["id"]}
        for each in proposed["items"]
    ]
    assert {each["person"]["connection_id"] for each in proposed["items"]} == {company.connections[0]}
    refused = company.api(
        "POST", "/join-proposals", {"joins": [*joins, {**joins[0], "account_id": "nobody"}]}
    )
    assert refused.status_code == 404
    assert company.api("POST", "/join-proposals", {"joins": joins}).json == {"joined": 3}
    assert company.api("GET", "/join-proposals").json["items"] == []
    versions = company.api("GET", "/join-attributes").json["items"]
    assert [(each["version"], each["attribute"]) for each in versions] == [(1, "externalId")]


def test_both_sides_tell_of_the_join(company: Company):
    okta = company.scim(0, "POST", "/Users", user("ada"))["id"]
    entra = company.scim(1, "POST", "/Users", user("ada"))["id"]
    pilots = company.scim(1, "POST", "/Groups", group("Pilots", entra))["id"]
    rules = {"rules": [{"name": "Pilots", "when": f'groups.value eq "{pilots}"', "plan": "standard"}]}
    company.api("POST", "/rule-sets", rules)
    company.running.set_clock(day(5))
    company.api("POST", f"/people/{okta}/accounts", {"account_id": entra, "reason": "same contract"})
    company.running.set_clock(OCTOBER_1)
    company.invoiced()
    told = company.api("GET", f"/people/{okta}/explanation").json
    assert (told["plan"], told["because"]) == ("standard", "rule Pilots gives plan standard through Pilots")
    [join] = told["joins"]
    assert (join["account"], join["person"], join["made_by"], join["reason"]) == (
        entra, okta, "administrator", "same contract",
    )  # fmt: skip
    assert (join["started_by"]["action"], join["started_by"]["actor_kind"]) == (
        "directory:account:join", "api_key",
    )  # fmt: skip
    assert told["span"]["started_by"]["entry"] == join["started_by"]["entry"]
    away = company.api("GET", f"/people/{entra}/explanation").json
    assert (away["plan"], away["span"], away["rules"], len(away["joins"])) == ("none", None, [], 1)
    assert away["because"].startswith(f"the account counts as the person {okta} since 2026-09-05T12:00:00")
    before = company.api("GET", f"/people/{entra}/explanation?at=2026-09-03T00:00:00Z").json
    assert (before["plan"], before["joins"]) == ("standard", [])


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/people/{id}/accounts", {"account_id": "x"}, ""),
        ("/people/{id}/accounts", {"account_id": "x", "reason": ""}, "/reason"),
        ("/people/{id}/accounts", {"account_id": "x", "reason": "r" * 501}, "/reason"),
        ("/people/{id}/accounts", {"account_id": "x" * 65, "reason": "r"}, "/account_id"),
        ("/join-proposals", {"joins": []}, "/joins"),
        ("/join-proposals", {"joins": [{"account_id": "x", "person_id": "y"}] * 1001}, "/joins"),
        ("/join-attributes", {"attribute": "userName", "connections": ["x", "y"]}, "/attribute"),
        ("/join-attributes", {"attribute": "externalId"}, "/connections"),
        ("/join-attributes", {"attribute": "externalId", "connections": ["x", "y"]}, "/connections/0"),
    ],
)
def test_what_is_wrong_is_pointed_at(company: Company, path: str, body: object, pointer: str):
    person = company.scim(0, "POST", "/Users", user("ada"))["id"]
    answer = company.api("POST", path.format(id=person), body)
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)


def test_no_more_proposals_are_shown_than_the_operator_allows(company: Company):
    chosen = {"attribute": "externalId", "connections": company.connections}
    company.api("POST", "/join-attributes", chosen)
    for name in ("ada", "grace"):
        for connection in (0, 1):
            company.scim(connection, "POST", "/Users", user(name))
    with company.running.database.read(company.first.tenant_id) as session:
        few = read_proposals(session, now=day(2), most=1)
        all_of_them = read_proposals(session, now=day(2), most=2)
    assert (len(few.found), few.truncated) == (1, True)
    assert (len(all_of_them.found), all_of_them.truncated) == (2, False)
