"""Commands on signing in by OpenID Connect."""

from pathlib import Path

import click

from bridge import clock
from bridge.cli.operator import cause, parts, print_json, tenant_named, tenant_of_connection
from bridge.signin.link import link_by_administrator
from bridge.signin.oidc_settings import POLICIES, PRESETS, SCOPES, OidcTerms, set_oidc, show_oidc
from bridge.signin.refused import refused_page
from config.settings import settings

#: How many of the refused are listed.
MOST_REFUSED = 100

readable = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def oidc() -> None:
    """Have people of a connection sign in by OpenID Connect."""


@oidc.command("set")
@click.argument("connection_id")
@click.option("--issuer", required=True, help="As the provider shows it, letter by letter.")
@click.option("--client-id", required=True)
@click.option("--client-secret-file", type=readable, help="File with the secret alone.")
@click.option("--private-key-file", type=readable, help="PEM file of a private RSA or P-256 key instead.")
@click.option("--public-client", is_flag=True, help="There is no secret, nor a key.")
@click.option("--preset", type=click.Choice(PRESETS), help="Default: the connection's kind.")
@click.option("--jit", type=click.Choice(POLICIES), default="off", help="Whoever is not known yet.")
@click.option("--scope", "scopes", multiple=True, default=SCOPES, help="What is asked for; repeatable.")
@click.option(
    "--organisation", "organisations", multiple=True, help="Google's hd that is let in; repeatable."
)
@click.option("--group-claim", help="Claim that has people's groups; default: the preset's, '' for none.")
@click.option("--groups-from-userinfo", is_flag=True, help="Userinfo may tell them where the token does not.")
def set_settings(  # noqa: PLR0917 (click gives them by name)
    connection_id: str,
    issuer: str,
    client_id: str,
    client_secret_file: Path | None,
    private_key_file: Path | None,
    preset: str | None,
    jit: str,
    scopes: tuple[str, ...],
    organisations: tuple[str, ...],
    group_claim: str | None,
    *,
    public_client: bool,
    groups_from_userinfo: bool,
) -> None:
    """Have people of a connection sign in at this provider; without a secret the one set before stays."""
    terms = OidcTerms(
        issuer=issuer,
        client_id=client_id,
        secret=_content(client_secret_file),
        private_key=_content(private_key_file),
        public_client=public_client,
        preset=preset,
        jit=jit,
        scopes=scopes,
        organisations=organisations,
        group_claim=group_claim,
        groups_from_userinfo=groups_from_userinfo,
    )
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        set_oidc(
            session,
            connection_id,
            terms,
            seal=parts().seal,
            private=settings().private_providers,
            cause=cause(),
            now=clock.now(),
        )
    click.echo(f"people of {connection_id} sign in at {issuer}, beginning at /login/{connection_id}")


@oidc.command()
@click.argument("connection_id")
def show(connection_id: str) -> None:
    """Show the settings; the secret is not shown."""
    with parts().database.read(tenant_of_connection(connection_id)) as session:
        print_json(show_oidc(session, connection_id))


@oidc.command()
@click.argument("connection_id")
@click.argument("person_id")
@click.argument("subject")
def link(connection_id: str, person_id: str, subject: str) -> None:
    """Link SUBJECT, as the connection's provider calls somebody, to a person."""
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        link_by_administrator(session, connection_id, subject, person_id, cause=cause(), now=clock.now())
    click.echo(f"{person_id} is linked")


@oidc.command()
@click.argument("tenant")
def refused(tenant: str) -> None:
    """List the latest sign-ins of TENANT that were refused, with the reason."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = refused_page(session, limit=MOST_REFUSED)
    shown = ("id", "connection_id", "at", "reason", "person_id", "subject")
    print_json([{name: getattr(row, name) for name in shown} for row in rows])


def _content(path: Path | None) -> str | None:
    return None if path is None else path.read_text().strip()
