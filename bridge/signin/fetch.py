"""JSON over HTTPS from addresses that an outside party names.

Whoever names the address may mean the bridge's own network by it, may answer slowly, or without end: hence no
redirects, no address that is not public (after the name is resolved, and the connection goes to the address
that was looked at), one deadline for the whole exchange, a limit on what is read. None of this needs more
than the standard library.
"""

import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, cast
from urllib.parse import SplitResult, urlencode, urlsplit

import orjson

from bridge.errors import ProviderFailed
from config.settings import Settings

PORTS = {"https": 443, "http": 80}

#: Addresses of IPv6 that stand for one of IPv4 (RFC 6052), which then is what counts.
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

#: The longest pause that another side may ask for.
LONGEST_PAUSE_SECONDS = 86_400
SECONDS_DIGITS = 9

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What is asked of an exchange with an outside party."""

    seconds: float
    most_bytes: int
    private: bool

    @classmethod
    def of(cls, chosen: Settings) -> "FetchLimits":
        """Return the limits that the operator has set."""
        return cls(chosen.provider_seconds, chosen.provider_bytes, chosen.private_providers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the JSON object of the body, None where it is none.

    ``retry_after`` are the seconds after which to come back, if it tells (RFC 9110 section 10.2.3).
    """

    status: int
    document: Mapping[str, Any] | None
    retry_after: int | None = None


def fetch_json(
    url: str, limits: FetchLimits, *, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Return the JSON object at an address. Raises ``ProviderFailed`` for all but 200 with an object."""
    return read_object(fetch(url, limits, headers=headers or {}))


def read_object(answer: Answer) -> Mapping[str, Any]:
    """Return the object of an answer. Raises ``ProviderFailed`` for everything but 200 with an object."""
    if answer.status != HTTPStatus.OK:
        raise ProviderFailed("provider_status", f"the identity provider answered with status {answer.status}")
    if answer.document is None:
        raise ProviderFailed("provider_answer", "the identity provider answered with no JSON object")
    return answer.document


def fetch(
    url: str,
    limits: FetchLimits,
    *,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    document: object = None,
) -> Answer:
    """GET an address, or POST a form or a JSON document to it.

    Raises ``ProviderFailed`` where it cannot be reached or may not be: a forbidden address, a redirect, more
    bytes or seconds than the limits.
    """
    parts = checked_url(url, private=limits.private)
    body, kind = _body(form, document)
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "provisioning-bridge"}
    sent |= {"Content-Type": kind} if body is not None else {}
    try:
        status, content, retry_after = _exchange(parts, limits, {**sent, **headers}, body)
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(parts, error) from error
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise ProviderFailed("provider_redirects", f"the identity provider at {parts.hostname} redirects")
    return Answer(status, _object(content), _seconds(retry_after))


def checked_url(url: str, *, private: bool) -> SplitResult:
    """Return the parts of an address that may be asked. Raises ``ProviderFailed``."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url or parts.fragment:
        raise ProviderFailed("provider_address", "an address of the identity provider is none")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise ProviderFailed(
            "provider_address", f"the identity provider at {parts.hostname} is not reached over HTTPS"
        )
    return parts


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, also where it hides one of IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour is not None or address.teredo is not None:
            return False
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in TRANSLATED:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _body(form: Mapping[str, str] | None, document: object) -> tuple[bytes | None, str]:
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    if document is not None:
        return orjson.dumps(document), "application/json"
    return None, ""


def _exchange(
    parts: SplitResult, limits: FetchLimits, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, bytes, str | None]:
    deadline = time.monotonic() + limits.seconds
    connection = HTTPConnection(cast("str", parts.hostname), parts.port or PORTS[parts.scheme])
    # What follows the path is sent as it was given: the provider's business.
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        line = _connected(parts, limits, deadline)
    except (OSError, ValueError) as error:
        raise _unreachable(parts, error, nothing_done=True) from error
    connection.sock = cast("socket.socket", line)
    try:
        connection.putrequest(
            "GET" if body is None else "POST", target, skip_host=True, skip_accept_encoding=True
        )
        connection.putheader("Host", parts.netloc)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read(limits.most_bytes + 1)
    finally:
        line.close()
    if len(content) > limits.most_bytes:
        raise ProviderFailed("provider_answer", f"the identity provider at {parts.hostname} answers too much")
    return response.status, content, response.getheader("Retry-After")


def _unreachable(parts: SplitResult, error: Exception, *, nothing_done: bool = False) -> ProviderFailed:
    told = f"the identity provider at {parts.hostname} cannot be reached: {type(error).__name__}"
    return ProviderFailed("provider_unreachable", told, nothing_done=nothing_done)


def _connected(parts: SplitResult, limits: FetchLimits, deadline: float) -> "Line":
    host, port = cast("str", parts.hostname), parts.port or PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(each[4][0]).partition("%")[0] for each in found]
    if not limits.private and not all(is_public(ipaddress.ip_address(number)) for number in numbers):
        raise ProviderFailed(
            "provider_address",
            f"{host} is at an address that is not public: BRIDGE_PRIVATE_PROVIDERS allows such providers",
            nothing_done=True,
        )
    opened = _first_to_connect(numbers, port, deadline)
    try:
        opened.settimeout(_left(deadline))
        if parts.scheme == "https":
            opened = _trust().wrap_socket(opened, server_hostname=host)
    except BaseException:
        opened.close()
        raise
    return Line(opened, deadline)


def _first_to_connect(numbers: list[str], port: int, deadline: float) -> socket.socket:
    """Try the addresses one after the other. Raises the last one's ``OSError``."""
    failed: OSError = ConnectionError("no address")
    for number in numbers:
        try:
            return socket.create_connection((number, port), timeout=_left(deadline))
        except OSError as error:
            failed = error
    raise failed


@cache
def _trust() -> ssl.SSLContext:
    """Return the authorities that this machine trusts; to read them takes longer than to ask."""
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    """Return the seconds that are left. Raises ``TimeoutError``."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the identity provider takes too long")
    return left


def _seconds(retry_after: str | None) -> int | None:
    """Return a pause in seconds; a date is none, since the other side's clock may be off."""
    told = (retry_after or "").strip()
    if not (told.isascii() and told.isdecimal()):
        return None
    return min(int(told[:SECONDS_DIGITS]), LONGEST_PAUSE_SECONDS)


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        read = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return read if isinstance(read, dict) else None


class Line:
    """A socket with one deadline for all that it carries: each byte that drips would else begin a wait."""

    def __init__(self, opened: socket.socket, deadline: float) -> None:
        self._opened = opened
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        """Send all of it, or raise ``TimeoutError``."""
        self._opened.settimeout(_left(self._deadline))
        self._opened.sendall(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what the answer is read from."""
        return io.BufferedReader(_Incoming(self._opened, self._deadline))

    def close(self) -> None:
        """Let go of the socket."""
        self._opened.close()


class _Incoming(io.RawIOBase):
    def __init__(self, opened: socket.socket, deadline: float) -> None:
        super().__init__()
        self._opened = opened
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (the signature of io)
        self._opened.settimeout(_left(self._deadline))
        return self._opened.recv_into(buffer)
