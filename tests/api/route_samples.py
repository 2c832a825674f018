"""How each route is asked, with a customer's own ids."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.api.customers import PATCH, USER, group, rules, user

Fill = Callable[[dict[str, str]], object]


def nothing(_ids: dict[str, str]) -> None:
    """Send no body."""


@dataclass(frozen=True)
class Sample:
    """How a route is asked with a customer's own ids; ``own`` when path or body name something of theirs."""

    path: str
    body: Fill = nothing
    status: int = 200

    def filled(self, ids: dict[str, str]) -> str:
        return self.path.format(**{name.replace(" ", "_"): id_ for name, id_ in ids.items()})

    def names_things(self, ids: dict[str, str]) -> bool:
        return any(id_ in f"{self.filled(ids)} {self.body(ids)}" for id_ in ids.values())


def quote(_ids: dict[str, str]) -> object:
    period = {"start": "2026-09-01", "end": "2026-10-01"}
    terms = [{"plan": "standard", "unit_amount": "39.00"}]
    return {"currency": "EUR", "period": period, "terms": terms, "seats": []}


def shown_cookie(_ids: dict[str, str]) -> object:
    return {"token": "nobody's"}


def question(_ids: dict[str, str]) -> object:
    export = {"name": "data:export"}
    return {
        "subject": {"type": "user", "id": "nobody"}, "action": export, "resource": {"type": "t", "id": "1"},
    }  # fmt: skip


def deactivation(_ids: dict[str, str]) -> object:
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}


def confirmation(ids: dict[str, str]) -> object:
    return {"joins": [{"person_id": ids["person"], "account_id": ids["other person"]}]}


def renaming(_ids: dict[str, str]) -> object:
    return {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": "Drivers"}]}


def own_roles(_ids: dict[str, str]) -> object:
    return {"dispatcher": {"name": "Dispatcher", "privileges": ["tours:write"]}}


def search(_ids: dict[str, str]) -> object:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


def bulk(_ids: dict[str, str]) -> object:
    newcomer = {"schemas": [USER], "userName": "newcomer"}
    operation = {"method": "POST", "path": "/Users", "bulkId": "one", "data": newcomer}
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}


#: In this order they are asked: what ends things comes last, and the log before whatever names another
#: tenant's ids, since it rightly shows each tenant what they asked.
SAMPLES = {
    ("GET", "/api/v1/requests"): Sample("/api/v1/requests"),
    ("GET", "/healthz"): Sample("/healthz"),
    ("GET", "/readyz"): Sample("/readyz"),
    ("GET", "/metrics"): Sample("/metrics"),
    ("GET", "/api/v1/openapi.json"): Sample("/api/v1/openapi.json"),
    ("GET", "/api/v1/tenant"): Sample("/api/v1/tenant"),
    ("GET", "/api/v1/connections"): Sample("/api/v1/connections"),
    ("POST", "/api/v1/connections"): Sample(
        "/api/v1/connections", lambda _ids: {"name": "Entra", "kind": "entra"}, 201
    ),
    ("GET", "/api/v1/connections/<connection_id>"): Sample("/api/v1/connections/{connection}"),
    ("POST", "/api/v1/connections/<connection_id>/live"): Sample(
        "/api/v1/connections/{connection}/live", lambda _ids: {}
    ),
    ("GET", "/api/v1/connections/<connection_id>/tokens"): Sample("/api/v1/connections/{connection}/tokens"),
    ("POST", "/api/v1/connections/<connection_id>/tokens"): Sample(
        "/api/v1/connections/{connection}/tokens", lambda _ids: {"expires_in_days": 30}, 201
    ),
    ("GET", "/api/v1/connections/<connection_id>/oauth-client"): Sample(
        "/api/v1/connections/{connection}/oauth-client"
    ),
    ("POST", "/api/v1/connections/<connection_id>/oauth-client/secrets"): Sample(
        "/api/v1/connections/{connection}/oauth-client/secrets", lambda _ids: {}, 201
    ),
    ("POST", "/stripe/webhook"): Sample("/stripe/webhook", status=404),
    ("PUT", "/api/v1/connections/<connection_id>/oidc"): Sample(
        "/api/v1/connections/{connection}/oidc",
        lambda _ids: {"issuer": "https://idp.example", "client_id": "bridge"},
    ),
    ("GET", "/api/v1/connections/<connection_id>/oidc"): Sample("/api/v1/connections/{connection}/oidc"),
    ("POST", "/api/v1/people/<person_id>/identities"): Sample(
        "/api/v1/people/{person}/identities",
        lambda ids: {"connection_id": ids["connection"], "subject": "00u1"},
        201,
    ),
    ("GET", "/api/v1/people/<person_id>/identities"): Sample("/api/v1/people/{person}/identities"),
    ("DELETE", "/api/v1/people/<person_id>/identities"): Sample(
        "/api/v1/people/{person}/identities", status=204
    ),
    ("GET", "/api/v1/refused-sign-ins"): Sample("/api/v1/refused-sign-ins"),
    ("GET", "/login/<connection_id>"): Sample("/login/nobody", status=404),
    ("GET", "/login/<connection_id>/callback"): Sample("/login/nobody/callback", status=404),
    ("POST", "/login/<connection_id>/backchannel-logout"): Sample(
        "/login/nobody/backchannel-logout", status=404
    ),
    ("GET", "/events/<connection_id>/okta"): Sample("/events/{connection}/okta", status=404),
    ("POST", "/events/<connection_id>/okta"): Sample("/events/{connection}/okta", status=404),
    ("POST", "/events/<connection_id>/okta/token"): Sample("/events/{connection}/okta/token", status=404),
    ("POST", "/events/<connection_id>/set"): Sample("/events/nowhere/set", status=404),
    ("POST", "/events/<connection_id>/global-token-revocation"): Sample(
        "/events/{connection}/global-token-revocation", status=401
    ),
    ("GET", "/api/v1/identity-events"): Sample("/api/v1/identity-events"),
    ("GET", "/api/v1/connections/<connection_id>/okta-hooks"): Sample(
        "/api/v1/connections/{connection}/okta-hooks"
    ),
    ("PUT", "/api/v1/connections/<connection_id>/okta-hooks"): Sample(
        "/api/v1/connections/{connection}/okta-hooks", lambda _ids: {"plan_claim": "plan"}
    ),
    ("POST", "/api/v1/connections/<connection_id>/okta-hooks/secret"): Sample(
        "/api/v1/connections/{connection}/okta-hooks/secret", lambda _ids: {}, 201
    ),
    ("POST", "/oauth/token"): Sample("/oauth/token", status=400),
    ("GET", "/api/v1/people"): Sample("/api/v1/people?search=ada"),
    ("GET", "/api/v1/people/<person_id>"): Sample("/api/v1/people/{person}"),
    ("GET", "/api/v1/people/<person_id>/explanation"): Sample(
        "/api/v1/people/{person}/explanation?at=2026-09-15T00:00:00Z"
    ),
    ("GET", "/api/v1/people/<person_id>/entitlements"): Sample(
        "/api/v1/people/{person}/entitlements?at=2026-09-15T00:00:00Z"
    ),
    ("POST", "/api/v1/people/<person_id>/erasure"): Sample("/api/v1/people/{gone_person}/erasure"),
    ("GET", "/api/v1/storms"): Sample("/api/v1/storms?status=open"),
    ("GET", "/api/v1/storms/<storm_id>"): Sample("/api/v1/storms/{storm}"),
    ("GET", "/api/v1/storms/<storm_id>/people"): Sample("/api/v1/storms/{storm}/people"),
    ("POST", "/api/v1/storms/<storm_id>/confirm"): Sample("/api/v1/storms/{storm}/confirm"),
    ("POST", "/api/v1/storms/<storm_id>/undo"): Sample("/api/v1/storms/{other_storm}/undo"),
    ("GET", "/api/v1/fuse"): Sample("/api/v1/fuse"),
    ("PATCH", "/api/v1/fuse"): Sample("/api/v1/fuse", lambda _ids: {"people": 20}),
    ("GET", "/api/v1/seat-limits"): Sample("/api/v1/seat-limits?at=2026-09-15T00:00:00Z"),
    ("GET", "/api/v1/seat-limits/queue"): Sample("/api/v1/seat-limits/queue?plan=standard"),
    ("POST", "/api/v1/seat-limits"): Sample(
        "/api/v1/seat-limits", lambda _ids: {"plan": "standard", "seats": 5}
    ),
    ("POST", "/api/v1/seat-limits/preview"): Sample(
        "/api/v1/seat-limits/preview", lambda _ids: {"plan": "standard", "seats": 0}
    ),
    ("GET", "/api/v1/alerts"): Sample("/api/v1/alerts?open=true"),
    ("POST", "/api/v1/people/<person_id>/accounts"): Sample(
        "/api/v1/people/{person}/accounts", lambda ids: {"account_id": ids["other person"], "reason": "trial"}
    ),
    ("GET", "/api/v1/people/<person_id>/accounts"): Sample("/api/v1/people/{person}/accounts"),
    ("GET", "/api/v1/join-attributes"): Sample("/api/v1/join-attributes"),
    ("POST", "/api/v1/join-attributes"): Sample(
        "/api/v1/join-attributes", lambda _ids: {"attribute": None}, 201
    ),
    ("GET", "/api/v1/join-proposals"): Sample("/api/v1/join-proposals"),
    ("POST", "/api/v1/join-proposals"): Sample("/api/v1/join-proposals", confirmation),
    ("DELETE", "/api/v1/people/<person_id>/accounts/<account_id>"): Sample(
        "/api/v1/people/{person}/accounts/{other_person}", status=204
    ),
    ("GET", "/api/v1/groups"): Sample("/api/v1/groups"),
    ("GET", "/api/v1/groups/<group_id>"): Sample("/api/v1/groups/{group}"),
    ("GET", "/api/v1/rule-sets"): Sample("/api/v1/rule-sets"),
    ("GET", "/api/v1/rule-sets/<rule_set_id>"): Sample("/api/v1/rule-sets/{rule_set}"),
    ("POST", "/api/v1/rule-sets"): Sample("/api/v1/rule-sets?note=trial", lambda _ids: rules("nobody"), 201),
    ("POST", "/api/v1/rule-sets/preview"): Sample("/api/v1/rule-sets/preview", lambda _ids: rules("nobody")),
    ("POST", "/api/v1/connections/<connection_id>/live/preview"): Sample(
        "/api/v1/connections/{observed_connection}/live/preview", lambda _ids: {}
    ),
    ("GET", "/api/v1/previews/<preview_id>"): Sample("/api/v1/previews/{preview}"),
    ("GET", "/api/v1/previews/<preview_id>/people"): Sample("/api/v1/previews/{preview}/people"),
    ("GET", "/api/v1/roles"): Sample("/api/v1/roles"),
    ("GET", "/api/v1/role-catalogues"): Sample("/api/v1/role-catalogues"),
    ("POST", "/api/v1/roles"): Sample("/api/v1/roles", own_roles, 201),
    ("POST", "/api/v1/roles/preview"): Sample("/api/v1/roles/preview", own_roles),
    ("POST", "/api/v1/people/<person_id>/overrides"): Sample(
        "/api/v1/people/{person}/overrides", lambda _ids: {"plan": "premium", "reason": "trial"}, 201
    ),
    ("GET", "/api/v1/people/<person_id>/overrides"): Sample("/api/v1/people/{person}/overrides"),
    ("GET", "/api/v1/overrides"): Sample("/api/v1/overrides"),
    ("GET", "/api/v1/overrides/<override_id>"): Sample("/api/v1/overrides/{override}"),
    ("POST", "/api/v1/overrides/<override_id>/end"): Sample(
        "/api/v1/overrides/{override}/end", lambda _ids: {}
    ),
    ("GET", "/api/v1/schemas"): Sample("/api/v1/schemas"),
    ("POST", "/api/v1/schemas"): Sample(
        "/api/v1/schemas",
        lambda _ids: {"id": "urn:own:fleet:User", "name": "Fleet", "attributes": [{"name": "depot"}]},
        201,
    ),
    ("GET", "/api/v1/seats"): Sample("/api/v1/seats?at=2026-09-15T00:00:00Z"),
    ("GET", "/api/v1/seats/counts"): Sample("/api/v1/seats/counts?at=2026-09-15T00:00:00Z"),
    ("GET", "/api/v1/invoices"): Sample("/api/v1/invoices"),
    ("GET", "/api/v1/invoices/preview"): Sample("/api/v1/invoices/preview"),
    ("POST", "/api/v1/invoices"): Sample("/api/v1/invoices", lambda _ids: {"period_start": "2026-09-01"}),
    ("GET", "/api/v1/invoices/<invoice_id>"): Sample("/api/v1/invoices/{invoice}"),
    ("GET", "/api/v1/invoices/<invoice_id>.csv"): Sample("/api/v1/invoices/{invoice}.csv"),
    ("GET", "/api/v1/invoices/<invoice_id>/people"): Sample("/api/v1/invoices/{invoice}/people"),
    ("GET", "/api/v1/invoices/<invoice_id>/people/<person_id>/explanation"): Sample(
        "/api/v1/invoices/{invoice}/people/{person}/explanation"
    ),
    ("GET", "/api/v1/subscriptions"): Sample("/api/v1/subscriptions"),
    ("POST", "/api/v1/subscriptions/<subscription_id>/cancellation"): Sample(
        "/api/v1/subscriptions/{subscription}/cancellation"
    ),
    ("POST", "/api/v1/subscriptions"): Sample(
        "/api/v1/subscriptions", lambda _ids: {"starts_on": "2027-01-01", "trial_ends_on": "2027-02-01"}, 201
    ),
    ("GET", "/api/v1/prices"): Sample("/api/v1/prices"),
    ("POST", "/api/v1/prices"): Sample(
        "/api/v1/prices",
        lambda _ids: {
            "valid_from": "2027-03-01",
            "terms": [{"plan": "premium", "unit_amount": "70.00"}],
        },
        201,
    ),
    ("GET", "/api/v1/billing-terms"): Sample("/api/v1/billing-terms"),
    ("POST", "/api/v1/billing-terms"): Sample(
        "/api/v1/billing-terms", lambda _ids: {"valid_from": "2027-01-01", "tax_percent": "19"}, 201
    ),
    ("GET", "/api/v1/credit"): Sample("/api/v1/credit"),
    ("POST", "/api/v1/credit"): Sample(
        "/api/v1/credit", lambda _ids: {"amount": "10.00", "reference": "sorry-1", "reason": "an outage"}
    ),
    ("GET", "/api/v1/meters"): Sample("/api/v1/meters"),
    ("POST", "/api/v1/meters"): Sample(
        "/api/v1/meters",
        lambda _ids: {"meters": [{"key": "api_calls", "unit": "call", "aggregation": "sum"}]},
    ),
    ("POST", "/api/v1/usage/events"): Sample("/api/v1/usage/events", lambda _ids: []),
    ("GET", "/api/v1/people/<person_id>/sign-ins"): Sample("/api/v1/people/{person}/sign-ins"),
    ("POST", "/api/v1/sign-ins"): Sample("/api/v1/sign-ins", lambda _ids: {"sign_ins": []}),
    ("GET", "/api/v1/invoices/<invoice_id>/focus.csv"): Sample("/api/v1/invoices/{invoice}/focus.csv"),
    ("GET", "/api/v1/invoices/<invoice_id>/invoice.pdf"): Sample("/api/v1/invoices/{invoice}/invoice.pdf"),
    ("GET", "/api/v1/credit-notes"): Sample("/api/v1/credit-notes"),
    ("GET", "/api/v1/billing-details"): Sample("/api/v1/billing-details"),
    ("POST", "/api/v1/billing-details"): Sample(
        "/api/v1/billing-details", lambda _ids: {"buyer": {"name": "A buyer"}}, 201
    ),
    ("GET", "/api/v1/invoices/<invoice_id>/life"): Sample("/api/v1/invoices/{invoice}/life"),
    ("POST", "/api/v1/invoices/<invoice_id>/void"): Sample(
        "/api/v1/invoices/{invoice}/void", lambda _ids: {"reason": "trial"}
    ),
    ("POST", "/api/v1/invoices/<invoice_id>/reissue"): Sample("/api/v1/invoices/{invoice}/reissue"),
    ("POST", "/api/v1/invoices/<invoice_id>/payment"): Sample(
        "/api/v1/invoices/{second_invoice}/payment",
        lambda _ids: {"paid_on": "2026-10-02", "reference": "bank 17"},
    ),
    ("POST", "/api/v1/invoices/<invoice_id>/credit-notes"): Sample(
        "/api/v1/invoices/{second_invoice}/credit-notes",
        lambda _ids: {"amount": "1.00", "reason": "trial"},
        201,
    ),
    ("GET", "/api/v1/credit-notes/<credit_note_id>"): Sample("/api/v1/credit-notes/{credit_note}"),
    ("GET", "/api/v1/credit-notes/<credit_note_id>/people"): Sample(
        "/api/v1/credit-notes/{credit_note}/people"
    ),
    ("GET", "/api/v1/credit-notes/<credit_note_id>.csv"): Sample("/api/v1/credit-notes/{credit_note}.csv"),
    ("GET", "/api/v1/credit-notes/<credit_note_id>/focus.csv"): Sample(
        "/api/v1/credit-notes/{credit_note}/focus.csv"
    ),
    ("GET", "/api/v1/credit-notes/<credit_note_id>/credit-note.pdf"): Sample(
        "/api/v1/credit-notes/{credit_note}/credit-note.pdf"
    ),
    ("GET", "/api/v1/invoices/<invoice_id>/usage"): Sample(
        "/api/v1/invoices/{invoice}/usage?meter=api_calls"
    ),
    ("GET", "/api/v1/stripe/differences"): Sample("/api/v1/stripe/differences?kind=missing_there"),
    ("GET", "/api/v1/reconciliation"): Sample("/api/v1/reconciliation"),
    ("GET", "/api/v1/requests/<request_id>"): Sample("/api/v1/requests/{request}"),
    ("POST", "/api/v1/requests/<request_id>/replay"): Sample("/api/v1/requests/{failed_request}/replay"),
    ("GET", "/api/v1/journal"): Sample("/api/v1/journal"),
    ("GET", "/api/v1/journal/sealed"): Sample("/api/v1/journal/sealed"),
    ("GET", "/api/v1/journal/verification"): Sample("/api/v1/journal/verification"),
    ("GET", "/api/v1/api-keys"): Sample("/api/v1/api-keys"),
    ("POST", "/api/v1/api-keys"): Sample("/api/v1/api-keys", lambda _ids: {"scopes": ["read"]}, 201),
    ("GET", "/api/v1/people/<person_id>/sessions"): Sample("/api/v1/people/{person}/sessions"),
    ("DELETE", "/api/v1/people/<person_id>/sessions"): Sample("/api/v1/people/{person}/sessions", status=204),
    ("DELETE", "/api/v1/sessions/<session_id>"): Sample("/api/v1/sessions/{session}", status=204),
    ("POST", "/api/v1/sessions/introspect"): Sample("/api/v1/sessions/introspect", shown_cookie),
    ("POST", "/access/v1/evaluation"): Sample("/access/v1/evaluation", question),
    ("POST", "/access/v1/evaluations"): Sample("/access/v1/evaluations", question),
    ("GET", "/.well-known/authzen-configuration"): Sample("/.well-known/authzen-configuration"),
    ("GET", "/session/me"): Sample("/session/me", status=401),
    ("POST", "/session/refresh"): Sample("/session/refresh", status=401),
    ("GET", "/logout"): Sample("/logout"),
    ("POST", "/logout"): Sample("/logout", status=303),
    ("POST", "/api/v1/quotes"): Sample("/api/v1/quotes", quote),
    ("GET", "/scim/v2/ServiceProviderConfig"): Sample("/scim/v2/ServiceProviderConfig"),
    ("GET", "/scim/v2/ResourceTypes"): Sample("/scim/v2/ResourceTypes"),
    ("GET", "/scim/v2/ResourceTypes/<name>"): Sample("/scim/v2/ResourceTypes/User"),
    ("GET", "/scim/v2/Schemas"): Sample("/scim/v2/Schemas"),
    ("GET", "/scim/v2/Schemas/<urn>"): Sample("/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"),
    ("GET", "/scim/v2/Roles"): Sample("/scim/v2/Roles"),
    ("GET", "/scim/v2/Roles/<key>"): Sample("/scim/v2/Roles/admin"),
    ("GET", "/scim/v2/Licenses"): Sample("/scim/v2/Licenses"),
    ("GET", "/scim/v2/Licenses/<key>"): Sample("/scim/v2/Licenses/standard"),
    **{
        (method, "/scim/v2/Me"): Sample("/scim/v2/Me", status=404)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    },
    ("POST", "/scim/v2/.search"): Sample("/scim/v2/.search", search),
    ("POST", "/scim/v2/Users/.search"): Sample("/scim/v2/Users/.search", search),
    ("POST", "/scim/v2/Groups/.search"): Sample("/scim/v2/Groups/.search", search),
    ("GET", "/scim/v2/Users"): Sample("/scim/v2/Users"),
    ("GET", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}"),
    ("POST", "/scim/v2/Users"): Sample("/scim/v2/Users", lambda _ids: user("hedy"), 201),
    ("POST", "/scim/v2/Bulk"): Sample("/scim/v2/Bulk", bulk),
    ("PUT", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", lambda _ids: user("ada")),
    ("PATCH", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", deactivation),
    ("GET", "/scim/v2/Groups"): Sample("/scim/v2/Groups"),
    ("GET", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}"),
    ("POST", "/scim/v2/Groups"): Sample("/scim/v2/Groups", lambda ids: group("Planners", ids["person"]), 201),
    ("PUT", "/scim/v2/Groups/<group_id>"): Sample(
        "/scim/v2/Groups/{group}", lambda ids: group("Dispatchers", ids["other person"])
    ),
    ("PATCH", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}", renaming),
    ("DELETE", "/scim/v2/Groups/<group_id>"): Sample("/scim/v2/Groups/{group}", status=204),
    ("DELETE", "/scim/v2/Users/<person_id>"): Sample("/scim/v2/Users/{person}", status=204),
    ("DELETE", "/api/v1/connections/<connection_id>/tokens/<token_id>"): Sample(
        "/api/v1/connections/{connection}/tokens/{token}", status=204
    ),
    ("DELETE", "/api/v1/connections/<connection_id>/oauth-client/secrets/<secret_id>"): Sample(
        "/api/v1/connections/{connection}/oauth-client/secrets/{client_secret}", status=204
    ),
    ("DELETE", "/api/v1/connections/<connection_id>/oauth-client"): Sample(
        "/api/v1/connections/{connection}/oauth-client", status=204
    ),
    ("DELETE", "/api/v1/api-keys/<key_id>"): Sample("/api/v1/api-keys/{key}", status=204),
}
