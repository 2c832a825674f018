"""The messages that tell Celery's workers of a task, for who sends them and needs no more of Celery.

They are as Celery's manual has them ("Message Protocol", version 2). Celery itself would write the same, but
a web process would load and keep all of it for this alone, just when its first requests are to be answered.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kombu import Connection, Exchange, Queue
from kombu.pools import producers

#: Where Celery's workers look unless they are told otherwise.
QUEUE = Queue("celery", Exchange("celery"), routing_key="celery")


def send_task(connection: Connection, name: str, arguments: Sequence[str], *, expires_seconds: int) -> None:
    """Queue a task, dropped if no worker takes it in time. Raises what the broker's driver raises."""
    id_ = str(uuid.uuid4())
    # Compared with the workers' real time, never with a clock that is driven.
    expires = datetime.now(UTC) + timedelta(seconds=expires_seconds)
    headers = {
        "lang": "py",
        "task": name,
        "id": id_,
        "root_id": id_,
        "parent_id": None,
        "group": None,
        "retries": 0,
        "eta": None,
        "expires": expires.isoformat(),
        "timelimit": [None, None],
        "argsrepr": repr(list(arguments)),
        "kwargsrepr": "{}",
        "ignore_result": True,
    }
    embedded = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))
    with producers[connection].acquire(block=True) as producer:
        producer.publish(
            (list(arguments), {}, embedded),
            exchange="",
            routing_key=QUEUE.name,
            declare=[QUEUE],
            headers=headers,
            correlation_id=id_,
            expiration=expires_seconds,
            serializer="json",
            retry=False,
        )
