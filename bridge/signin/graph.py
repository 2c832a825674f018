"""Microsoft Graph, asked for the groups of those who are in more of them than a token holds.

The address is the operator's: what a token names as its source is never asked, else whoever can have one
issued could have the application's own access token sent to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from bridge.errors import ProviderFailed
from bridge.signin.exchange import application_token
from bridge.signin.fetch import Answer, FetchLimits, fetch
from bridge.signin.key_sets import KeySets
from bridge.signin.oidc_settings import OidcClient
from config.settings import Settings

#: Hosts at which a national cloud signs people in (learn.microsoft.com/graph/deployments).
CHINA = ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn")
US_GOVERNMENT = ("login.microsoftonline.us",)

#: What Graph calls more groups than it tells at once, which are 11,000.
TOO_MANY = "Directory_ResultSizeLimitExceeded"


@dataclass(frozen=True, slots=True)
class Graph:
    """Where Graph is, and the token that opens it."""

    url: str
    token: str = field(repr=False)
    limits: FetchLimits


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why groups are not known: a code, how long to wait, and whether it is so for everybody."""

    reason: str
    retry_after: int | None = None
    is_general: bool = False


def open_graph(
    client: OidcClient, key_sets: KeySets, chosen: Settings, *, now: datetime
) -> Graph | Unresolved:
    """Get a token for Graph as the connection's own application."""
    url, limits = graph_url(client.issuer, chosen), FetchLimits.of(chosen)
    try:
        provider = key_sets.provider(client.issuer, now=now)
        token = application_token(client, provider, scope=f"{url}/.default", limits=limits)
    except ProviderFailed as error:
        return Unresolved(error.reason, is_general=True)
    return Graph(url, token, limits)


def graph_url(issuer: str, chosen: Settings) -> str:
    """Return the address of Graph in the cloud of an issuer."""
    host = urlsplit(issuer).hostname
    if host in CHINA:
        return chosen.graph_china_url
    return chosen.graph_us_url if host in US_GOVERNMENT else chosen.graph_url


def member_groups(graph: Graph, object_id: str) -> tuple[str, ...] | Unresolved:
    """Return the ids of all groups that a person is in, also through others (user: getMemberGroups).

    Groups that are not for security count as well: a token may be set up to name them, and whoever was in one
    must not leave it because there are too many.
    """
    url = f"{graph.url}/v1.0/users/{quote(object_id, safe='')}/getMemberGroups"
    headers = {"Authorization": f"Bearer {graph.token}"}
    try:
        answer = fetch(url, graph.limits, headers=headers, document={"securityEnabledOnly": False})
    except ProviderFailed as error:
        return Unresolved(error.reason)
    if answer.status == HTTPStatus.OK:
        return _groups(answer.document or {})
    return _refusal(answer)


def _groups(told: Mapping[str, Any]) -> tuple[str, ...] | Unresolved:
    value = told.get("value")
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        return Unresolved("provider_answer")
    if "@odata.nextLink" in told:
        return Unresolved("incomplete")
    return tuple(value)


def _refusal(answer: Answer) -> Unresolved:
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Unresolved("not_allowed", answer.retry_after, is_general=True)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Unresolved("throttled", answer.retry_after, is_general=True)
    if answer.status == HTTPStatus.NOT_FOUND:
        return Unresolved("unknown_person")
    error = (answer.document or {}).get("error")
    if isinstance(error, dict) and error.get("code") == TOO_MANY:
        return Unresolved("too_many")
    return Unresolved("provider_status", answer.retry_after)
