import json
import socket
import threading
import time
from queue import Empty

import pytest
import redis
from celery.contrib.testing.worker import start_worker
from kombu.exceptions import OperationalError

from bridge.nudge import ASSIGN_DUE, MOST_TOGETHER, Nudger, broker, marks
from bridge.nudge.broker import connection
from bridge.nudge.marks import Marks
from bridge.nudge.messages import send_task
from config.settings import Settings
from workers.application import celery_app


def in_files(folder, **values):
    return Settings(var=folder, broker_url="", **values)


def messages(folder):
    found = [json.loads(path.read_text()) for path in sorted((folder / "queue" / "messages").iterdir())]
    return [(each["headers"]["task"], each["headers"]["argsrepr"]) for each in found]


def until(happened, seconds=120):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_a_nudge_becomes_a_message_with_the_name_of_the_task(tmp_path):
    nudger = Nudger(in_files(tmp_path))
    nudger.nudge("birchwood")
    until(lambda: nudger.sent == 1)
    assert messages(tmp_path) == [(ASSIGN_DUE, "['birchwood']")]


def test_nudges_that_wait_are_one_message_with_each_tenant_once(tmp_path):
    nudger = Nudger(in_files(tmp_path))
    with nudger._arrived:  # the sender cannot take any meanwhile
        for _ in range(100):
            nudger.nudge("alder")
            nudger.nudge("birchwood")
    until(lambda: nudger.sent == 2)
    assert messages(tmp_path) == [(ASSIGN_DUE, "['alder', 'birchwood']")]


def test_a_message_tells_of_no_more_tenants_than_one_worker_should_do(tmp_path):
    nudger = Nudger(in_files(tmp_path))
    tenants = [f"tenant {number}" for number in range(MOST_TOGETHER + 1)]
    with nudger._arrived:
        for tenant_id in tenants:
            nudger.nudge(tenant_id)
    until(lambda: nudger.sent == len(tenants))
    told = [argument for _, argument in messages(tmp_path)]
    assert told == [repr(tenants[:MOST_TOGETHER]), repr(tenants[MOST_TOGETHER:])]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_dead_broker_costs_nothing_and_is_counted_and_logged_once(tmp_path, caplog, scheme):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unheard.getsockname()[1]}/0"
        nudger = Nudger(Settings(var=tmp_path, broker_url=url, nudge_milliseconds=50))
        with nudger._arrived:  # the sender cannot try meanwhile, so these do not wait for it
            nudger.nudge("alder")
            nudger.nudge("birchwood")
        until(lambda: nudger.failed == 2)
    lines = [record for record in caplog.records if record.name == "bridge.nudge"]
    assert len(lines) == 1
    assert "cannot be reached" in lines[0].getMessage()


def test_a_nudge_reaches_redis(tmp_path, redis_url):
    nudger = Nudger(Settings(var=tmp_path, broker_url=redis_url, nudge_milliseconds=60_000))
    nudger.nudge("birchwood")
    until(lambda: nudger.sent + nudger.failed == 1)
    with celery_app(Settings(var=tmp_path, broker_url=redis_url)).connection_for_read() as reader:
        message = reader.SimpleQueue("celery").get(timeout=120)
        assert message.headers["task"] == ASSIGN_DUE
        message.ack()
    assert nudger.failed == 0


def test_a_worker_runs_what_it_is_told_and_drops_what_comes_too_late(tmp_path):
    app = celery_app(in_files(tmp_path))
    app.finalize()
    app.tasks.pop(ASSIGN_DUE, None)  # Celery shares the workers' own with every app of the process
    ran = []

    @app.task(name=ASSIGN_DUE)
    def assign_due(tenant_id):
        ran.append(tenant_id)

    with connection(in_files(tmp_path)) as sender:
        send_task(sender, ASSIGN_DUE, ["alder"], expires_seconds=-1)
    nudger = Nudger(in_files(tmp_path))
    nudger.nudge("birchwood")
    until(lambda: nudger.sent == 1)
    assert len(messages(tmp_path)) == 2
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=120):
        until(lambda: ran)
    assert ran == ["birchwood"]


def test_a_queue_that_nobody_empties_stops_growing(tmp_path, monkeypatch):
    monkeypatch.setattr(broker, "MOST_FILES", 2)
    nudger = Nudger(in_files(tmp_path))
    for number in range(3):
        nudger.nudge(str(number))
        until(lambda done=number + 1: nudger.sent + nudger.failed == done)
    assert (nudger.sent, len(messages(tmp_path))) == (2, 2)
    with pytest.raises(OperationalError, match="does a worker run"):
        celery_app(in_files(tmp_path)).send_task(ASSIGN_DUE, args=["x"], retry=False)


def test_many_readers_of_the_queue_in_files_take_each_whole_message_once(tmp_path):
    app = celery_app(in_files(tmp_path))
    expected = [f"tenant {number}" for number in range(60)]
    taken, errors = [], []
    done = threading.Event()

    def read():
        with connection(in_files(tmp_path)) as sender:
            channel = sender.channel()
            while True:
                ended = done.is_set()
                try:
                    taken.append(channel._get("celery")["headers"]["argsrepr"])
                except Empty:
                    if ended:
                        return
                except Exception as error:  # noqa: BLE001 (a half-written message is what this looks for)
                    errors.append(error)
                    return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for tenant_id in expected:
        app.send_task(ASSIGN_DUE, args=[tenant_id], retry=False)
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert sorted(taken) == sorted(f"['{tenant_id}']" for tenant_id in expected)


def test_workers_on_a_network_keep_a_message_until_its_task_is_done(tmp_path):
    conf = celery_app(Settings(var=tmp_path, broker_url="redis://localhost/0")).conf
    assert conf.task_acks_late
    assert conf.broker_transport_options == {"visibility_timeout": 3600}
    assert conf.accept_content == ["json"]
    assert not conf.worker_hijack_root_logger


def test_while_a_nudge_is_on_its_way_no_other_is_sent_for_the_tenant_by_any_process(tmp_path, redis_url):
    chosen = Settings(var=tmp_path, broker_url=redis_url, nudge_milliseconds=60_000)
    first, second = Nudger(chosen), Nudger(chosen)
    first.nudge("elm")
    until(lambda: first.sent + first.failed == 1)
    second.nudge("elm")
    second.nudge("fir")
    until(lambda: second.sent + second.spared + second.failed == 2)
    assert (first.sent, second.sent, second.spared) == (1, 1, 1)


def test_once_a_worker_has_taken_the_mark_the_next_change_is_told(tmp_path, redis_url):
    chosen = Settings(var=tmp_path, broker_url=redis_url, nudge_milliseconds=60_000)
    nudger = Nudger(chosen)
    for sent in (1, 2):
        nudger.nudge("cedar")
        until(lambda sent=sent: nudger.sent + nudger.spared + nudger.failed == sent)
        Marks(chosen).take(["cedar"])
    assert (nudger.sent, nudger.spared) == (2, 0)


def test_a_mark_whose_message_was_lost_ends_by_itself(tmp_path, redis_url, monkeypatch):
    monkeypatch.setattr(marks, "MARK_MILLISECONDS", 60_000)
    standing = Marks(Settings(var=tmp_path, broker_url=redis_url, nudge_milliseconds=60_000))
    assert standing.put(["dogwood"]) == ["dogwood"]
    assert standing.put(["dogwood", "elder"]) == ["elder"]
    with redis.Redis.from_url(redis_url) as client:
        mark = marks.PREFIX + "dogwood"
        assert 0 < client.pttl(mark) <= 60_000
        client.pexpire(mark, 1)
    until(lambda: standing.put(["dogwood"]))
