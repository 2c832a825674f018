"""What is remembered of where pages begin."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.directory.places import Place, PlaceOf, Places
from tests.database.opened import NOW

PLACE = Place(NOW, "ada", total=10, moved=2, newest=NOW + timedelta(days=1))
PAGE = PlaceOf("tenant", "okta", "person", 101)


@pytest.mark.parametrize(
    ("total", "moved", "newer", "holds"),
    [
        (10, 2, 0, True),
        (13, 2, 3, True),
        (13, 2, 2, False),  # one of those created since is older than somebody here
        (10, 3, 0, False),  # deleted, and another created
        (9, 3, 0, False),
        (11, 3, 0, False),  # somebody came back
        (9, 2, 0, False),  # told by a transaction that began before
    ],
)
def test_a_place_holds_while_nobody_came_or_went_before_it(
    total: int, moved: int, newer: int, *, holds: bool
):
    assert PLACE.still_holds(total=total, moved=moved, newer=newer) is holds


def test_a_place_is_of_one_page_of_one_list():
    places = Places(10)
    places.remember(PAGE, PLACE)
    assert places.of(PAGE) == PLACE
    for other in ({"tenant_id": "a"}, {"connection_id": "a"}, {"kind": "group"}, {"start_index": 102}):
        assert places.of(PAGE._replace(**other)) is None
    places.forget(PAGE)
    places.forget(PAGE)
    assert places.of(PAGE) is None


def test_the_place_that_was_used_longest_ago_makes_room():
    places = Places(2)
    first, second, third = (PAGE._replace(start_index=number) for number in (1, 2, 3))
    places.remember(first, PLACE)
    places.remember(second, PLACE)
    assert places.of(first)
    places.remember(third, PLACE)
    assert (len(places), places.of(second)) == (2, None)
    places.remember(first, replace(PLACE, total=11))
    assert places.of(first) == replace(PLACE, total=11)
    assert places.of(third) == PLACE
