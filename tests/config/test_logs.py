"""That each event is one line, with what finds it again."""

import json
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.logs import LOST, Lines, configure_logs, get_logger
from config.settings import Settings


def test_an_event_is_one_line_that_tells_process_logger_level_and_instant(capsys: pytest.CaptureFixture[str]):
    get_logger("bridge.somewhere").warning("seat.lost", person_id="7")
    told = json.loads(capsys.readouterr().err)
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "event": "seat.lost",
        "level": "warning",
        "logger": "bridge.somewhere",
        "person_id": "7",
        "process": "test",
    }


def test_what_lies_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]):
    configure_logs(Settings(log_level="error"), process="test")
    get_logger("bridge.quiet").warning("nobody reads this")
    assert capsys.readouterr().err == ""


def test_lines_stay_whole_whatever_threads_write(capsys: pytest.CaptureFixture[str]):
    lines = Lines("bridge")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lines.msg, [f"{number:04}" * 100 for number in range(400)]))
    written = capsys.readouterr().err.splitlines()
    assert sorted(written) == [f"{number:04}" * 100 for number in range(400)]


def test_a_child_writes_although_somebody_in_its_parent_was_writing():
    with Lines._writing:
        child = os.fork()
        if not child:
            signal.alarm(60)  # which ends a child that waits for a thread that it does not have
            Lines("bridge").msg("in the child")
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_a_line_that_cannot_be_written_is_counted_and_disturbs_nobody(monkeypatch: pytest.MonkeyPatch):
    before = LOST._value.get()
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stderr", full)
        Lines("bridge").msg("no room")
        monkeypatch.undo()
        with suppress(OSError):
            full.close()
    monkeypatch.setattr("sys.stderr", full)  # closed by now
    Lines("bridge").msg("nobody listens")
    assert LOST._value.get() == before + 2


def test_a_failure_is_told_by_kind_and_place_never_by_its_words(capsys: pytest.CaptureFixture[str]):
    def refuse():
        try:
            int("ada@example.com")
        except ValueError as error:
            raise KeyError("secret") from error

    configure_logs(Settings(), process="test")
    for log in (get_logger("bridge.failing"), logging.getLogger("a.library")):
        try:
            refuse()
        except KeyError:
            log.exception("failed")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    for told in (ours, theirs):
        kinds = [line for line in told["exception"].splitlines() if not line.startswith(" ")]
        assert kinds == ["KeyError", "ValueError"]
        assert f"{__file__}:" in told["exception"]
        assert "ada" not in json.dumps(told)
        assert "secret" not in json.dumps(told)


def test_a_console_tells_a_failure_the_same_way(capsys: pytest.CaptureFixture[str]):
    configure_logs(Settings(log_format="console"), process="test")
    try:
        int("ada@example.com")
    except ValueError:
        get_logger("bridge.console").exception("failed")
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert "ada@example.com" not in told
