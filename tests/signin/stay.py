"""Sessions that are asked for again: what tests do with them."""

from datetime import timedelta

from bridge.access.sessions import provider_tokens
from bridge.access.tables import Session
from bridge.journal.record import Cause
from bridge.journal.tables import JournalEntry
from bridge.signin.key_sets import known_providers
from bridge.signin.refresh_sessions import Desk, refresh_due
from tests.signin.conftest import NOW

IDLE, LEASE = timedelta(hours=1), timedelta(minutes=5)
WORKER = Cause("worker", "tests", "request-1")
SECONDS = int(NOW.timestamp())
DUE = NOW + timedelta(minutes=10)


def desk(play):
    parts = play.running.parts
    return Desk(parts.database, parts.seal, known_providers(parts.settings), parts.settings)


def refresh(play, *, now=None):
    return refresh_due(desk(play), play.customer.tenant_id, cause=WORKER, now=now or play.provider.now)


def sessions(play):
    return [row for row in play.rows(Session) if row.provider_issuer == play.provider.issuer]


def kept(play):
    [row] = sessions(play)
    return row


def refresh_token(play):
    with play.running.database.read(play.customer.tenant_id) as session:
        return provider_tokens(session, kept(play).id, seal=play.running.parts.seal).refresh_token


def asked(play):
    forms = [each.form for each in play.provider.site.asked if each.path == f"/{play.provider.path}/token"]
    return [form["refresh_token"] for form in forms if form.get("grant_type") == "refresh_token"]


def told(play, action):
    rows = [row for row in play.rows(JournalEntry) if row.action == action]
    return [row.details["because"] for row in rows if row.subject_id in {each.id for each in sessions(play)}]


def is_signed_in(play):
    return play.visit("/session/me").status_code == 200
