"""The Celery application, for ``celery -A workers.app worker`` with a prefork, threads or solo pool."""

import os
from functools import cache

from celery import Task
from celery.signals import setup_logging, task_failure

from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from bridge.logs import configure_logs, get_logger
from bridge.nudge import nudge
from bridge.nudge.marks import Marks
from config.settings import settings
from workers.application import celery_app

log = get_logger(__name__)

app = celery_app(settings())
app.conf.update(
    imports=(
        "workers.assignments",
        "workers.journal",
        "workers.closing",
        "workers.delivery",
        "workers.refreshing",
        "workers.groups",
        "workers.timetable",
    ),
    beat_schedule={
        "sweep": {
            "task": "bridge.sweep",
            "schedule": settings().sweep_seconds,
            # Sweeps that piled up behind a long task all see the same: one is enough.
            "options": {"expires": 2 * settings().sweep_seconds},
        }
    },
)


@cache
def database() -> Database:
    """Return this process's database, opened when the first task asks for it."""
    return Database(open_engine(settings()), after_due=nudge)


@cache
def marks() -> Marks:
    """Return this process's marks of nudges that are on their way."""
    return Marks(settings())


def _let_go() -> None:
    """Leave the parent's connections to the parent: a child of a prefork pool opens its own."""
    marks.cache_clear()
    if database.cache_info().currsize:
        database().leave_to_parent()


os.register_at_fork(after_in_child=_let_go)


@setup_logging.connect
def _log_as_the_bridge_does(**_told: object) -> None:
    configure_logs(settings(), process="worker")


@task_failure.connect
def _tell_of_failure(
    sender: Task[..., object], task_id: str, exception: BaseException, **_told: object
) -> None:
    """Log which task failed, at what and where. Celery's own line, kept back, quotes the error's words."""
    log.error("task.failed", task=sender.name, task_id=task_id, exc_info=exception)
