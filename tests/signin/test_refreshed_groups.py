"""Groups by the word of a refreshed token, as by that of a sign-in."""

from datetime import timedelta

from sqlalchemy import select

from bridge.directory.tables import Group, Membership
from tests.signin.stay import DUE, is_signed_in, kept, refresh


def groups_of(play):
    """The spans of membership of whoever is signed in, by the group's name."""
    person_id = kept(play).person_id
    with play.running.database.read(play.customer.tenant_id) as session:
        rows = (
            select(Group.display_name, Membership.start, Membership.end)
            .join(Group, (Group.tenant_id == Membership.tenant_id) & (Group.id == Membership.group_id))
            .where(Group.display_name.like("Refreshed %"), Membership.member_id == person_id)
        )
        return {name: (start, end) for name, start, end in session.execute(rows)}


def test_groups_of_a_refreshed_token_count_from_then_on_and_a_token_without_any_tells_nothing(stay):
    after = DUE + timedelta(microseconds=1)  # that of the group itself
    stay.provider.refreshed = {"groups": ["Refreshed a", "Refreshed b"]}
    assert refresh(stay) == 1
    assert groups_of(stay) == {"Refreshed a": (after, None), "Refreshed b": (after, None)}
    stay.provider.refreshed = {}
    stay.set_clock(DUE + timedelta(minutes=10))
    assert refresh(stay) == 1
    assert groups_of(stay) == {"Refreshed a": (after, None), "Refreshed b": (after, None)}
    later = DUE + timedelta(minutes=20)
    stay.provider.refreshed = {"groups": ["Refreshed b"]}
    stay.set_clock(later)
    assert refresh(stay) == 1
    assert groups_of(stay) == {"Refreshed a": (after, later), "Refreshed b": (after, None)}


def test_a_refreshed_token_with_more_groups_than_are_taken_in_ends_no_session(stay):
    stay.provider.refreshed = {"groups": [f"Refreshed {number}" for number in range(5_001)]}
    assert refresh(stay) == 1
    assert is_signed_in(stay)
    assert kept(stay).refreshed_at == DUE
    assert groups_of(stay).keys() <= {"Refreshed a", "Refreshed b"}
