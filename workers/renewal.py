"""When all that is sealed is sealed anew: the night after the operator has put a new key first."""

from bridge import clock
from bridge.access.tables import Session
from bridge.database.sessions import Database
from bridge.provisioning.tables import RequestRecord
from bridge.signin.tables import OidcSetting, SignInAttempt
from bridge.tenants.renew_seals import renew_seals
from bridge.tenants.secrets import Seal
from bridge.usage.tables import UsageSecret
from config.settings import settings

#: All rows in which anything is sealed.
SEALED = (OidcSetting, SignInAttempt, Session, RequestRecord, UsageSecret)


def renew_all(database: Database, tenant_id: str) -> None:
    """Seal what is kept under the operator's newest key; nothing needs the one before to be opened then."""
    renew_seals(database, tenant_id, SEALED, seal=Seal(settings().secret_keys()), now=clock.now())
