"""How Stripe is reached: by its official library, at one fixed host unless the settings name another."""

import logging
from functools import cache

from stripe import RequestsClient, StripeClient

from config.settings import Settings

#: It tells of each request.
logging.getLogger("stripe").setLevel(logging.WARNING)


@cache
def open_stripe(chosen: Settings) -> StripeClient | None:
    """Return the client of these settings; None without a key.

    It never retries by itself: each attempt is to be seen in the deliveries.
    """
    if not chosen.stripe_api_key:
        return None
    return StripeClient(
        chosen.stripe_api_key,
        http_client=RequestsClient(timeout=chosen.stripe_seconds),
        base_addresses={"api": chosen.stripe_url} if chosen.stripe_url else None,
        max_network_retries=0,
    )
