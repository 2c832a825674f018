import ipaddress
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from bridge.errors import ProviderFailed
from bridge.signin.fetch import FetchLimits, checked_url, fetch, fetch_json, is_public
from config.settings import Settings
from tests.signin.provider_double import Told, site

PRIVATE = FetchLimits(seconds=5, most_bytes=1000, private=True)
PUBLIC = FetchLimits(seconds=5, most_bytes=1000, private=False)


def failure(url, limits=PRIVATE, **given):
    with pytest.raises(ProviderFailed) as failed:
        fetch_json(url, limits, **given)
    return failed.value.reason


@contextmanager
def raw(*sent, pause=0.0):
    """Serve one connection bytes that no library would send, with pauses between."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            for part in sent:
                try:
                    connection.sendall(part)
                except OSError:
                    return
                time.sleep(pause)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    thread.join()
    listening.close()


def test_an_object_is_read_and_the_request_says_what_it_wants():
    with site(lambda _asked: Told({"a": 1})) as there:
        assert fetch_json(f"{there.url}/x?y=1", PRIVATE, headers={"Authorization": "Bearer t"}) == {"a": 1}
    [asked] = there.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/x", {"y": "1"})
    assert asked.headers["Authorization"] == "Bearer t"
    assert asked.headers["Accept-Encoding"] == "identity"


def test_a_form_and_a_document_are_posted():
    with site(lambda _asked: Told({})) as there:
        fetch(there.url, PRIVATE, headers={}, form={"code": "ä b"})
        fetch(there.url, PRIVATE, headers={}, document={"only": True})
    assert there.asked[0].form == {"code": "ä b"}
    assert there.asked[1].body == b'{"only":true}'


def test_an_error_is_an_answer_to_who_asks_for_it():
    with site(lambda _asked: Told({"error": "invalid_grant"}, status=400)) as there:
        answer = fetch(there.url, PRIVATE, headers={}, form={})
        assert (answer.status, answer.document) == (400, {"error": "invalid_grant"})
        assert failure(there.url) == "provider_status"


@pytest.mark.parametrize("content", [b"", b"[]", b"nope", b'"text"', b"{", b"<html>", b"\xff"])
def test_what_is_no_object_is_refused(content):
    with site(lambda _asked: Told(content)) as there:
        assert failure(there.url) == "provider_answer"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with site(lambda _asked: Told({}, status, {"Location": "/elsewhere"})) as there:
        assert failure(there.url) == "provider_redirects"
    assert there.count("/elsewhere") == 0


def test_an_answer_may_be_as_large_as_the_limit_and_no_larger():
    with site(lambda _asked: Told(b'{"a":"' + b"x" * 992 + b'"}')) as there:
        assert len(fetch_json(there.url, PRIVATE)["a"]) == 992
        assert failure(there.url, FetchLimits(5, 999, private=True)) == "provider_answer"


def test_an_answer_that_says_it_is_endless_is_not_read_to_its_end():
    with raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000) as url:
        assert failure(url) == "provider_answer"


@pytest.mark.parametrize(
    "sent",
    [
        [b"HTTP/1.1 200 OK\r\n"] + [b"X: y\r\n"] * 40,
        [b"H"] + [b"T"] * 40,
        [b"HTTP/1.1 200 OK\r\n\r\n{"] + [b" "] * 40,
    ],
)
def test_an_answer_that_drips_ends_when_its_time_is_over(sent):
    began = time.monotonic()
    with raw(*sent, pause=0.05) as url:
        assert failure(url, FetchLimits(0.3, 1000, private=True)) == "provider_unreachable"
        assert time.monotonic() - began < 1.5


def test_silence_ends_when_its_time_is_over():
    with raw(b"", pause=0.5) as url:
        assert failure(url, FetchLimits(0.1, 1000, private=True)) == "provider_unreachable"


@pytest.mark.parametrize(
    "sent", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000]
)
def test_what_is_no_http_is_refused(sent):
    with raw(sent) as url:
        assert failure(url) in {"provider_unreachable", "provider_answer"}


def test_nobody_at_an_address_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}/") == "provider_unreachable"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 (an address that is refused)
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "100.64.0.1",
        "224.0.0.1",
        "2130706433",
        "0x7f.1",
    ],
)
def test_no_address_of_the_bridges_own_network_is_asked(host):
    assert failure(f"https://{host}/", PUBLIC) == "provider_address"


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example/",
        "ftp://idp.example/",
        "https://",
        "https://a@idp.example/",
        "https://idp.example/#x",
        "https://idp.example:99999/",
        "https://idp.example:0/",
        "https://[::1/",
        "//idp.example/",
        "",
        "https://idp.example/\r\nX: y",
        "https://idp.exämple/",
        "file:///etc/passwd",
        "https://idp.example/a b",
    ],
)
def test_what_is_no_address_of_a_provider_is_refused(url):
    with pytest.raises(ProviderFailed) as failed:
        checked_url(url, private=False)
    assert failed.value.reason == "provider_address"


def test_plain_http_is_for_private_providers_only():
    assert checked_url("http://idp.internal/", private=True).hostname == "idp.internal"
    assert checked_url("https://idp.example:8443/a?b=c", private=False).port == 8443


@pytest.mark.parametrize(
    "number", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_may_be_asked(number):
    assert is_public(ipaddress.ip_address(number))


@pytest.mark.parametrize(
    "number", ["2002:7f00:1::", "2001:0:1::", "::ffff:10.0.0.1", "240.0.0.1", "255.255.255.255", "ff02::1"]
)
def test_addresses_that_stand_for_others_may_not(number):
    assert not is_public(ipaddress.ip_address(number))


def test_a_name_that_does_not_exist_is_told():
    assert failure("https://nobody.invalid/", PUBLIC) == "provider_unreachable"


def test_the_limits_are_the_operators():
    chosen = Settings(provider_seconds=2, provider_bytes=2048, private_providers=True)
    assert FetchLimits.of(chosen) == FetchLimits(2, 2048, private=True)
    assert not FetchLimits.of(Settings()).private
