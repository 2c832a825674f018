"""Commands on connections as OAuth clients."""

import click

from bridge import clock
from bridge.access.oauth_clients import (
    client_secrets_of,
    grant_client_secret,
    withdraw_client,
    withdraw_client_secret,
)
from bridge.cli.credentials import expiry, lifetime, print_credentials
from bridge.cli.operator import cause, parts, tenant_of_connection


@click.group("oauth-client")
def oauth_client() -> None:
    """Make, list and revoke the secrets of connections as OAuth clients.

    The client's id is the connection's id; an identity provider asks for access tokens at /oauth/token.
    """


@oauth_client.command()
@click.argument("connection_id")
@expiry
def create(connection_id: str, expires_in_days: int | None) -> None:
    """Print a new client secret, alone and once; two may be live, the old and its replacement."""
    bridge, now = parts(), clock.now()
    with bridge.database.write(tenant_of_connection(connection_id)) as session:
        made = grant_client_secret(
            session,
            connection_id,
            seal=bridge.seal,
            lifetime=lifetime(expires_in_days),
            cause=cause(),
            now=now,
        )
    click.echo(made.secret)


@oauth_client.command("list")
@click.argument("connection_id")
def list_all(connection_id: str) -> None:
    """List the client's secrets; the secrets themselves are not kept."""
    with parts().database.read(tenant_of_connection(connection_id)) as session:
        print_credentials(client_secrets_of(session, connection_id))


@oauth_client.command()
@click.argument("connection_id")
@click.argument("secret_id", required=False)
def revoke(connection_id: str, secret_id: str | None) -> None:
    """End the client's secrets, or the one named, with every access token issued for them, at once."""
    now = clock.now()
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        if secret_id is None:
            withdraw_client(session, connection_id, cause=cause(), now=now)
        else:
            withdraw_client_secret(session, connection_id, secret_id, cause=cause(), now=now)
    click.echo(f"{f'client secret {secret_id}' if secret_id else f'OAuth client {connection_id}'} is revoked")
