"""Structured logs: one event a line, with ids, never with anything personal."""

import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

import orjson
from prometheus_client import Counter

from config.settings import Settings

# structlog takes rich to draw tracebacks as soon as rich is installed; the bridge never has it draw any, and
# rich with what it needs is 80 modules, 5 MB of every web process. An import system that finds None does as
# if there were none, for as long as structlog is loaded; the commands still draw their tables with rich.
if "rich" in sys.modules:
    import structlog
else:
    sys.modules["rich"] = None  # type: ignore[assignment]  # this is how the import system is told
    import structlog

    del sys.modules["rich"]

get_logger = structlog.get_logger

LOST = Counter("bridge_log_lines_lost_total", "Lines of the log that could not be written")

#: Loggers of libraries that would repeat what is logged here already, or print requests' addresses.
QUIET = {
    "werkzeug": logging.WARNING,
    "granian.access": logging.WARNING,
    "alembic.runtime.migration": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "celery.app.trace": logging.CRITICAL,  # it quotes a failed task's error; ``workers.app`` does not
    "authlib": logging.WARNING,  # at the level debug it tells the tokens that it issues
}


class Lines:
    """Writes finished lines to standard error; ``name`` is that of the module that writes them."""

    _writing = threading.Lock()

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        """Write one line, whole, whatever other threads write; one that cannot be written is counted.

        Whoever is answered shall not hear of it that the disk of the log is full.
        """
        try:
            with self._writing:
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()
        except (OSError, ValueError):  # ValueError: the stream is closed
            LOST.inc()

    debug = info = warning = error = critical = exception = msg

    @classmethod
    def renew(cls) -> None:
        """Forget who was writing: in a child, which has none of its parent's other threads."""
        cls._writing = threading.Lock()


os.register_at_fork(after_in_child=Lines.renew)


def configure_logs(settings: Settings, *, process: str) -> None:
    """Send this process's logs, the libraries' included, to standard error in the form that is set.

    Our own lines go there straight, since each request writes one; libraries' by way of ``logging``.
    """
    level = getattr(logging, settings.log_level.upper())

    def add_process(_logger: object, _method: str, event: Any) -> Any:  # noqa: ANN401 (as structlog has it)
        event["process"] = process
        return event

    shared: list[Any] = [
        add_process,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_kinds_and_places),
    ]
    renderer: Any = structlog.processors.JSONRenderer(serializer=_json)
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=Lines,
        cache_logger_on_first_use=True,
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(level, least))


def _kinds_and_places(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Return which errors led to this one, it first, each followed by where it arose.

    Without their words, which may quote a person or a secret: PostgreSQL's name the key that was doubled.
    """
    error: BaseException | None = exc_info[1]
    told, seen = list[str](), set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told.append(type(error).__name__)
        told += [f"  {at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(told)


def _json(event: Any, **options: Any) -> str:  # noqa: ANN401 (as structlog hands it over)
    return orjson.dumps(event, **options).decode()
