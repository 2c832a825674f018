"""The entrance for identity providers: SCIM 2.0 below ``/scim/v2``."""

from bridge.web.scim import bulk, discovery, groups, me, refusals, search, users
from bridge.web.scim.entrance import blueprint

__all__ = ["blueprint", "bulk", "discovery", "groups", "me", "refusals", "search", "users"]
