"""Commands on subscriptions."""

from datetime import datetime

import click

from bridge import clock
from bridge.billing.cancel_subscription import cancel_subscription
from bridge.billing.subscriptions import create_subscription, read_subscriptions
from bridge.cli.operator import as_json, cause, parts, print_json, print_made, tenant_named

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def subscription() -> None:
    """Create, cancel and show what a tenant is billed by."""


@subscription.command()
@click.argument("tenant")
@click.option("--interval", type=click.Choice(["month", "year"]), default="month", show_default=True)
@click.option("--anchor-day", type=click.IntRange(1, 31), default=1, show_default=True)
@click.option("--timing", type=click.Choice(["arrears", "advance"]), default="arrears", show_default=True)
@click.option("--starts-on", type=DAY, required=True)
@click.option("--trial-ends-on", type=DAY, help="The first date that costs something.")
@as_json
def create(
    tenant: str,
    *,
    interval: str,
    anchor_day: int,
    timing: str,
    starts_on: datetime,
    trial_ends_on: datetime | None,
    json: bool,
) -> None:
    """Bill TENANT this way from a date on; the subscription before it ends there."""
    with parts().database.write(tenant_named(tenant)) as session:
        made = create_subscription(
            session,
            interval=interval,
            anchor_day=anchor_day,
            timing=timing,
            starts_on=starts_on.date(),
            trial_ends_on=trial_ends_on and trial_ends_on.date(),
            cause=cause(),
            now=clock.now(),
        )
    print_made(made.id, json=json, sentence=f"subscription {made.id} begins on {made.starts_on}")


@subscription.command()
@click.argument("tenant")
@click.option("--ends-on", type=DAY, help="The first date that is not billed; default: when the period ends.")
@click.option("--subscription", "subscription_id", help="Its id; default: the last one.")
def cancel(tenant: str, ends_on: datetime | None, subscription_id: str | None) -> None:
    """End TENANT's subscription; its last invoice is issued on that date."""
    with parts().database.write(tenant_named(tenant)) as session:
        ended = cancel_subscription(
            session, subscription_id, ends_on=ends_on and ends_on.date(), cause=cause(), now=clock.now()
        )
    click.echo(f"subscription {ended.id} ends on {ended.ends_on}")


@subscription.command()
@click.argument("tenant")
def show(tenant: str) -> None:
    """Print TENANT's subscriptions in order of their start."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json([each.document() for each in read_subscriptions(session)])
