"""Structured logs: one event a line, with ids, never with anything personal."""

import logging
import sys
from typing import Any

import orjson

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

#: Loggers of libraries that would repeat what is logged here already, or print requests' addresses.
QUIET = (
    "werkzeug",
    "granian.access",
    "alembic.runtime.migration",
    "celery.worker.strategy",
    "celery.app.trace",
    "authlib",  # at the level debug it tells the tokens that it issues
)


def configure_logs(settings: Settings, *, process: str) -> None:
    """Send this process's logs, the libraries' included, to standard error in the form that is set."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = structlog.processors.JSONRenderer(serializer=_json)
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
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
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.contextvars.bind_contextvars(process=process)


def _json(event: Any, **options: Any) -> str:  # noqa: ANN401 (as structlog hands it over)
    return orjson.dumps(event, **options).decode()
