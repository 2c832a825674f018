"""Commands that make, list and revoke tokens and API keys."""

from collections.abc import Iterable
from datetime import timedelta

import click

from bridge import clock
from bridge.access.expiry import expiry_of
from bridge.access.grant import (
    api_keys,
    grant_api_key,
    grant_token,
    tokens_of,
    withdraw_api_key,
    withdraw_token,
)
from bridge.access.scopes import SCOPES
from bridge.cli.operator import cause, parts, print_json, tenant_named, tenant_of_connection
from bridge.tenants.tables import Credential

expiry = click.option("--expires-in-days", type=click.IntRange(1, 3650), help="Default: it does not expire.")


@click.group()
def token() -> None:
    """Make, list and revoke the SCIM tokens of connections."""


@token.command("create")
@click.argument("connection_id")
@expiry
def create_token(connection_id: str, expires_in_days: int | None) -> None:
    """Print a new token for a connection, alone and once; two may be live at a time."""
    bridge, now = parts(), clock.now()
    with bridge.database.write(tenant_of_connection(connection_id)) as session:
        made = grant_token(
            session,
            connection_id,
            seal=bridge.seal,
            lifetime=lifetime(expires_in_days),
            cause=cause(),
            now=now,
        )
    click.echo(made.secret)


@token.command("list")
@click.argument("connection_id")
def list_tokens(connection_id: str) -> None:
    """List a connection's tokens; the secrets themselves are not kept."""
    with parts().database.read(tenant_of_connection(connection_id)) as session:
        print_credentials(tokens_of(session, connection_id))


@token.command("revoke")
@click.argument("connection_id")
@click.argument("token_id")
def revoke_token(connection_id: str, token_id: str) -> None:
    """End a connection's token at once."""
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        withdraw_token(session, connection_id, token_id, cause=cause(), now=clock.now())
    click.echo(f"token {token_id} is revoked")


@click.group("api-key")
def api_key() -> None:
    """Make, list and revoke API keys."""


@api_key.command("create")
@click.argument("tenant")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(sorted(SCOPES)))
@click.option("--person", "person_id", help="Id of the person whose own it is; ends with their access.")
@expiry
def create_key(
    tenant: str, scopes: tuple[str, ...], person_id: str | None, expires_in_days: int | None
) -> None:
    """Print a new API key of a tenant or a person, alone and once."""
    bridge, now = parts(), clock.now()
    with bridge.database.write(tenant_named(tenant)) as session:
        made = grant_api_key(
            session,
            scopes=scopes,
            person_id=person_id,
            seal=bridge.seal,
            lifetime=lifetime(expires_in_days),
            cause=cause(),
            now=now,
        )
    click.echo(made.secret)


@api_key.command("list")
@click.argument("tenant")
def list_keys(tenant: str) -> None:
    """List a tenant's API keys; the secrets themselves are not kept."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_credentials(api_keys(session))


@api_key.command("revoke")
@click.argument("tenant")
@click.argument("key_id")
def revoke_key(tenant: str, key_id: str) -> None:
    """End an API key at once."""
    with parts().database.write(tenant_named(tenant)) as session:
        withdraw_api_key(session, key_id, cause=cause(), now=clock.now())
    click.echo(f"API key {key_id} is revoked")


def lifetime(days: int | None) -> timedelta | None:
    return timedelta(days=days) if days else None


def print_credentials(rows: Iterable[Credential]) -> None:
    """Print what is known of credentials, with a warning ahead of their expiry."""
    shown = ("id", "scopes", "person_id", "created_at", "expires_at", "revoked_at", "last_used_at")
    warning_days, now, listed = parts().settings.expiry_warning_days, clock.now(), []
    for row in rows:
        expiry = expiry_of(row, warning_days=warning_days, now=now)
        told = {"expires_in_days": expiry.days, "expires_soon": expiry.soon}
        listed.append({name: getattr(row, name) for name in shown} | told)
    print_json(listed)
