"""The entrance for identity providers: SCIM 2.0 below ``/scim/v2``."""

from bridge.web.scim import discovery, groups, refusals, users
from bridge.web.scim.entrance import blueprint

__all__ = ["blueprint", "discovery", "groups", "refusals", "users"]
