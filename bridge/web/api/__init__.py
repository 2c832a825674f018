"""The entrance for machines: the REST API under /api/v1 with its OpenAPI document."""

from bridge.web.api import (
    directory,
    document,
    explanations,
    invoices,
    journal,
    keys,
    log,
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
    "invoices",
    "journal",
    "keys",
    "log",
    "quotes",
    "refusals",
    "rules",
    "seats",
    "tenants",
]
