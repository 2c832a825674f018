"""The JSON schemas of what the API takes, of what it answers."""

from collections.abc import Mapping
from typing import Any

from bridge.access.scopes import SCOPES
from bridge.scim.dialects import DIALECTS
from bridge.tenants.create import KINDS, NAME_CHARACTERS

Schema = Mapping[str, Any]

DAYS_MOST = 3650
COMPONENT = "#/components/schemas/"

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
DATE: Schema = {"type": "string", "format": "date"}
MONEY: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
ANY_OBJECT: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": NAME_CHARACTERS}
EXPIRES: Schema = {"type": ["integer", "null"], "minimum": 1, "maximum": DAYS_MOST}


def maybe(schema: Schema) -> Schema:
    """Return the schema that takes null as well."""
    return {**schema, "type": [schema["type"], "null"]}


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def component(name: str) -> Schema:
    """Return a reference to a component of the OpenAPI document."""
    return {"$ref": f"{COMPONENT}{name}"}


def page(name: str) -> Schema:
    """Return the schema of one page of components; ``next_cursor`` is null on the last one."""
    return record({"items": listed(component(name)), "next_cursor": maybe(TEXT)})


def whole_list(name: str) -> Schema:
    """Return the schema of a list that is never long enough for pages."""
    return record({"items": listed(component(name))})


def _or_null(name: str) -> Schema:
    return {"anyOf": [component(name), {"type": "null"}]}


_CREDENTIAL = {
    "id": TEXT,
    "created_at": INSTANT,
    "expires_at": maybe(INSTANT),
    "revoked_at": maybe(INSTANT),
    "last_used_at": maybe(INSTANT),
    "expires_in_days": maybe(WHOLE),
    "expires_soon": TRUTH,
}
_NEW_SECRET = {"id": TEXT, "secret": TEXT, "expires_at": maybe(INSTANT)}
_RULE_SET = {
    "id": TEXT,
    "version": WHOLE,
    "author": TEXT,
    "note": TEXT,
    "effective_from": INSTANT,
    "created_at": INSTANT,
}
_PERSON = {
    "id": TEXT,
    "connection_id": TEXT,
    "user_name": TEXT,
    "external_id": maybe(TEXT),
    "display_name": maybe(TEXT),
    "active": TRUTH,
    "created_at": INSTANT,
    "changed_at": INSTANT,
    "deleted_at": maybe(INSTANT),
}
_REQUEST = {
    "id": TEXT,
    "at": INSTANT,
    "connection_id": maybe(TEXT),
    "credential_id": TEXT,
    "method": TEXT,
    "route": TEXT,
    "status": WHOLE,
    "reason": maybe(TEXT),
    "tolerances": TEXTS,
    "subject_id": maybe(TEXT),
    "duration_microseconds": WHOLE,
    "replay_of": maybe(TEXT),
    "failed_operations": WHOLE,
}
_FAILED = {"index": WHOLE, "method": TEXT, "status": WHOLE, "detail": TEXT, "replay_id": maybe(TEXT)}
_ASKED = {"target": TEXT, "body": TEXT, "failures": listed(record(_FAILED))}
_REPLAYED = {
    "replay_id": TEXT,
    "at": INSTANT,
    "actor_kind": TEXT,
    "actor_id": TEXT,
    "status": maybe(WHOLE),
    "failed_operations": maybe(WHOLE),
}
_SHARE = {
    "person": maybe(TEXT),
    "plan": maybe(TEXT),
    "department": maybe(TEXT),
    "cost_centre": maybe(TEXT),
    "billable_days": WHOLE,
    "amount": MONEY,
    "for_period_start": DATE,
}

_IDENTITY = {
    **dict.fromkeys(("connection_id", "issuer", "subject", "linked_by"), TEXT),
    "linked_at": INSTANT,
}
_REFUSED_SIGN_IN = {
    **dict.fromkeys(("id", "connection_id", "reason"), TEXT),
    "at": INSTANT,
    **dict.fromkeys(("person_id", "subject"), maybe(TEXT)),
}

COMPONENTS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457; instance leads to the request in the provisioning log, pointer (RFC 6901) "
        "to the refused part of the body",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": TEXT,
            "status": WHOLE,
            "detail": TEXT,
            "instance": TEXT,
            "pointer": TEXT,
        },
        "required": ["type", "title", "status", "detail", "instance"],
    },
    "Tenant": record(
        {
            "id": TEXT,
            "name": TEXT,
            "currency": TEXT,
            "timezone": TEXT,
            "created_at": INSTANT,
            "settled_until": maybe(INSTANT),
        }
    ),
    "Connection": record(
        {
            "id": TEXT,
            "name": TEXT,
            "kind": TEXT,
            "dialect": TEXT,
            "live_from": maybe(INSTANT),
            "created_at": INSTANT,
        }
    ),
    "NewConnection": record(
        {"name": NAME, "kind": {"type": "string", "enum": list(KINDS)}},
        {"dialect": {"enum": [*DIALECTS, None]}, "live": TRUTH},
    ),
    "Live": record({}, {"live_from": maybe(INSTANT), "preview_id": maybe(TEXT)}),
    "Token": record({**_CREDENTIAL, "connection_id": TEXT}),
    "NewToken": record({}, {"expires_in_days": EXPIRES}),
    "ApiKey": record({**_CREDENTIAL, "scopes": TEXTS, "person_id": maybe(TEXT)}),
    "NewApiKey": record(
        {
            "scopes": {
                "type": "array",
                "items": {"enum": list(SCOPES)},
                "minItems": 1,
                "maxItems": len(SCOPES),
            }
        },
        {"expires_in_days": EXPIRES, "person_id": TEXT},
    ),
    "Secret": record(_NEW_SECRET),
    "OAuthClient": record(
        {"client_id": TEXT, "token_endpoint": TEXT, "secrets": listed(record(_CREDENTIAL))}
    ),
    "NewOidc": record(
        {"issuer": TEXT, "client_id": TEXT},
        {
            "client_secret": maybe(TEXT),
            "private_key": maybe(TEXT),
            "public_client": TRUTH,
            **dict.fromkeys(("preset", "jit"), TEXT),
            **dict.fromkeys(("scopes", "organisations"), TEXTS),
            "group_claim": maybe(TEXT),
            "groups_from_userinfo": TRUTH,
        },
    ),
    "Oidc": record(
        {
            **dict.fromkeys(("connection_id", "preset", "issuer", "client_id", "proof", "jit"), TEXT),
            **dict.fromkeys(("scopes", "organisations"), TEXTS),
            "group_claim": maybe(TEXT),
            "groups_from_userinfo": TRUTH,
            "changed_at": INSTANT,
            **dict.fromkeys(("login_url", "redirect_uri"), TEXT),
        }
    ),
    "NewIdentity": record({"connection_id": TEXT, "subject": TEXT}),
    "Identities": record({"items": listed(record(_IDENTITY))}),
    "RefusedSignIn": record(_REFUSED_SIGN_IN),
    "RefusedSignIns": page("RefusedSignIn"),
    "NewClientSecret": record({}, {"expires_in_days": EXPIRES}),
    "ClientSecret": record({"client_id": TEXT, "token_endpoint": TEXT, **_NEW_SECRET}),
    "AccessToken": record({"token_type": TEXT, "access_token": TEXT, "expires_in": WHOLE, "scope": TEXT}),
    "OAuthError": record({"error": TEXT}, {"error_description": TEXT}),
    "Person": record(_PERSON),
    "PersonDetail": record(
        {**_PERSON, "resource": ANY_OBJECT, "groups": listed(record({"id": TEXT, "display_name": TEXT}))}
    ),
    "Group": record(
        {
            "id": TEXT,
            "connection_id": TEXT,
            "display_name": TEXT,
            "external_id": maybe(TEXT),
            "source": {"type": "string", "enum": ["scim", "sign-ins"]},
            "members": WHOLE,
            "created_at": INSTANT,
            "changed_at": INSTANT,
            "deleted_at": maybe(INSTANT),
        }
    ),
    "RuleSet": record(_RULE_SET),
    "RuleSetDetail": record({**_RULE_SET, "document": ANY_OBJECT}),
    "RuleDocument": {"type": "object", "description": "Rules in order, with a default where none matches"},
    "AppliedRuleSet": record(
        {
            "id": TEXT,
            "version": WHOLE,
            "effective_from": INSTANT,
            "in_force_until": maybe(INSTANT),
            "applied": TRUTH,
        }
    ),
    "ExtensionSchema": record(
        {
            "id": TEXT,
            "urn": TEXT,
            "version": WHOLE,
            "author": TEXT,
            "created_at": INSTANT,
            "document": ANY_OBJECT,
        }
    ),
    "ExtensionDocument": {"type": "object", "description": "A schema as SCIM publishes one (RFC 7643 7)"},
    "AppliedExtension": record({"id": TEXT, "urn": TEXT, "version": WHOLE, "applied": TRUTH}),
    "Seat": record(
        {
            **dict.fromkeys(("person_id", "plan", "rule_set_id", "rule"), TEXT),
            **dict.fromkeys(("department", "cost_centre", "storm_id", "waits_for"), maybe(TEXT)),
            "held": TRUTH,
            "roles": TEXTS,
            "start": INSTANT,
            "end": maybe(INSTANT),
            "group_ids": TEXTS,
        }
    ),
    "SeatCounts": record(
        {"at": INSTANT, "plans": {"type": "object", "additionalProperties": {"type": "integer"}}}
    ),
    "InvoiceLine": record(
        {
            "kind": TEXT,
            "plan": maybe(TEXT),
            "description": TEXT,
            "quantity": TEXT,
            "amount": MONEY,
            "for_period_start": DATE,
        }
    ),
    "InvoicePerson": record({"position": WHOLE, **_SHARE, "cause": maybe(TEXT)}),
    "NewInvoice": record({}, {"subscription_id": maybe(TEXT), "period_start": maybe(DATE)}),
    "ClosedInvoice": record({"id": TEXT, "number": WHOLE, "already_closed": TRUTH}),
    "Fact": record(
        {
            "entry": TEXT,
            "action": TEXT,
            "at": INSTANT,
            "actor_kind": TEXT,
            "actor": TEXT,
            "request": TEXT,
        }
    ),
    "SeatSpan": record(
        {
            "start": INSTANT,
            "end": maybe(INSTANT),
            "plan": TEXT,
            "roles": TEXTS,
            **dict.fromkeys(("department", "cost_centre", "storm", "waits_for"), maybe(TEXT)),
            "withheld_roles": TEXTS,
            "rule_set": TEXT,
            "rule_set_version": maybe(WHOLE),
            "rule": TEXT,
            "groups": listed(record({"id": TEXT, "name": TEXT})),
            "override": maybe(ANY_OBJECT),
            "started_by": _or_null("Fact"),
            "ended_by": _or_null("Fact"),
        }
    ),
    "Explanation": record(
        {
            "person": TEXT,
            "at": INSTANT,
            "plan": TEXT,
            "roles": TEXTS,
            "since": maybe(INSTANT),
            "because": TEXT,
            "span": _or_null("SeatSpan"),
            "rules": listed(record({"rule": TEXT, "outcome": TEXT})),
            "override": maybe(ANY_OBJECT),
            "waiting": maybe(ANY_OBJECT),
            "joins": listed(
                record(
                    {
                        **dict.fromkeys(("account", "person", "made_by", "reason"), TEXT),
                        "since": INSTANT,
                        "until": maybe(INSTANT),
                        "started_by": _or_null("Fact"),
                    }
                )
            ),
        }
    ),
    "ShareExplanation": record(
        {
            **_SHARE,
            "because": TEXT,
            "spans": listed(component("SeatSpan")),
            "cause": _or_null("Fact"),
            "term": maybe(ANY_OBJECT),
        }
    ),
    "Reconciliation": record(
        {
            "at": INSTANT,
            "people": WHOLE,
            "invoices": WHOLE,
            "truncated": TRUTH,
            "findings": listed(component("Finding")),
        }
    ),
    "Finding": record(dict.fromkeys(("kind", "subject", "id", "expected", "found", "remedy"), TEXT)),
    "Request": record(_REQUEST),
    "RequestDetail": record({**_REQUEST, **_ASKED, "replayed": maybe(record(_REPLAYED))}),
    "NewReplay": record({}, {"even_if_changed": TRUTH}),
    "Replay": record({"request_id": TEXT, **_REPLAYED}),
    "JournalEntry": record(
        {
            "id": TEXT,
            "at": INSTANT,
            "action": TEXT,
            "actor_kind": TEXT,
            "actor_id": TEXT,
            "request_id": TEXT,
            "subject_kind": TEXT,
            "subject_id": TEXT,
            "details": ANY_OBJECT,
            "position": maybe(WHOLE),
            "hash": maybe(TEXT),
        }
    ),
    "Verification": record(
        {
            "sealed": WHOLE,
            "unsealed": WHOLE,
            "head": TEXT,
            "first_broken_position": maybe(WHOLE),
            "reason": maybe(TEXT),
        }
    ),
    "Quote": {"type": "object", "description": "One period's terms, seats, sign-ins and usage"},
    "QuoteAnswer": record({"invoices": listed(ANY_OBJECT)}),
}
