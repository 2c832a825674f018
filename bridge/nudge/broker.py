"""The broker that senders of nudges and workers configure alike."""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu import Connection
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

from config.settings import Settings

#: A task that a worker took and did not finish is given to another one by Redis. The sweep is much quicker,
#: so this only has to be longer than any task.
VISIBILITY_SECONDS = 3600

#: Messages that wait in the queue in files; more would only say again what the sweep finds.
MOST_FILES = 1000


class WholeFiles(filesystem.Channel):
    """The queue in files, of which a reader only ever sees whole messages.

    kombu's own writer creates a file under its final name before it has content, and its reader moves it to
    the system's temporary folder, perhaps on another disk: who polls every few milliseconds meets an empty
    file one day, and dies of it. Here a file is written under another name first, and taken by renaming it.
    """

    def _put(self, queue: str, payload: object, **_options: object) -> None:  # type: ignore[override]  # the stubs name it in two ways
        folder = Path(self.data_folder_out)
        if sum(1 for _ in folder.iterdir()) >= MOST_FILES:
            raise ChannelError(f"{MOST_FILES} messages wait in {folder}: does a worker run?")
        _write_whole(folder / f"{time.monotonic_ns():020d}_{uuid.uuid4()}.{queue}.msg", dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002 (kombu's signature)
        folder = Path(self.data_folder_in)
        for name in sorted(each.name for each in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{name}.{os.getpid()}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was quicker
            message = loads(taken.read_text())
            taken.unlink()
            return message
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        entry = [routing_key or "", pattern or "", queue or ""]
        known = [list(each) for each in self.get_table(exchange)]
        if entry not in known:
            _write_whole(self.control_folder / f"{exchange}.exchange", dumps([entry, *known]))


class FileQueue(filesystem.Transport):
    """kombu's transport in files, with whole files."""

    Channel = WholeFiles


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{uuid.uuid4()}.draft")
    draft.write_text(text)
    draft.rename(path)


def connection(chosen: Settings) -> Connection:
    """Return the connection, not yet open, of who sends and gives up after ``nudge_milliseconds``."""
    return Connection(
        chosen.broker,
        transport=transport(chosen),
        transport_options=transport_options(chosen, waiting=False),
        connect_timeout=chosen.nudge_milliseconds / 1000,
    )


def transport(chosen: Settings) -> str | None:
    """Return the name of our own transport where the queue is in files; others go by the broker's URL."""
    return "bridge.nudge.broker:FileQueue" if in_files(chosen) else None


def in_files(chosen: Settings) -> bool:
    """Tell whether the broker is the embedded one."""
    return chosen.broker.startswith("filesystem:")


def transport_options(chosen: Settings, *, waiting: bool) -> dict[str, object]:
    """Return what the transport is told.

    ``waiting`` is true for workers, which wait for messages and for a broker that is away.
    """
    return _in_files(chosen) if in_files(chosen) else _over_network(chosen, waiting=waiting)


def _in_files(chosen: Settings) -> dict[str, object]:
    folder = chosen.var.absolute() / "queue"
    messages, control = folder / "messages", folder / "control"
    for each in (messages, control):
        each.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": chosen.broker_poll_milliseconds / 1000,
    }


def _over_network(chosen: Settings, *, waiting: bool) -> dict[str, object]:
    if waiting:
        return {"visibility_timeout": VISIBILITY_SECONDS} if "redis" in chosen.broker.split(":")[0] else {}
    seconds = chosen.nudge_milliseconds / 1000
    once = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    if chosen.broker.startswith("amqp"):
        return {**once, "read_timeout": seconds, "write_timeout": seconds}
    return {**once, "socket_timeout": seconds, "socket_connect_timeout": seconds}
