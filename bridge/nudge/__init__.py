"""Waking the workers by the name of their task."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache, cached_property

from bridge.nudge.marks import Marks
from config.settings import Settings, settings

ASSIGN_DUE = "bridge.assign_due"

#: A nudge that no worker took by then says nothing that the sweep has not found.
NUDGE_EXPIRES_SECONDS = 300

#: After a nudge the next ones wait so long for each tenant that was told of, up to the longest pause. What
#: has come meanwhile goes in one message, which costs sender and worker as much as that of one tenant.
PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.1

#: Tenants in one message; one worker does their work one after another.
MOST_TOGETHER = 10

#: Silence between two lines in the log about a broker that cannot be reached.
LOG_PAUSE_SECONDS = 60.0

log = logging.getLogger(__name__)


class Nudger:
    """Sends nudges from a thread of its own, so that no request ever waits for the broker.

    ``sent``, ``spared`` and ``failed`` count tenants; a failure loses nothing, since the sweep finds the
    tenant's due row. Spared is a nudge while another one for the same tenant is on its way.
    """

    def __init__(self, chosen: Settings) -> None:
        self.sent = 0
        self.spared = 0
        self.failed = 0
        self._chosen = chosen
        self._waiting: dict[str, None] = {}
        self._arrived = threading.Condition()
        self._thread: threading.Thread | None = None
        self._logged_at = float("-inf")

    @cached_property
    def _tell(self) -> Callable[[Sequence[str]], None]:
        """Send one message; who sends none yet neither waits for the broker's library nor keeps it."""
        from bridge.nudge.broker import connection  # noqa: PLC0415 (kombu; see above)
        from bridge.nudge.messages import send_task  # noqa: PLC0415 (kombu; see above)

        broker = connection(self._chosen)
        return lambda tenant_ids: send_task(
            broker, ASSIGN_DUE, tenant_ids, expires_seconds=NUDGE_EXPIRES_SECONDS
        )

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self._chosen)

    def nudge(self, tenant_id: str) -> None:
        """Have the workers told soon that the tenant has work; a nudge not yet sent is not sent twice."""
        with self._arrived:
            if tenant_id in self._waiting:
                return
            self._waiting[tenant_id] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
            self._arrived.notify()

    def _run(self) -> None:
        while True:
            tenant_ids = self._next()
            for position in range(0, len(tenant_ids), MOST_TOGETHER):
                self._send(tenant_ids[position : position + MOST_TOGETHER])
            time.sleep(min(PAUSE_SECONDS * len(tenant_ids), LONGEST_PAUSE_SECONDS))

    def _next(self) -> list[str]:
        """Wait for tenants to tell of, and take them in the order in which they came."""
        with self._arrived:
            while not self._waiting:
                self._arrived.wait()
            taken, self._waiting = self._waiting, {}
        return list(taken)

    def _send(self, tenant_ids: Sequence[str]) -> None:
        try:
            untold = self._marks.put(tenant_ids)
            if untold:
                self._tell(untold)
        except Exception as error:  # noqa: BLE001 (whatever a broker's driver raises: the sweep makes up for it)
            self.failed += len(tenant_ids)
            self._log(error)
        else:
            self.sent += len(untold)
            self.spared += len(tenant_ids) - len(untold)

    def _log(self, error: Exception) -> None:
        if time.monotonic() - self._logged_at < LOG_PAUSE_SECONDS:
            return
        self._logged_at = time.monotonic()
        log.warning(
            "the broker cannot be reached (%s); workers find their work by themselves every few seconds. "
            "%d nudges were lost since the start of this process",
            type(error).__name__,
            self.failed,
        )


@cache
def _nudger() -> Nudger:
    return Nudger(settings())


# A thread does not survive a fork: the child starts its own.
os.register_at_fork(after_in_child=_nudger.cache_clear)


def nudge(tenant_id: str) -> None:
    """Wake the workers for a tenant. Returns at once and never fails."""
    _nudger().nudge(tenant_id)
