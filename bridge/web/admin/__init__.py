"""The entrance for administrators: pages that map groups to plans, tell what that costs, and why."""

from bridge.web.admin import (
    assets,
    enter,
    overview,
    refusals,
    rendering,
)
from bridge.web.admin.entrance import blueprint

__all__ = [
    "assets",
    "blueprint",
    "enter",
    "overview",
    "refusals",
    "rendering",
]
