"""Commands on events of identity providers, on the hooks that bring them."""

from datetime import timedelta

import click

from bridge import clock
from bridge.cli.operator import cause, parts, print_json, tenant_of_connection
from bridge.signin.events.browse import events_page
from bridge.signin.events.identity_events import OUTCOMES
from bridge.signin.events.okta_hooks import (
    TOKENS,
    OktaHookSettings,
    make_okta_secret,
    set_okta_hook,
)
from config.settings import settings

SHOWN = ("id", "source", "type", "effect", "outcome", "at", "received_at", "settled_at", "person_id")


@click.group()
def events() -> None:
    """Take events of identity providers, and see what became of each."""


@events.command("okta-secret")
@click.argument("connection_id")
def okta_secret(connection_id: str) -> None:
    """Print a new secret for Okta's hooks, alone and once: the value of their Authorization header.

    The one before holds for a while longer (BRIDGE_OKTA_SECRET_OVERLAP_MINUTES).
    """
    bridge = parts()
    with bridge.database.write(tenant_of_connection(connection_id)) as session:
        secret = make_okta_secret(
            session,
            connection_id,
            seal=bridge.seal,
            overlap=timedelta(minutes=settings().okta_secret_overlap_minutes),
            cause=cause(),
            now=clock.now(),
        )
    click.echo(secret)


@events.command("okta-claims")
@click.argument("connection_id")
@click.option("--plan-claim", help="Claim of a token that tells the plan; default: none does.")
@click.option("--roles-claim", help="Claim that lists the roles; default: none does.")
@click.option(
    "--token", "tokens", multiple=True, type=click.Choice(TOKENS), default=TOKENS,
    help="Tokens to write them into; default: both.",
)  # fmt: skip
@click.option(
    "--sign-in-app", "sign_in_apps", multiple=True,
    help="Id of an application at Okta whose sign-ins count; default: none does.",
)  # fmt: skip
def okta_claims(
    connection_id: str,
    plan_claim: str | None,
    roles_claim: str | None,
    tokens: tuple[str, ...],
    sign_in_apps: tuple[str, ...],
) -> None:
    """Choose what Okta's token hook writes into tokens, and which sign-ins are counted."""
    chosen = OktaHookSettings(plan_claim, roles_claim, tokens, sign_in_apps)
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        set_okta_hook(session, connection_id, chosen, cause=cause(), now=clock.now())
    click.echo(f"the hooks of connection {connection_id} are set")


@events.command("list")
@click.argument("connection_id")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only those of this outcome.")
def list_all(connection_id: str, outcome: str | None) -> None:
    """Print the connection's events, the last received first."""
    with parts().database.read(tenant_of_connection(connection_id)) as session:
        rows = events_page(
            session,
            connection_id=connection_id,
            outcome=outcome,
            before=None,
            limit=settings().page_most,
        )
        print_json([{name: getattr(row, name) for name in SHOWN} for row in rows])
