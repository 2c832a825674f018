"""The command that plays an identity provider against a SCIM endpoint."""

from typing import cast

import click
from rich.console import Console
from rich.progress import Progress

from bridge import clock
from bridge.simulator.events import Source
from bridge.simulator.play import Played
from bridge.simulator.play import simulate as play_onboarding


@click.command()
@click.argument("kind", type=click.Choice(["okta", "entra"]))
@click.option("--url", required=True, help="SCIM base URL, such as http://127.0.0.1:8080/scim/v2")
@click.option("--token", required=True, envvar="BRIDGE_SIMULATE_TOKEN", help="Bearer token.")
@click.option("--people", default=60, show_default=True, type=click.IntRange(2, 100_000))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same company.")
def simulate(kind: str, url: str, token: str, people: int, seed: int) -> None:
    """Hire a made-up company's people and push its groups, as Okta or Entra would."""
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{kind} is provisioning", total=None)

        def show(played: Played) -> None:
            progress.update(bar, completed=played.number, total=played.total)

        source = cast("Source", kind)
        record = play_onboarding(
            source, url, token, people=people, seed=seed, start=clock.now(), on_event=show
        )
    click.echo(f"{len(record.exchanges)} requests, all answered as the real client expects")
