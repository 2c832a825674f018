"""One identity provider's side of an HTTP conversation."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

import requests

from bridge.simulator.events import Source
from bridge.simulator.record import Exchange, Json

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60  # Okta gives up then
LONGEST_WAIT_SECONDS = 60
_EXCERPT = 500
_OK = 200
_CONFLICT = 409
_TOO_MANY_REQUESTS = 429


class SimulatorError(Exception):
    """The play cannot go on; the message says what was sent and what came back."""


class Unreachable(SimulatorError):
    """No answer: refused, cut or not in time."""


class UnexpectedAnswer(SimulatorError):
    """The endpoint answered as the real client would not accept it."""

    def __init__(self, answer: "Answer", wanted: str) -> None:
        super().__init__(
            f"{answer.source} sent {answer.method} {answer.path} and wanted {wanted}, "
            f"but was answered {answer.status}: {answer.text[:_EXCERPT] or '(empty body)'}"
        )
        self.method = answer.method
        self.path = answer.path
        self.status = answer.status
        self.body = answer.text[:_EXCERPT]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a SCIM endpoint is (its base URL, up to ``/scim/v2``) and the bearer token it asks for.

    ``waits``: how often a request that is answered 429 is sent again after its ``Retry-After``, as the real
    clients do; with 0 a 429 is an unexpected answer.
    """

    base_url: str
    token: str = field(repr=False)
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to one request; ``json`` is empty when the body was."""

    source: Source
    method: str
    path: str
    status: int
    text: str
    json: Json

    @property
    def id(self) -> str:
        """The resource's ``id``; raises ``UnexpectedAnswer`` without one, where the real clients fail."""
        found = self.json.get("id")
        if not isinstance(found, str) or not found:
            raise UnexpectedAnswer(self, "the resource with its id")
        return found

    @property
    def matches(self) -> tuple[str, ...]:
        """The ids in a ListResponse (RFC 7644, section 3.4.2), whose numbers must be integers."""
        total, resources = self.json.get("totalResults"), self.json.get("Resources", [])
        if type(total) is not int or not isinstance(resources, list) or len(resources) > total:
            raise UnexpectedAnswer(self, "a ListResponse with an integer totalResults")
        if not all(
            isinstance(resource, dict) and isinstance(resource.get("id"), str) for resource in resources
        ):
            raise UnexpectedAnswer(self, "resources that have an id")
        return tuple(resource["id"] for resource in resources)


class _Bearer(requests.auth.AuthBase):
    """Set per request, so that a ``.netrc`` of the machine never takes the token's place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Wire:
    """Sends requests over one session, keeps each exchange, refuses answers a real client would trip over.

    ``at`` is the instant kept with the exchanges that follow. With ``twice`` each request is sent a second
    time right after the first was accepted, as a client does whose answer was lost.
    """

    def __init__(
        self,
        source: Source,
        connection: Connection,
        keep: Callable[[Exchange], None],
        *,
        at: datetime,
        agent: str,
        twice: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.at = at
        self._source = source
        self._connection = connection
        self._keep = keep
        self._twice = twice
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = _Bearer(connection.token)
        self._session.headers.update({"Accept": "application/scim+json", "User-Agent": agent})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        expect: Collection[int] = (_OK,),
        again: Collection[int] | None = None,
    ) -> Answer:
        """Return the first answer; ``again`` are the statuses a repetition may have, if not ``expect``.

        Raises ``UnexpectedAnswer`` for any other status and ``Unreachable`` without an answer.
        """
        answer = self._send(method, path, body, expect)
        if self._twice:
            self._send(method, path, body, expect if again is None else again)
        return answer

    def create(
        self,
        collection: str,
        body: Json,
        *,
        found_by: str,
        expect: Collection[int] = (201,),
        again: Collection[int] = (_CONFLICT,),
        known: str | None = None,
    ) -> str:
        """POST a resource and return its id; on a 409 look up the one that is there, as the clients do.

        It must be the one and only that the lookup finds, and ``known`` where that is given.
        """
        answer = self._send("POST", collection, body, expect)
        created = known if answer.status == _CONFLICT else answer.id
        if known not in {None, created}:
            raise UnexpectedAnswer(answer, f"{known} restored")
        repeated = self._send("POST", collection, body, again) if self._twice else answer
        if repeated.status == _CONFLICT:
            there = self.ask("GET", found_by)
            if len(there.matches) != 1 or created not in {None, there.matches[0]}:
                raise UnexpectedAnswer(there, f"just {created or 'the one in conflict'}")
            return there.matches[0]
        return answer.id

    def _send(self, method: str, path: str, body: Json | None, expect: Collection[int]) -> Answer:
        response = self._exchanged(method, path, body)
        for _ in range(self._connection.waits):
            if response.status_code != _TOO_MANY_REQUESTS:
                break
            self._sleep(_retry_after(response))
            response = self._exchanged(method, path, body)
        told = _json(response)
        answer = Answer(self._source, method, path, response.status_code, response.text, told or {})
        if answer.status not in expect:
            raise UnexpectedAnswer(answer, " or ".join(map(str, expect)))
        if told is None:
            raise UnexpectedAnswer(answer, "a JSON object")
        return answer

    def _exchanged(self, method: str, path: str, body: Json | None) -> requests.Response:
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            response = self._session.request(
                method,
                self._connection.base_url.rstrip("/") + path,
                data=sent,
                headers={} if sent is None else {"Content-Type": "application/scim+json; charset=utf-8"},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,  # the token is for this address alone
            )
        except requests.RequestException as lost:
            raise Unreachable(
                f"{self._source} sent {method} {path} to {self._connection.base_url} and got no answer "
                f"({lost}); check the address and that the endpoint runs"
            ) from lost
        answer_id = (_json(response) or {}).get("id")
        self._keep(
            Exchange(
                at=self.at,
                source=self._source,
                method=method,
                path=path,
                body=body,
                status=response.status_code,
                request_id=response.headers.get("X-Request-Id"),
                answer_id=answer_id if isinstance(answer_id, str) else None,
            )
        )
        return response


def _json(response: requests.Response) -> Json | None:
    """Read the object in the body: empty for an empty body, None for anything else."""
    if not response.content:
        return {}
    try:
        told = response.json()
    except requests.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None


def _retry_after(response: requests.Response) -> float:
    seconds = response.headers.get("Retry-After", "")
    return min(int(seconds), LONGEST_WAIT_SECONDS) if seconds.isdecimal() else 1
