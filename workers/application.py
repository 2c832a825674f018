"""Celery, as the broker of the settings wants it."""

from celery import Celery

from bridge.nudge.broker import in_files, transport, transport_options
from config.settings import Settings


def celery_app(chosen: Settings) -> Celery:
    """Return the Celery application of workers, which wait for messages and for a broker that is away."""
    # In files a message is gone once it is taken; the sweep makes up for it.
    keeps = not in_files(chosen)
    app = Celery("bridge")
    app.conf.update(
        broker_url=chosen.broker,
        broker_transport=transport(chosen),
        broker_transport_options=transport_options(chosen, waiting=True),
        broker_connection_timeout=4.0,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=keeps,
        task_reject_on_worker_lost=keeps,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=keeps,
        worker_cancel_long_running_tasks_on_connection_loss=True,
    )
    return app
