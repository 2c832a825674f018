"""The entrance for machines: the REST API under /api/v1 with its OpenAPI document."""

from bridge.web.api import (
    directory,
    document,
    erasures,
    explanations,
    extensions,
    invoices,
    joins,
    journal,
    keys,
    log,
    oauth_clients,
    quotes,
    refusals,
    rules,
    seats,
    storms,
    tenants,
)
from bridge.web.api.operations import blueprint

__all__ = [
    "blueprint",
    "directory",
    "document",
    "erasures",
    "explanations",
    "extensions",
    "invoices",
    "joins",
    "journal",
    "keys",
    "log",
    "oauth_clients",
    "quotes",
    "refusals",
    "rules",
    "seats",
    "storms",
    "tenants",
]
