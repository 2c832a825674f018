"""The entrance for other systems' events: those of Stripe, those of identity providers."""

from flask import Blueprint

from bridge.web.events import okta, signals, stripe

blueprint = Blueprint("events", __name__)
for _each in (stripe, okta, signals):
    blueprint.register_blueprint(_each.blueprint)

__all__ = ["blueprint", "okta", "signals", "stripe"]
