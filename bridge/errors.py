"""The error tree: what can go wrong, told as facts to the person who must act.

::

    BridgeError
    ├── InvalidInput              the request cannot be understood or allowed as it stands
    │   ├── InvalidSyntax         not JSON, or not the shape that was asked for
    │   ├── InvalidValue          a value of the wrong type, format or range
    │   ├── InvalidFilter         a filter that does not parse, or names an unknown attribute
    │   ├── InvalidPath           a PATCH path that does not parse, or names an unknown attribute
    │   ├── NoTarget              a PATCH path that selects nothing
    │   ├── Mutability            an attempt to change what is read-only or immutable
    │   ├── TooMany               more operations, results or members than the bridge takes at once
    │   ├── InvalidCursor         a cursor of another list, or none at all
    │   └── ExpiredCursor         a cursor that was good once
    ├── TooLarge                  a body over the limit
    │   └── TooManyOperations     a bulk request of more operations than the limit
    ├── Unauthenticated           no credential, or one that is unknown, expired or revoked
    │   └── Untrusted             what is presented as an identity provider's word, and is not to be believed
    ├── Forbidden                 a known caller without the scope for this
    ├── NotFound                  no such thing in this tenant (another tenant's things do not exist)
    ├── Conflict                  the state of the thing forbids it
    │   ├── Uniqueness            a name is taken
    │   └── Stale                 it has changed since it was read
    ├── LimitReached              too many requests; says when to come back
    ├── ProviderFailed            an identity provider does not answer, or not as it must
    ├── Misconfigured             the operator must change a setting before this works
    └── Inconsistent              stored facts contradict each other; reported, never repaired silently

Errors know no HTTP status: each entrance has one file that maps class to answer.
``pointer`` is the RFC 6901 JSON pointer of the offending part of the caller's document, where there is one.
``scim_type`` is the ``scimType`` keyword of RFC 7644 section 3.12 (table 9), where one fits.
"""


class BridgeError(Exception):
    """Root of all errors that are told to a caller; the message says what happened and what to do."""

    scim_type: str | None = None
    title = "The bridge could not do this"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


class InvalidInput(BridgeError):
    """The request cannot be understood or allowed as it stands."""

    title = "The request is not valid"
    scim_type = "invalidValue"


class InvalidSyntax(InvalidInput):
    """The body is not JSON, or not the shape that was asked for."""

    scim_type = "invalidSyntax"


class InvalidValue(InvalidInput):
    """A value has the wrong type, format or range."""


class InvalidFilter(InvalidInput):
    """A filter does not parse, is over a limit, or names an attribute that no schema has."""

    scim_type = "invalidFilter"


class InvalidPath(InvalidInput):
    """A PATCH path does not parse, or names an attribute that no schema has."""

    scim_type = "invalidPath"


class NoTarget(InvalidInput):
    """A PATCH path selects nothing to change."""

    scim_type = "noTarget"


class Mutability(InvalidInput):
    """An attempt to change what is read-only or immutable."""

    scim_type = "mutability"


class TooMany(InvalidInput):
    """More operations, results or members than the bridge takes at once."""

    scim_type = "tooMany"


class InvalidCursor(InvalidInput):
    """A cursor of another list, or no cursor at all (RFC 9865)."""

    scim_type = "invalidCursor"


class ExpiredCursor(InvalidInput):
    """A cursor that was good once (RFC 9865)."""

    scim_type = "expiredCursor"


class TooLarge(BridgeError):
    """The body is over the limit."""

    title = "The request is too large"


class TooManyOperations(TooLarge):
    """A bulk request has more operations than the limit (RFC 7644 section 3.7.4)."""

    scim_type = "tooMany"


class Unauthenticated(BridgeError):
    """No credential was given, or it is unknown, expired or revoked."""

    title = "Not signed in"


class Untrusted(Unauthenticated):
    """What is presented as an identity provider's word is not to be believed.

    ``reason`` is a short code for logs and lists, such as ``wrong_audience``; the message has nothing in it
    of what was presented. ``person_id`` is who it is about, where that is known; ``subject`` is whom an
    administrator may link, where the connection's policy keeps that.
    """

    def __init__(
        self, reason: str, detail: str, *, person_id: str | None = None, subject: str | None = None
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.person_id = person_id
        self.subject = subject


class Forbidden(BridgeError):
    """The caller is known and lacks the scope for this."""

    title = "Not allowed"


class NotFound(BridgeError):
    """No such thing in this tenant; another tenant's things do not exist here."""

    title = "Not found"


class Conflict(BridgeError):
    """The present state forbids it."""

    title = "Not possible in the present state"


class Uniqueness(Conflict):
    """The name is taken."""

    scim_type = "uniqueness"


class Stale(Conflict):
    """The thing has changed since the caller read it."""

    title = "It has changed meanwhile"


class LimitReached(BridgeError):
    """Too many requests; ``retry_after_seconds`` says when to come back."""

    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class ProviderFailed(BridgeError):
    """An identity provider does not answer, or not as it must; ``reason`` is a code as in ``Untrusted``.

    ``nothing_done`` tells that the provider has done nothing: the request did not arrive, or was refused.
    """

    title = "The identity provider failed"

    def __init__(self, reason: str, detail: str, *, nothing_done: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.nothing_done = nothing_done


class Misconfigured(BridgeError):
    """The operator must change a setting before this works."""

    title = "The bridge is not set up for this"


class Inconsistent(BridgeError):
    """Stored facts contradict each other; reported, never repaired silently."""

    title = "Stored facts contradict each other"
