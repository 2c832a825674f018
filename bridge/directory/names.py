"""The keys under which names are found, and what happens when one is taken."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from bridge.database.sessions import Explanation
from bridge.errors import InvalidValue, Uniqueness
from bridge.scim.text import fold, shown

#: Longest key: an index row of PostgreSQL holds 2,704 bytes, of which two ids take 72.
KEY_BYTES = 1024

#: Unique indexes, as PostgreSQL names them and as SQLite lists their last column.
TAKEN = {
    "userName": ("uq_people_user_name", "people.user_name_key"),
    "externalId": (
        "uq_people_external_id", "people.external_id", "uq_groups_external_id", "groups.external_id",
    ),
    "displayName": ("uq_groups_name", "groups.unique_name_key"),
}  # fmt: skip


def name_key(text: str, *, attribute: str) -> str:
    """Return the key under which a name compares without case. Raises ``InvalidValue`` if it is too long."""
    return exact_key(fold(text), attribute=attribute)


def exact_key(text: str, *, attribute: str) -> str:
    """Return a text that is compared as it is. Raises ``InvalidValue`` when it is too long to be indexed."""
    size = len(text.encode())
    if size > KEY_BYTES:
        raise InvalidValue(
            f"{attribute} {shown(text)} takes {size} bytes; at most {KEY_BYTES} are accepted. Shorten it."
        )
    return text


@contextmanager
def names_are_free(given: Mapping[str, str | None]) -> Iterator[None]:
    """Turn the database's refusal of a name into ``Uniqueness`` that tells the attribute and its value.

    Only the database can tell for certain: two requests may ask for one name at the same instant.
    """
    try:
        yield
    except IntegrityError as error:
        told = name_taken(given)(error)
        if told is None:
            raise
        raise told from error


def name_taken(given: Mapping[str, str | None]) -> Explanation:
    """Return what ``names_are_free`` does for what the session writes later (``TenantSession.explain``)."""

    def explain(error: IntegrityError) -> Uniqueness | None:
        told = str(error.orig)
        for attribute, marks in TAKEN.items():
            if any(mark in told for mark in marks):
                return taken(attribute, given.get(attribute))
        return None

    return explain


def taken(attribute: str, value: str | None) -> Uniqueness:
    """Return the error for a name that another resource of the connection has."""
    return Uniqueness(
        f"{attribute} {shown(value)} is taken by another resource of this connection. "
        f"Change it there first, or give this one another {attribute}."
    )
