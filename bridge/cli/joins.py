"""Commands on joins: which accounts count as one person, what proposes them."""

import getpass
import sys

import click

from bridge import clock
from bridge.cli.operator import as_json, cause, console, instant, parts, print_json, tenant_named
from bridge.cli.people import person_named
from bridge.directory.confirm_proposals import confirm_proposals
from bridge.directory.end_joins import separate_account
from bridge.directory.join_accounts import REASON_CHARACTERS, Wanted, join_accounts
from bridge.directory.join_attributes import choose_join_attribute, list_choices
from bridge.directory.read_joins import joins_of
from bridge.directory.read_proposals import read_proposals
from bridge.errors import InvalidValue

NONE = "none"


@click.group()
def people() -> None:
    """Join the accounts of one human, so that they are one seat; separate them; erase who is gone."""


@people.command()
@click.argument("tenant")
@click.argument("person")
@click.argument("account")
@click.option("--reason", required=True, help="Why, for those who look back; name nobody.")
def join(tenant: str, person: str, account: str, reason: str) -> None:
    """Let ACCOUNT (id or user name) count as PERSON from now on."""
    if len(reason) > REASON_CHARACTERS:
        raise InvalidValue(f"the reason has {len(reason)} characters, at most {REASON_CHARACTERS} are kept")
    with parts().database.write(tenant_named(tenant)) as session:
        wanted = Wanted(person_named(session, account), person_named(session, person), "account")
        most = parts().settings.joined_accounts
        joined = join_accounts(session, [wanted], reason=reason, most=most, cause=cause(), now=clock.now())
    done = "counts as" if joined else "nothing to do: it counted already as"
    click.echo(f"{wanted.account_id}: {done} {wanted.person_id}")


@people.command()
@click.argument("tenant")
@click.argument("person")
@click.argument("account")
def separate(tenant: str, person: str, account: str) -> None:
    """Let ACCOUNT, which counts as PERSON, stand for itself from now on."""
    with parts().database.write(tenant_named(tenant)) as session:
        ids = person_named(session, person), person_named(session, account)
        separate_account(session, *ids, cause=cause(), now=clock.now())
    click.echo(f"{ids[1]}: stands for itself")


@people.command()
@click.argument("tenant")
@click.argument("person")
@click.option("--at", help="Instant with an offset; default: the joins that stand.")
def accounts(tenant: str, person: str, at: str | None) -> None:
    """Print the joins that PERSON (id or user name) takes part in."""
    with parts().database.read(tenant_named(tenant)) as session:
        joins = joins_of(session, person_named(session, person), at=instant(at))
    shown = ("account_id", "person_id", "start", "end", "made_by", "reason", "started_by", "ended_by")
    print_json([{name: getattr(each, name) for name in shown} for each in joins])


@people.command()
@click.argument("tenant")
@as_json
def proposals(tenant: str, *, json: bool) -> None:
    """Print what TENANT's join attribute proposes; exit code 1 where somebody cannot be told apart."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = read_proposals(session, now=clock.now(), most=parts().settings.join_proposals)
    shown = [
        {
            "value": each.value,
            "person": each.person and each.person.id,
            "accounts": [account.id for account in each.accounts],
            "problem": each.problem,
        }
        for each in found.found
    ]
    if json:
        print_json(shown)
    else:
        for each in shown:
            console.print(each, highlight=False)
    if any(each.problem for each in found.found):
        sys.exit(1)


@people.command()
@click.argument("tenant")
@click.option(
    "--join", "pairs", nargs=2, multiple=True, metavar="PERSON ACCOUNT", help="One of them, by ids."
)
@click.option("--all", "every", is_flag=True, help="All that are proposed now.")
def confirm(tenant: str, pairs: tuple[tuple[str, str], ...], *, every: bool) -> None:
    """Confirm what TENANT's join attribute proposes."""
    settings = parts().settings
    with parts().database.write(tenant_named(tenant)) as session:
        found = read_proposals(session, now=clock.now(), most=settings.join_proposals).found if every else ()
        proposed = [
            (each.person.id, account.id) for each in found if each.person for account in each.accounts
        ]
        wanted = [Wanted(account, person, "") for person, account in (*pairs, *proposed)]
        joined = confirm_proposals(
            session,
            wanted,
            most=settings.joined_accounts,
            at_once=settings.join_proposals,
            cause=cause(),
            now=clock.now(),
        )
    click.echo(f"{joined} accounts joined")


@click.group()
def join_attribute() -> None:
    """Choose the attribute whose equal values propose that accounts are one human's."""


@join_attribute.command("set")
@click.argument("tenant")
@click.argument("attribute")
@click.option("--connection", "connections", multiple=True, help="Id of a trusted one; name two or more.")
def set_attribute(tenant: str, attribute: str, connections: tuple[str, ...]) -> None:
    """Propose joins where ATTRIBUTE (externalId, employeeNumber, URN:attribute, none) is equal."""
    wanted = None if attribute == NONE else attribute
    with parts().database.write(tenant_named(tenant)) as session:
        chosen = choose_join_attribute(
            session, wanted, connections, author=getpass.getuser(), cause=cause(), now=clock.now()
        )
    told = f"version {chosen.version}: {chosen.attribute or 'nothing'} proposes joins"
    click.echo(told if chosen.applied else f"nothing to do: {told}")


@join_attribute.command()
@click.argument("tenant")
def show(tenant: str) -> None:
    """Print TENANT's choices, the newest first: it holds."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = list_choices(session)
    shown = ("id", "version", "attribute", "connection_ids", "author", "created_at")
    print_json([{name: getattr(row, name) for name in shown} for row in rows])
