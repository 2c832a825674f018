"""A company's months told in SCIM requests, events and closings; every answer comes from the entrances."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.billing.runs import closed_until
from bridge.seats.due import take_due
from tests.api.customers import PATCH, SEPTEMBER, Customer, Running, user

BERLIN = ZoneInfo("Europe/Berlin")
PLANS = (
    "read_only", "standard", "flexible", "committed", "capped", "premium", "api_developer", "admin",
)  # fmt: skip
#: Who has a userType has the plan of that name; a person's role is what they would have in practice.
RULES = {
    "rules": [
        {"name": plan, "when": f'userType eq "{plan}"', "plan": plan, "roles": ["analyst"]} for plan in PLANS
    ]
}


def when(words: str) -> datetime:
    """Read ``09-16 10:00`` of 2026, or a whole date, as a time in Berlin."""
    full = words if words.startswith("20") else f"2026-{words}"
    return datetime.fromisoformat(full).replace(tzinfo=BERLIN)


@dataclass
class Story:
    running: Running
    customer: Customer
    people: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.running.set_clock(SEPTEMBER)
        self.api("POST", "/rule-sets", RULES)

    def api(self, method: str, path: str, body: object = None, *, status: int | None = None) -> Any:  # noqa: ANN401 (any JSON value)
        answer = self.running.api(self.customer, method, path, body)
        assert answer.status_code == (status or answer.status_code), answer.get_data(as_text=True)
        assert status is not None or answer.status_code < 300, answer.get_data(as_text=True)
        return answer.json

    def year(self, *terms: dict[str, object]) -> None:
        """Bill by the year from the first day on, with these terms."""
        body = {"interval": "year", "anchor_day": 1, "starts_on": "2026-09-01"}
        self.api("POST", "/subscriptions", body)
        self.prices(*terms)

    def prices(self, *terms: dict[str, object]) -> None:
        self.api("POST", "/prices", {"valid_from": "2026-09-01", "terms": list(terms)})

    def meter(self, key: str, aggregation: str = "sum") -> None:
        self.api("POST", "/meters", {"meters": [{"key": key, "unit": "1", "aggregation": aggregation}]})

    def joins(self, plan: str, *names: str, at: str = "09-01 09:00") -> None:
        self.running.set_clock(when(at))
        for name in names:
            made = self.running.scim(self.customer, "POST", "/Users", {**user(name), "userType": plan})
            assert made.status_code == 201, made.get_data(as_text=True)
            self.people[name] = made.json["id"]

    def becomes(self, name: str, plan: str, *, at: str) -> None:
        self._patch(name, "userType", plan, at)

    def leaves(self, name: str, *, at: str) -> None:
        self._patch(name, "active", False, at)  # noqa: FBT003 - the value in the request

    def _patch(self, name: str, path: str, value: object, at: str) -> None:
        self.running.set_clock(when(at))
        operation = {"op": "replace", "path": path, "value": value}
        body = {"schemas": [PATCH], "Operations": [operation]}
        answer = self.running.scim(self.customer, "PATCH", f"/Users/{self.people[name]}", body)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def signs_in(self, name: str, *, at: str) -> None:
        self.running.set_clock(when(at))
        connection = self.customer.ids["connection"]
        row = {"connection": connection, "id": f"{name} {at}", "person": self.people[name],
               "at": when(at).isoformat()}  # fmt: skip
        assert self.api("POST", "/sign-ins", {"sign_ins": [row]})["accepted"] == 1

    def uses(self, name: str, meter: str, quantity: str, *, at: str) -> None:
        self.running.set_clock(when(at))
        event = {"specversion": "1.0", "source": "shop", "id": f"{name} {at}", "type": meter,
                 "subject": self.people[name], "time": when(at).isoformat(),
                 "data": {"quantity": quantity}}  # fmt: skip
        assert self.api("POST", "/usage/events", [event])["accepted"] == 1

    def closes(self, on: str) -> list[tuple[str, str | None, str]]:
        """Close the oldest open period on a date, after previewing it; return the lines."""
        self.running.set_clock(when(on))
        self.worker_runs(on)
        previewed = self.api("GET", "/invoices/preview")
        closed = self.api("POST", "/invoices", {})
        document = self.api("GET", f"/invoices/{closed['id']}")
        assert {name: document[name] for name in previewed} == previewed
        return [(line["kind"], line["plan"], line["amount"]) for line in document["lines"]]

    def worker_runs(self, at: str) -> None:
        """Draw the consequences that are due, as the workers do all the time."""
        database, tenant_id = self.running.database, self.customer.tenant_id
        while take_due(database, tenant_id, now=when(at), limit=100, closed_until=closed_until):
            pass

    def may(self, name: str, *, at: str) -> dict[str, Any]:
        asked = when(at).isoformat().replace("+", "%2B")
        found: dict[str, Any] = self.api("GET", f"/people/{self.people[name]}/entitlements?at={asked}")
        return found
