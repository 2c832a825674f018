"""Okta's token inline hook: which claims of a token say what the person holds here.

Shapes are those of Okta's token inline hook reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidValue
from bridge.usage import members

TYPE = "com.okta.oauth2.tokens.transform"

#: The command that changes a token, by the member of the request that describes the token.
COMMANDS = {"identity": "com.okta.identity.patch", "access": "com.okta.access.patch"}


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Tokens that Okta is about to issue to ``user_id``, None for those of a client.

    ``claims`` are the names of the claims that each token has already.
    """

    user_id: str | None
    claims: Mapping[str, frozenset[str]]


def read_token_request(value: object) -> TokenRequest:
    """Return what the hook asks. Raises ``InvalidValue`` for what is no such request."""
    row = members.object_of(value, "")
    members.choice(row, "eventType", "", (TYPE,))
    content = members.object_of(row.get("data"), "/data")
    user = _objects(content, "context", "user")
    return TokenRequest(
        members.text(user, "id", "/data/context/user") if user else None,
        {
            token: frozenset(_objects(content, token, "claims"))
            for token in COMMANDS
            if isinstance(content.get(token), dict)
        },
    )


def commands(request: TokenRequest, claims: Mapping[str, Any], tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Return the commands that write the claims into those of the tokens that are being issued.

    Okta refuses to add what is there, and to replace what is not.
    """
    return [
        {
            "type": command,
            "value": [
                {
                    "op": "replace" if name in request.claims[token] else "add",
                    "path": f"/claims/{name}",
                    "value": value,
                }
                for name, value in claims.items()
            ],
        }
        for token, command in COMMANDS.items()
        if claims and token in tokens and token in request.claims
    ]


def _objects(row: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the object at a path, an empty one where there is none."""
    for name in names:
        found = row.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise InvalidValue(f"{name} must be an object", pointer="/data")
        row = found
    return row
