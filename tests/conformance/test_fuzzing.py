"""Random requests made from the OpenAPI document: right ones, wrong ones; none may break the bridge.

`make proof` sends 5,000 to each database, an ordinary run 200, always the same ones.
"""

import os

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from bridge.directory.groups import add_group
from bridge.directory.people import add_person
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.web.api.document import document
from tests.conformance.live import Live
from tests.database.opened import NOW
from tests.scim.random_filters import FILTERS, written
from tests.scim_http.speaking import GROUP, USER, Speaker

#: The ids of the people and groups that are there at first; the fuzzer deletes one now and then.
PEOPLE, GROUPS = [f"person-{number}" for number in range(8)], [f"group-{number}" for number in range(4)]
PATHS = [
    "userName", "displayName", "active", "name", "name.givenName", "emails", 'emails[type eq "work"].value',
    "emails[primary eq true]", "roles", "members", 'members[value eq "person-1"]', "externalId", "id", "meta",
    f"{ENTERPRISE_USER_URN}:manager", f"{ENTERPRISE_USER_URN}:department", ENTERPRISE_USER_URN, "password",
    "nosuch", "emails[", "",
]  # fmt: skip
IS_PROOF = os.environ.get("HYPOTHESIS_PROFILE") == "proof"
TIMES = settings(
    max_examples=5_000 if IS_PROOF else 200,
    derandomize=not IS_PROOF,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


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


SCIM_REQUESTS = requests_of("^/scim/v2/")


@pytest.fixture(scope="module")
def idp(live: Live) -> Speaker:
    idp = live.speaker()
    known = {"connection_id": idp.connection_id, "cause_id": "1", "at": NOW}
    with idp.app.extensions["bridge"].database.write(idp.tenant_id) as session:
        for name in PEOPLE:
            person = {"schemas": [USER], "userName": name, "active": True}
            add_person(session, person, external_digest=None, person_id=name, **known)
        for name in GROUPS:
            group = {"schemas": [GROUP], "displayName": name}
            add_group(session, group, unique_name=False, group_id=name, **known)
    return idp


@TIMES
@given(case=SCIM_REQUESTS)
def test_no_scim_request_breaks_the_bridge(live: Live, idp: Speaker, case: Case):
    how = case.as_transport_kwargs(base_url=live.root.removesuffix("/scim/v2"))
    how["headers"]["Authorization"] = f"Bearer {idp.token}"
    answer = requests.request(**how, timeout=60)
    assert answer.status_code < 500, answer.text
