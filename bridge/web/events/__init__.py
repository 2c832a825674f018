"""The entrance for other systems' events: so far those of Stripe."""

from bridge.web.events import stripe
from bridge.web.events.stripe import blueprint

__all__ = ["blueprint", "stripe"]
