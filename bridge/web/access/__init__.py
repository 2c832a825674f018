"""The entrance for who enforces access: decisions by the AuthZEN Authorization API 1.0."""

from bridge.web.access import discovery, evaluations, refusals
from bridge.web.access.entrance import blueprint

__all__ = ["blueprint", "discovery", "evaluations", "refusals"]
