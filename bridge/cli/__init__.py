"""The ``bridge`` command; each subject's commands live in a module of their own, loaded when called."""

import sys
from importlib import import_module

import click

from bridge.errors import BridgeError

#: Exit codes: 0 done, 1 there are findings, 2 bad input.
BAD_INPUT = 2

COMMANDS = {
    "admin-link": "bridge.cli.admin_link:admin_link",
    "alerts": "bridge.cli.storms:alerts",
    "api-key": "bridge.cli.credentials:api_key",
    "billing-terms": "bridge.cli.billing_terms:billing_terms",
    "connection": "bridge.cli.connections:connection",
    "credit-note": "bridge.cli.credit_notes:credit_note",
    "credit": "bridge.cli.billing_terms:credit",
    "database": "bridge.cli.migrations:database",
    "demo": "bridge.cli.demo:demo",
    "entitlements": "bridge.cli.people:entitlements",
    "events": "bridge.cli.identity_events:events",
    "explain": "bridge.cli.people:explain",
    "fuse": "bridge.cli.storms:fuse",
    "group": "bridge.cli.groups:group",
    "invoice": "bridge.cli.invoices:invoice",
    "join-attribute": "bridge.cli.joins:join_attribute",
    "journal": "bridge.cli.journal:journal",
    "meters": "bridge.cli.meters:meters",
    "oauth-client": "bridge.cli.oauth_clients:oauth_client",
    "oidc": "bridge.cli.oidc:oidc",
    "override": "bridge.cli.overrides:override",
    "people": "bridge.cli.erasures:people",
    "plans": "bridge.cli.plans:plans",
    "quote": "bridge.cli.quote:quote",
    "reconcile": "bridge.cli.reconcile:reconcile",
    "requests": "bridge.cli.requests:requests",
    "roles": "bridge.cli.roles:roles",
    "rules": "bridge.cli.rules:rules",
    "schema": "bridge.cli.extension_schemas:schema",
    "seat-limits": "bridge.cli.seat_limits:seat_limits",
    "seats": "bridge.cli.people:seats",
    "serve": "bridge.cli.serve:serve",
    "session": "bridge.cli.sessions:session",
    "settings": "bridge.cli.settings:settings",
    "sign-ins": "bridge.cli.meters:sign_ins",
    "simulate": "bridge.cli.simulate:simulate",
    "storms": "bridge.cli.storms:storms",
    "stripe": "bridge.cli.stripe:stripe",
    "subscription": "bridge.cli.subscriptions:subscription",
    "tenant": "bridge.cli.tenants:tenant",
    "token": "bridge.cli.credentials:token",
    "usage": "bridge.cli.meters:usage",
}


class Commands(click.Group):
    """A group that imports a command's module when it is called, so that a quote starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=Commands)
@click.version_option(package_name="provisioning-bridge", prog_name="bridge")
def commands() -> None:
    """From identity providers to roles, plans, seats and invoices that explain themselves."""


def main() -> None:
    """Run a command; what the operator must know of an error is one line, with exit code 2."""
    try:
        commands.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(BAD_INPUT)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except BridgeError as error:
        line = f"{error.pointer}: {error.detail}" if error.pointer else error.detail
        click.echo(_on_one_line(line), err=True)
        sys.exit(BAD_INPUT)


def _on_one_line(text: str) -> str:
    """Write out what no terminal shows as it is: a pointer may hold any name that a document has."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
