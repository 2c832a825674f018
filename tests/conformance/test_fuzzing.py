"""Random requests of the SCIM entrance: right ones, wrong ones; none may break the bridge.

Half are made from the OpenAPI document, as described and otherwise; half mean something, so that enough of
them do something, which is counted. `make proof` sends 5,000 to each database and prints what came of them,
an ordinary run 200, always the same ones.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from bridge.database.ids import new_id
from bridge.directory.tables import Group, Person
from bridge.scim.messages import ERROR_URN
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.web.api.document import document
from tests.conformance.live import Live
from tests.conformance.meant import GROUPS, MEANT, PEOPLE, Meant
from tests.database.opened import NOW
from tests.examples import IS_PROOF, examples
from tests.scim.random_filters import FILTERS, written
from tests.scim_http.speaking import Speaker

PATHS = [
    "userName", "displayName", "active", "name", "name.givenName", "emails", 'emails[type eq "work"].value',
    "emails[primary eq true]", "roles", "members", 'members[value eq "person-1"]', "externalId", "id", "meta",
    f"{ENTERPRISE_USER_URN}:manager", f"{ENTERPRISE_USER_URN}:department", ENTERPRISE_USER_URN, "password",
    "nosuch", "emails[", "",
]  # fmt: skip
TIMES = examples(200, in_proof=5_000)

#: How many of every hundred requests, or operations in them, must succeed: else the rest proves little.
LEAST = {
    "PATCH": 6, "PUT": 2, "DELETE": 1, "POST Bulk": 5, "POST .search": 3, "GET Users filtered": 1,
    "POST Users": 1, "POST Groups": 1, "Bulk: POST": 2, "Bulk: PATCH": 2, "Bulk: PUT": 1, "Bulk: DELETE": 1,
}  # fmt: skip


def ids() -> st.SearchStrategy[str]:
    return st.sampled_from([*PEOPLE, *GROUPS]) | st.uuids().map(str) | st.text(max_size=5)


def bulk_paths() -> st.SearchStrategy[str]:
    kinds = st.sampled_from(["/Users", "/Groups"])
    return kinds | st.builds("{}/{}".format, kinds, ids())


schemathesis.openapi.format("scim-id", ids())
schemathesis.openapi.format("scim-filter", FILTERS.map(written) | st.text(max_size=30))
schemathesis.openapi.format("scim-path", st.sampled_from(PATHS) | FILTERS.map(written))
schemathesis.openapi.format("scim-bulk-path", bulk_paths())


def requests_of(pattern: str) -> st.SearchStrategy[Case]:
    """Return what generates requests of all operations under the paths, as described and otherwise."""
    described = schemathesis.openapi.from_dict(document()).include(path_regex=pattern)
    operations = [each.ok() for each in described.get_all_operations()]
    assert len(operations) > 20
    return st.one_of(
        [each.as_strategy(generation_mode=mode) for each in operations for mode in GenerationMode]
    )


#: Each with its own run: in one run of all, Hypothesis may neglect some for a while.
REQUESTS = [(requests_of("^/scim/v2/"), 50), *MEANT]
assert sum(percent for _, percent in REQUESTS) == 100


@dataclass
class Crowd:
    """The people and groups whom the requests are about; whoever was deleted has a successor."""

    idp: Speaker
    ids: dict[str, str] = field(default_factory=dict)

    def whole(self) -> dict[str, str]:
        known = list(self.ids.values())
        living = {
            row.id
            for table in (Person, Group)
            for row in self.idp.rows(table, table.id.in_(known), table.deleted_at.is_(None))
        }
        for name in (*PEOPLE, *GROUPS):
            if self.ids.get(name) not in living:
                made = self.idp.create if name in PEOPLE else self.idp.create_group
                called = {"userName" if name in PEOPLE else "name": f"{name} {new_id(NOW)}"}
                self.ids[name] = made(**called)
        return self.ids


def filled(value: Any, ids: dict[str, str]) -> Any:  # noqa: ANN401 (whatever a request consists of)
    """Return the value with each name of a person or group replaced by the id."""
    if isinstance(value, dict):
        return {filled(key, ids): filled(each, ids) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, ids) for each in value]
    if isinstance(value, bytes):
        return filled(value.decode("latin-1"), ids).encode("latin-1")
    if isinstance(value, str):
        for name, each in ids.items():
            value = value.replace(name, each)
    return value


def outcomes(answer: requests.Response) -> list[tuple[str, int]]:
    """Say what was asked, and how it ended, of the request and of each operation in it."""
    address = urlsplit(answer.request.url)
    place = next((word for word in (".search", "Bulk", "Users", "Groups") if word in address.path), "others")
    said = [f"{answer.request.method} {place}"]
    if place == "Users" and answer.request.method == "GET" and "filter=" in address.query:
        said.append("GET Users filtered")
    told = [(each, answer.status_code) for each in said]
    if place == "Bulk" and answer.ok:
        told += [(f"Bulk: {each['method']}", int(each["status"])) for each in answer.json()["Operations"]]
    return told


def check(answer: requests.Response) -> None:
    """Check what holds for each answer of the entrance (RFC 7644 sections 3.1 and 3.12)."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Request-Id"]
    if answer.request.method == "HEAD" or answer.status_code in (204, 304):
        assert answer.content == b""
        return
    assert answer.headers["Content-Type"] == "application/scim+json"
    document = answer.json()
    assert document["schemas"]
    if answer.status_code >= 400:
        assert document["schemas"] == [ERROR_URN]
        assert document["status"] == str(answer.status_code)
        assert document["detail"]
    if answer.status_code == 201:
        assert answer.headers["Location"].endswith(f"/{document['id']}")
        assert answer.headers["ETag"].startswith('W/"')


@pytest.mark.hypothesis
def test_no_scim_request_breaks_the_bridge_and_enough_of_them_do_something(
    live: Live, capsys: pytest.CaptureFixture[str]
):
    crowd, tally = Crowd(live.speaker()), Counter[tuple[str, int]]()
    root = live.root.removesuffix("/scim/v2")

    def send(asked: Case | Meant) -> None:
        how = filled(asked.as_transport_kwargs(base_url=root), crowd.whole())
        note(f"{how}")
        how["headers"]["Authorization"] = f"Bearer {crowd.idp.token}"
        answer = requests.request(**how, timeout=60)
        check(answer)
        tally.update(outcomes(answer))

    for strategy, percent in REQUESTS:
        how_often(TIMES * percent // 100)(given(strategy)(send))()
    if IS_PROOF:
        with capsys.disabled():
            dialect = live.app.extensions["bridge"].database.engine.dialect.name
            told = [f"{count:6} {what} {status}" for (what, status), count in sorted(tally.items())]
            print("", f"{dialect}:", *told, sep="\n")  # noqa: T201 (what the proof is to show)
    done = {what: succeeded(tally, what) for what in LEAST}
    assert {what: count for what, count in done.items() if count < TIMES * LEAST[what] // 100} == {}, tally


def how_often(times: int) -> settings:
    everything = list(HealthCheck)
    return settings(
        max_examples=times, derandomize=not IS_PROOF, deadline=None, suppress_health_check=everything
    )


def succeeded(tally: Counter[tuple[str, int]], what: str) -> int:
    return sum(
        count for (told, status), count in tally.items() if told.startswith(what) and 200 <= status < 300
    )
