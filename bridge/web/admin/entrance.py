"""The door of the pages: who is here, what they may see and do, and which forms are believed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, Response

from bridge.access.authenticate import Caller
from bridge.access.sessions import find_session
from bridge.access.sign_out import check_page_token, page_token
from bridge.access.visits import VISITORS, find_visit
from bridge.database.sessions import TenantSession
from bridge.entitlements.decide import privileges_of
from bridge.errors import Forbidden, Unauthenticated
from bridge.journal.record import Cause
from bridge.web.admin.rights import OF_VISITS, of_person
from bridge.web.context import bridge
from bridge.web.cookies import session_cookie
from bridge.web.recording import observed

#: The cookie of who came by a link (see ``web.cookies.SESSION`` for its name).
VISIT = "__Host-bridge_visit"

#: What browsers say of a request that one of our pages made (Fetch Metadata); old ones say nothing.
OUR_OWN = (None, "same-origin")

#: A form of ours is a token's length; what is much longer was not sent from our page.
FORM_BYTES = 4096

Parameters = ParamSpec("Parameters")

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

#: The right that each endpoint asks for.
NEEDS: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page: a person who signed in, or somebody who came by a link.

    ``kind`` and ``actor_id`` are those of the journal, ``rights`` as in ``web.admin.rights``; ``token`` is
    what forms of this visitor's pages carry.
    """

    tenant_id: str
    kind: str
    actor_id: str
    stay_id: str
    label: str
    rights: frozenset[str]
    token: str

    def may(self, right: str) -> bool:
        """Tell whether the visitor has a right; the empty one has everybody who is here."""
        return not right or right in self.rights

    def require(self, right: str) -> None:
        """Raise ``Forbidden`` unless the visitor has a right."""
        if not self.may(right):
            raise Forbidden(f"this needs the right {right}, which {self.label} does not have here")

    @property
    def cause(self) -> Cause:
        """Who causes what is done by this request, for the journal."""
        return Cause(self.kind, self.actor_id, observed().id)

    @contextmanager
    def reading(self) -> Iterator[TenantSession]:
        """Open a transaction of the visitor's tenant that only reads."""
        with bridge().database.read(self.tenant_id) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[TenantSession]:
        """Open a transaction of the visitor's tenant that commits at its end."""
        with bridge().database.write(self.tenant_id) as session:
            yield session


View = Callable[Concatenate[Visitor, Parameters], Response]
Route = Callable[Parameters, Response]


def page(path: str, *, needs: str) -> Callable[[View[Parameters]], Route[Parameters]]:
    """Have a view answer GET at a path, for visitors who have a right."""
    return _route(path, "GET", needs)


def action(path: str, *, needs: str) -> Callable[[View[Parameters]], Route[Parameters]]:
    """Have a view take a form of our pages at a path, from visitors who have a right."""
    return _route(path, "POST", needs)


def _route(path: str, method: str, needs: str) -> Callable[[View[Parameters]], Route[Parameters]]:
    def register(view: View[Parameters]) -> Route[Parameters]:
        @wraps(view)
        def answer(*arguments: Parameters.args, **named: Parameters.kwargs) -> Response:
            visitor = present()
            visitor.require(needs)
            if method == "POST":
                _check_our_page()
            return view(visitor, *arguments, **named)

        NEEDS[f"{blueprint.name}.{view.__name__}"] = needs
        blueprint.add_url_rule(path, view.__name__, answer, methods=[method], provide_automatic_options=False)
        return answer

    return register


def idle() -> timedelta:
    """Return how long a session or a visit may rest."""
    return timedelta(minutes=bridge().settings.session_idle_minutes)


def visit_cookie() -> str | None:
    """Return the cookie of who came by a link."""
    return observed().request.cookies.get(VISIT)


def present() -> Visitor:
    """Return who is here; a visit goes before a session, since its link was opened on purpose.

    Raises ``Unauthenticated``, ``LimitReached`` for a tenant that asks too often.
    """
    seen, parts = observed(), bridge()
    cookie = visit_cookie()
    visitor = _by_link(cookie) if cookie is not None else _by_session()
    person_id = visitor.actor_id if visitor.kind == "person" else None
    seen.caller = Caller(visitor.tenant_id, visitor.stay_id, None, frozenset(), person_id)
    parts.rate_limits.admit(visitor.tenant_id, "api_requests")
    return visitor


def _by_link(cookie: str) -> Visitor:
    seen, parts = observed(), bridge()
    found = find_visit(parts.database, parts.seal, cookie, idle=idle(), now=seen.at)
    return Visitor(
        found.tenant_id,
        "visit",
        found.visit_id,
        found.visit_id,
        VISITORS[found.role],
        OF_VISITS[found.role],
        page_token(parts.seal, cookie),
    )


def _by_session() -> Visitor:
    seen, parts, cookie = observed(), bridge(), session_cookie()
    found = find_session(parts.database, parts.seal, cookie, idle=idle(), now=seen.at)
    with parts.database.read(found.tenant_id) as session:
        rights = of_person(privileges_of(session, found.person_id, at=seen.at))
    token = page_token(parts.seal, cookie or "")
    return Visitor(
        found.tenant_id, "person", found.person_id, found.session_id, "your account", rights, token
    )


def _check_our_page() -> None:
    """Raise ``Forbidden`` unless a page of ours sent this form, for whoever is here: with their ``token``."""
    check_our_site()
    cookie = visit_cookie() or session_cookie()
    if cookie is None:
        raise Unauthenticated("nobody is signed in here: sign in first")
    check_page_token(bridge().seal, cookie, observed().request.form.get("token", ""))


def check_our_site() -> None:
    """Raise ``Forbidden`` for a form that another site has sent, as far as the browser tells."""
    request = observed().request
    if request.headers.get("Sec-Fetch-Site") not in OUR_OWN:
        raise Forbidden("another site sent this: open the page yourself and try again there")
    request.max_content_length = FORM_BYTES


def given(name: str, default: str = "") -> str:
    """Return a field of the form that was sent, without the blanks around it."""
    return observed().request.form.get(name, default).strip()


def asked(name: str, default: str = "") -> str:
    """Return a part of the address's query, without the blanks around it."""
    return observed().request.args.get(name, default).strip()
