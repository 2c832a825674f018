"""What an API key may be allowed to do."""

from collections.abc import Iterable

from bridge.errors import InvalidValue

SCOPES = {
    "read": "Read people, groups, seats, rules, invoices, connections; ask for quotes",
    "connections:write": "Make connections, switch them to live, make and revoke their tokens",
    "people:write": "Join accounts of one human, separate them, choose what proposes joins",
    "people:erase": "Have people who are gone erased",
    "sessions:read": "Ask whose a session or a personal key is, list a person's sessions",
    "sessions:write": "End sessions",
    "access:evaluate": "Ask whether a person may do something",
    "storms:write": "Confirm or undo mass changes, choose what counts as one",
    "rules:write": "Apply rule sets, preview them, override them for a person",
    "schemas:write": "Define extension schemas",
    "billing:write": "Close, pay, void, credit invoices; change subscriptions, prices, terms, meters",
    "usage:write": "Send consumption and sign-ins",
    "journal:read": "Read the journal and verify its chain",
    "log:read": "Read the provisioning log with the bodies of its requests",
    "log:replay": "Replay failed requests of identity providers",
    "admin": "All of these; make and revoke API keys",
}


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes, each once. Raises ``InvalidValue`` for an unknown one, or for none at all."""
    asked = tuple(dict.fromkeys(scopes))
    for index, scope in enumerate(asked):
        if scope not in SCOPES:
            raise InvalidValue(
                f"found scope {scope[:60]!r}, allowed are {', '.join(SCOPES)}", pointer=f"/scopes/{index}"
            )
    if not asked:
        raise InvalidValue(f"name at least one scope of {', '.join(SCOPES)}", pointer="/scopes")
    return asked
