"""The composition root: settings, database, keys, logs and routes become one application."""

import atexit
import gc
from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from jinja2 import StrictUndefined
from werkzeug.routing import BaseConverter, MapAdapter

from bridge.access.limits import open_rate_limits
from bridge.access.recent import RecentCallers
from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from bridge.directory.places import Places
from bridge.logs import configure_logs
from bridge.nudge import nudge
from bridge.provisioning.request_log import RequestLog
from bridge.scim.reading import Limits
from bridge.tenants.secrets import Seal
from bridge.web import access, admin, api, events, health, login, oauth, scim, session
from bridge.web.context import Bridge
from bridge.web.recording import record_requests
from bridge.web.scim.addresses import with_addresses_put_right
from config.settings import Settings, settings


class Key(BaseConverter):
    """A part of a path that names what may be stored. PostgreSQL has no NUL in text, so no name has one."""

    regex = r"[^/\0]+"
    part_isolating = True


class Application(Flask):
    """Flask without asynchronous routes, of which each function would be asked at each call.

    Nor does it read the address of a request twice: the request has read it already.
    """

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return super().create_url_adapter(None)
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode("latin-1"),
        )


def create_app(chosen: Settings | None = None) -> Flask:
    """Return the application for a WSGI server; ``chosen`` settings default to the environment's."""
    if chosen is not None:
        return _assembled(chosen)
    configure_logs(settings(), process="web")
    app = _assembled(settings())
    gc.freeze()  # what is loaded by now stays, so the collector need not stop requests to look through it
    return app


def _assembled(chosen: Settings) -> Flask:
    app = Application("bridge", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.converters["default"] = Key
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    parts = put_together(chosen)
    app.extensions["bridge"] = parts
    record_requests(app)
    for entrance in (scim, api, events, oauth, login, session, access, admin, health):
        app.register_blueprint(entrance.blueprint)
    app.wsgi_app = with_addresses_put_right(app.wsgi_app)  # type: ignore[assignment, method-assign]  # so Flask has it
    atexit.register(parts.request_log.close)
    return app


def put_together(chosen: Settings) -> Bridge:
    """Return the parts that routes and commands call."""
    database = Database(open_engine(chosen), after_due=nudge)
    seal = Seal(chosen.secret_keys())
    request_log = RequestLog(
        database,
        seal,
        most_rows=chosen.request_log_rows,
        wait_milliseconds=chosen.request_log_milliseconds,
    )
    return Bridge(
        settings=chosen,
        database=database,
        seal=seal,
        request_log=request_log,
        rate_limits=open_rate_limits(chosen),
        places=Places(chosen.page_places),
        recent_callers=RecentCallers(most=chosen.recent_callers),
        limits=Limits(
            text_characters=chosen.text_characters,
            elements=chosen.attribute_values,
            members=chosen.group_members,
            operations=chosen.patch_operations,
            group_levels=chosen.group_levels,
        ),
    )
