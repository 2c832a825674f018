"""Where a browser goes that has signed out here, by OpenID Connect RP-Initiated Logout 1.0."""

from datetime import datetime
from urllib.parse import urlencode

from bridge.access.sign_out import SignedOut
from bridge.database.sessions import Database
from bridge.errors import NotFound, ProviderFailed
from bridge.signin.key_sets import KeySets
from bridge.signin.oidc_settings import find_oidc
from bridge.tenants.secrets import Seal


def provider_logout_url(
    database: Database, seal: Seal, key_sets: KeySets, ended: SignedOut, *, return_to: str, now: datetime
) -> str | None:
    """Return the provider's address with what it must know; None where it has none, or cannot be asked.

    The session here has ended in any case: that of a provider that fails is nothing to wait for.
    """
    if ended.id_token is None:
        return None
    try:
        with database.read(ended.tenant_id) as session:
            client = find_oidc(session, ended.connection_id, seal=seal)
        address = key_sets.provider(client.issuer, now=now).end_session_endpoint
    except (NotFound, ProviderFailed):
        return None
    if address is None:
        return None
    told = {
        "id_token_hint": ended.id_token,
        "client_id": client.client_id,
        "post_logout_redirect_uri": return_to,
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"
