"""How pages are written: templates, what all of them show, what browsers are told to refuse."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy import bindparam, func, select

from bridge.alerts.tables import Alert
from bridge.database.prepared import TENANT, Prepared
from bridge.database.rows import table_of
from bridge.seats.tables import Storm
from bridge.tenants.tables import Tenant
from bridge.web.admin.assets import asset_url
from bridge.web.admin.entrance import Visitor, blueprint
from bridge.web.recording import observed

SEE_OTHER = 303
NONCE_BYTES = 16
#: Who has not come in yet sees pages without a frame.
NOBODY: Mapping[str, object] = MappingProxyType({"visitor": None, "frame": None})

#: Nothing from elsewhere, no script or style that a page of ours did not mean, in no frame.
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: The pages in the order of the navigation: path, name, the right that opens it.
NAVIGATION = (("/admin", "Overview", ""),)

_ALERTS, _STORMS, _TENANTS = table_of(Alert).c, table_of(Storm).c, table_of(Tenant).c
_OPEN_ALERTS = (
    select(func.count())
    .where(_ALERTS.tenant_id == _TENANTS.tenant_id, _ALERTS.closed_at.is_(None))
    .scalar_subquery()
)
_OPEN_STORMS = (
    select(func.count())
    .where(_STORMS.tenant_id == _TENANTS.tenant_id, _STORMS.decided_at.is_(None))
    .scalar_subquery()
)
FRAME = Prepared(
    select(
        _TENANTS.name,
        _TENANTS.timezone,
        _OPEN_ALERTS.label("alerts"),
        _OPEN_STORMS.label("storms"),
    ).where(_TENANTS.tenant_id == bindparam(TENANT))
)


def render(visitor: Visitor, template: str, status: int = 200, /, **shown: object) -> Response:
    """Return a page of the visitor's, with the frame around it."""
    with visitor.reading() as session:
        frame = session.begin_by(FRAME).one()
    links = [each for each in NAVIGATION if visitor.may(each[2])]
    return write(template, status, visitor=visitor, frame=frame, navigation=links, **shown)


def write(template: str, status: int = 200, /, **shown: object) -> Response:
    """Return a filled-in template with the policy that goes with it."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    seen = observed()
    common = {"nonce": nonce, "now": seen.at, "path": seen.request.path}
    content = render_template(template, **{**NOBODY, **common, **shown})
    response = Response(content, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return response


def go_to(path: str) -> Response:
    """Send the browser to another page of ours, after a form was taken."""
    return Response(status=SEE_OTHER, headers={"Location": path})


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep pages out of caches, our addresses from other sites, and content types as we say."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    return response


@blueprint.app_template_filter("number")
def number(value: float) -> str:
    """Write a number with its thousands apart."""
    return f"{value:,}"


@blueprint.app_template_filter("capitalise")
def capitalise(text: str) -> str:
    """Begin a sentence; jinja's own ``capitalize`` would make all that follows small."""
    return text[:1].upper() + text[1:]


@blueprint.app_template_filter("moment")
@pass_context
def moment(context: Context, at: datetime | str | None) -> str:
    """Write an instant in the tenant's time zone, for people and for machines."""
    return _time(context, at, "%-d %b %Y, %H:%M")


@blueprint.app_template_filter("day")
@pass_context
def day(context: Context, at: datetime | str | None) -> str:
    """Write the day of an instant in the tenant's time zone."""
    return _time(context, at, "%-d %b %Y")


def _time(context: Context, at: datetime | str | None, form: str) -> str:
    if at is None:
        return "—"
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    local = instant.astimezone(ZoneInfo(context["frame"].timezone))
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(), local.strftime(form))


@blueprint.app_context_processor
def offered() -> dict[str, Any]:
    """Return what every template can call."""
    return {"asset_url": asset_url}
