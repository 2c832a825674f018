"""The entrance for machines: the REST API under /api/v1 with its OpenAPI document."""

from bridge.web.api import invoice_schemas  # isort: skip (the schemas of routes below)
from bridge.web.api import (
    directory,
    document,
    explanations,
    extensions,
    invoice_life,
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
    tenants,
)
from bridge.web.api.operations import blueprint

__all__ = [
    "blueprint",
    "directory",
    "document",
    "explanations",
    "extensions",
    "invoice_life",
    "invoice_schemas",
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
    "tenants",
]
