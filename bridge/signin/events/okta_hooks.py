"""What a connection's Okta hooks are set up with: the shared secret, claims, applications."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue, NotFound, Unauthenticated
from bridge.journal.record import Cause, Subject, record
from bridge.scim.text import fault_of, shown
from bridge.signin.events.tables import OktaHook
from bridge.tenants.connections import find_connection
from bridge.tenants.secrets import Seal
from bridge.tenants.tokens import is_well_formed, new_token

KIND = "okta_hook"

#: Tokens whose claims the inline hook may add to, and the commands that do it.
TOKENS = ("identity", "access")

CLAIM_CHARACTERS, APPS_MOST, APP_CHARACTERS = 64, 50, 64


@dataclass(frozen=True, slots=True)
class OktaHookSettings:
    """What is answered and counted; without a claim's name nothing is told of plan or roles."""

    plan_claim: str | None = None
    roles_claim: str | None = None
    tokens: tuple[str, ...] = TOKENS
    sign_in_apps: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise ``InvalidValue`` with a pointer for what Okta would refuse, or nobody could mean."""
        for name in ("plan_claim", "roles_claim"):
            claim = getattr(self, name)
            if claim is not None and not _is_claim(claim):
                raise InvalidValue(
                    f"found {shown(claim)}, allowed 1 to {CLAIM_CHARACTERS} characters without a slash or a "
                    "tilde, other than those of a registered claim",
                    pointer=f"/{name}",
                )
        if self.plan_claim is not None and self.plan_claim == self.roles_claim:
            raise InvalidValue("plan and roles need claims of their own", pointer="/roles_claim")
        if not set(self.tokens) <= set(TOKENS):
            raise InvalidValue(f"allowed {', '.join(TOKENS)}", pointer="/tokens")
        if len(self.sign_in_apps) > APPS_MOST or any(
            not 0 < len(each) <= APP_CHARACTERS or fault_of(each) for each in self.sign_in_apps
        ):
            raise InvalidValue(f"allowed at most {APPS_MOST} ids of applications", pointer="/sign_in_apps")


#: Claims that Okta or the specifications own (RFC 7519 section 4.1, OpenID Connect Core section 2).
OWNED = frozenset(
    (
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "acr", "amr", "azp", "auth_time"),
        *("at_hash", "c_hash", "ver", "cid", "uid", "scp", "scope"),
    )
)


def _is_claim(claim: str) -> bool:
    # A JSON pointer would have to escape slash and tilde, and Okta's paths know no such thing.
    return (
        0 < len(claim) <= CLAIM_CHARACTERS
        and claim.isprintable()
        and not {"/", "~"} & set(claim)
        and (claim not in OWNED)
    )


def make_okta_secret(
    session: TenantSession,
    connection_id: str,
    *,
    seal: Seal,
    overlap: timedelta,
    cause: Cause,
    now: datetime,
) -> str:
    """Return a new secret for the connection's hooks; the one before holds for ``overlap`` longer.

    Raises ``NotFound``; ``Conflict`` for a connection of another kind.
    """
    hook = _hook_to_change(session, connection_id, now=now)
    secret = new_token(KIND)
    hook.previous_digest, hook.previous_until = hook.digest, now + overlap if hook.digest else None
    hook.digest, hook.changed_at = seal.digest(secret), now
    session.flush()
    subject = Subject("connection", connection_id)
    record(session, "signin:okta_secret:create", subject, cause=cause, at=now)
    return secret


def set_okta_hook(
    session: TenantSession, connection_id: str, chosen: OktaHookSettings, *, cause: Cause, now: datetime
) -> OktaHook:
    """Choose what the hooks answer and count. Raises ``NotFound``, ``Conflict``, ``InvalidValue``."""
    chosen.check()
    hook = _hook_to_change(session, connection_id, now=now)
    hook.plan_claim, hook.roles_claim = chosen.plan_claim, chosen.roles_claim
    hook.tokens, hook.sign_in_apps = sorted(set(chosen.tokens)), sorted(set(chosen.sign_in_apps))
    hook.changed_at = now
    session.flush()
    details = {
        "plan_claim": chosen.plan_claim, "roles_claim": chosen.roles_claim, "tokens": hook.tokens,
        "sign_in_apps": hook.sign_in_apps,
    }  # fmt: skip
    subject = Subject("connection", connection_id)
    record(session, "signin:okta_hook:change", subject, cause=cause, at=now, details=details)
    return hook


def read_okta_hook(session: TenantSession, connection_id: str) -> OktaHook | None:
    """Return how the connection's hooks are set up, None if nobody did. Raises ``NotFound``."""
    find_connection(session, connection_id)
    return session.scalar(select(OktaHook).where(OktaHook.connection_id == connection_id))


def verified_hook(
    session: TenantSession, connection_id: str, secret: str | None, *, seal: Seal, now: datetime
) -> OktaHook:
    """Return the hook whose secret this is.

    Okta sends what was written into its form, by some with the word Bearer before it. Raises ``NotFound``
    where there is no hook, or no secret was made; ``Unauthenticated`` for another secret.
    """
    hook = session.scalar(select(OktaHook).where(OktaHook.connection_id == connection_id))
    if hook is None or hook.digest is None:
        raise NotFound("this connection takes nothing from Okta: make a secret for its hooks first")
    live = [hook.digest]
    if hook.previous_digest is not None and hook.previous_until is not None and now < hook.previous_until:
        live.append(hook.previous_digest)
    given = (secret or "").removeprefix("Bearer ")
    if not is_well_formed(given, KIND) or not _same(seal.digests(given), live):
        raise Unauthenticated("the Authorization header must hold the secret made for the connection's hooks")
    return hook


def note_verified(session: TenantSession, connection_id: str, *, now: datetime) -> None:
    """Write down that Okta has verified the event hook, the first time it does."""
    own = select(OktaHook).where(OktaHook.connection_id == connection_id, OktaHook.verified_at.is_(None))
    hook = session.scalar(own)
    if hook is not None:
        hook.verified_at = now
        session.flush()


def _same(digests: Collection[str], live: Collection[str]) -> bool:
    return any([hmac.compare_digest(one, other) for one in digests for other in live])  # noqa: C419 (all are compared)


def _hook_to_change(session: TenantSession, connection_id: str, *, now: datetime) -> OktaHook:
    connection = find_connection(session, connection_id)
    if connection.kind != "okta":
        raise Conflict(
            f"connection {connection_id} is one of {connection.kind}: Okta's hooks need one of okta"
        )
    own = select(OktaHook).where(OktaHook.connection_id == connection_id).with_for_update()
    hook = session.scalar(own.execution_options(populate_existing=True))
    if hook is None:
        hook = OktaHook(
            connection_id=connection_id, digest=None, previous_digest=None, previous_until=None,
            verified_at=None, plan_claim=None, roles_claim=None, tokens=list(TOKENS), sign_in_apps=[],
            changed_at=now,
        )  # fmt: skip
        session.add(hook)
    return hook
