"""The entrance for machines: the REST API under /api/v1 with its OpenAPI document."""

from bridge.web.api import (
    directory,
    document,
    explanations,
    extensions,
    invoices,
    joins,
    journal,
    keys,
    log,
    oauth_clients,
    overrides,
    previews,
    quotes,
    refusals,
    rules,
    seats,
    tenants,
)
from bridge.web.api.operations import blueprint

__all__ = [
    "blueprint",
    "directory",
    "document",
    "explanations",
    "extensions",
    "invoices",
    "joins",
    "journal",
    "keys",
    "log",
    "oauth_clients",
    "overrides",
    "previews",
    "quotes",
    "refusals",
    "rules",
    "seats",
    "tenants",
]
