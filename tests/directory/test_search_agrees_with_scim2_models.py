"""That the databases select whom the evaluator of scim2-models selects, which shares no code with us."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, ScimFilter, User

from bridge.database.sessions import Database
from bridge.directory.listing import people_query
from bridge.directory.people import add_person
from bridge.scim.canonical import canonical_resource
from bridge.scim.filters import Filter, parse_filter, resolve_filter
from bridge.scim.reading import DIALECTS
from bridge.scim.schemas import USER_RESOURCE
from bridge.web.scim.rendering import user_document
from tests.database.opened import NOW
from tests.directory.test_search_agrees import ROOT, first_page, undone
from tests.scim.random_filters import FILTERS, PEOPLE, written

#: Pairs of a filter and a person in a run, on each database: 20 times 10 filters on 10 people.
EXAMPLES, FILTERS_EACH, PEOPLE_EACH = 20, 10, 10


def named(number: int, person: dict[str, Any]) -> dict[str, Any]:
    """Give a person the names that are nobody else's."""
    own = {name: f"{person.get(name, '')}{number}" for name in ("userName", "externalId") if name in person}
    return {"userName": str(number), **person, **own}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(PEOPLE, min_size=PEOPLE_EACH, max_size=PEOPLE_EACH),
    trees=st.lists(FILTERS, min_size=FILTERS_EACH, max_size=FILTERS_EACH),
)
def test_the_database_selects_whom_scim2_models_selects(
    database: Database, people: list[dict[str, Any]], trees: list[Filter]
):
    with undone(database) as (session, connection_id):
        for number, person in enumerate(people):
            read = canonical_resource(named(number, person), USER_RESOURCE, DIALECTS["generic"])
            add_person(
                session,
                {"active": True, **read.resource},
                connection_id=connection_id,
                external_digest=None,
                cause_id="1",
                person_id=f"person-{number}",
                at=NOW + timedelta(seconds=number),
            )
        wanted = {"connection_id": connection_id, "root": ROOT}
        everybody = first_page(session, people_query(session, parsed=None, **wanted)).found
        theirs = [
            User[EnterpriseUser].model_validate(user_document(each, (), root=ROOT)) for each in everybody
        ]
        assert len(theirs) == PEOPLE_EACH
        for text in map(written, trees):
            judge = ScimFilter[User[EnterpriseUser]](text)
            parsed = resolve_filter(parse_filter(text), USER_RESOURCE)
            found = first_page(session, people_query(session, parsed=parsed, **wanted)).found
            assert [each.id for each in found] == [each.id for each in theirs if judge.match(each)], text
