"""A small honest SCIM endpoint in memory, one for each identity provider."""

import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from bridge.simulator.company import larkspur
from bridge.simulator.play import play
from bridge.simulator.story import six_weeks
from bridge.simulator.wire import Connection

ELEMENT = re.compile(r'members\[value eq "([^"]+)"\]')


class Refusal(Exception):
    def __init__(self, status) -> None:
        self.status = status


class Endpoint:
    """Knows just what the two clients send; whatever else comes is a 400, so that a test sees it."""

    def __init__(self, source, *, one_group_per_name) -> None:
        self.source = source
        self.one_group_per_name = one_group_per_name
        self.users, self.groups, self.log = {}, {}, []
        self.scripted = deque()  # (status, headers, body) instead of an honest answer
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Answering,), {"endpoint": self}))
        self.server.daemon_threads = True
        self.token = f"token-of-{source}"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/scim/v2"

    @property
    def connection(self):
        return Connection(self.url, self.token)

    @property
    def state(self):
        """Who is active, who is in which group: by names, as ids differ from run to run."""
        names = {identity: user["userName"] for identity, user in self.users.items()}
        people = {user["userName"]: user["active"] for user in self.users.values()}
        groups = {}
        for group in self.groups.values():
            members = groups.setdefault(group["displayName"], set())
            members |= {names[member] for member in group["members"]}
        return people, groups

    def sent(self, method=None, containing=""):
        return [request for request in self.log if method in {None, request[0]} and containing in request[1]]

    def answer(self, method, path, query, body):
        kind, _, identity = path.removeprefix("/scim/v2/").partition("/")
        store = {"Users": self.users, "Groups": self.groups}[kind]
        if not identity:
            if method == "POST":
                return (self.create_user if kind == "Users" else self.create_group)(body)
            return 200, self.listed(store, query)
        if identity not in store:
            raise Refusal(404)
        resource = store[identity]
        if method == "DELETE":
            del store[identity]
            for group in self.groups.values():
                group["members"].discard(identity)
            return 204, None
        if method == "PUT":
            resource.update({key: value for key, value in body.items() if key not in {"groups", "meta"}})
        if method == "PATCH":
            assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
            for operation in body["Operations"]:
                (self.patch_user if kind == "Users" else self.patch_group)(resource, operation)
            if kind == "Groups":
                return 204, None
        return 200, self.shown(resource, query)

    def shown(self, resource, query):
        hidden = set(query.get("excludedAttributes", [])) | {"password"}
        shown = {key: value for key, value in resource.items() if key not in hidden}
        if isinstance(shown.get("members"), set):
            shown["members"] = [{"value": member} for member in sorted(shown["members"])]
        return shown

    def listed(self, store, query):
        found = list(store.values())
        if "filter" in query:
            attribute, value = re.fullmatch(r'(\w+) eq "(.*)"', query["filter"][0]).groups()
            found = [resource for resource in found if resource.get(attribute) == value]
        start, count = int(query.get("startIndex", ["1"])[0]), int(query.get("count", ["100"])[0])
        page = [self.shown(resource, query) for resource in found[start - 1 : start - 1 + count]]
        return {"totalResults": len(found), "Resources": page}

    def create_user(self, body):
        for user in self.users.values():
            if user["userName"] == body["userName"]:
                if user["active"] or user["externalId"] != body["externalId"]:
                    raise Refusal(409)
                user.update(body)
                return 201, self.shown(user, {})
        return self.stored(self.users, {**body, "active": body["active"]})

    def create_group(self, body):
        names = {group["displayName"] for group in self.groups.values()}
        if self.one_group_per_name and body["displayName"] in names:
            raise Refusal(409)
        return self.stored(self.groups, {**body, "members": set()})

    def stored(self, store, resource):
        identity = f"{self.source}-{len(self.log)}"
        store[identity] = {**resource, "id": identity}
        return 201, self.shown(store[identity], {})

    def patch_user(self, user, operation):
        if "path" not in operation:
            user.update(operation["value"])
        elif operation["path"] == "active":
            user["active"] = {"True": True, "False": False}[operation["value"]]
        else:
            user[operation["path"]] = operation["value"]

    def patch_group(self, group, operation):
        op, path = operation["op"].lower(), operation.get("path")
        if path in {None, "displayName"}:
            value = (
                operation["value"] if path is None else {"id": group["id"], "displayName": operation["value"]}
            )
            assert value["id"] == group["id"]
            group["displayName"] = value["displayName"]
        elif path == "members":
            named = {member["value"] for member in operation["value"]}
            if not named <= self.users.keys():
                raise Refusal(400)
            kept = group["members"]
            group["members"] = {"add": kept | named, "remove": kept - named, "replace": named}[op]
        else:
            group["members"].discard(ELEMENT.fullmatch(path)[1])


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer

    def respond(self):
        split = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(raw) if raw else None
        self.endpoint.log.append((self.command, self.path, body, dict(self.headers)))
        headers = {}
        if self.endpoint.scripted:
            status, headers, told = self.endpoint.scripted.popleft()
        elif self.headers["Authorization"] != f"Bearer {self.endpoint.token}":
            status, told = 401, {"detail": "unknown token"}
        else:
            try:
                status, told = self.endpoint.answer(self.command, split.path, parse_qs(split.query), body)
            except Refusal as refusal:
                status, told = refusal.status, {"status": str(refusal.status)}
        content = b"" if told is None else told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("X-Request-Id", f"r{len(self.endpoint.log)}")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815  # the names http.server calls

    def log_message(self, *_):
        pass


@contextmanager
def running(source, *, one_group_per_name):
    endpoint = Endpoint(source, one_group_per_name=one_group_per_name)
    thread = threading.Thread(target=endpoint.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.server.shutdown()
        thread.join()
        endpoint.server.server_close()


@pytest.fixture
def okta_side():
    with running("okta", one_group_per_name=False) as endpoint:
        yield endpoint


@pytest.fixture
def entra_side():
    with running("entra", one_group_per_name=True) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def played_sides():
    """Six weeks played once for a module that only reads: both endpoints, and what was played."""
    story, done = six_weeks(larkspur(), datetime(2026, 9, 1, 7, tzinfo=UTC)), []
    with (
        running("okta", one_group_per_name=False) as okta,
        running("entra", one_group_per_name=True) as entra,
    ):
        play(story, {"okta": okta.connection, "entra": entra.connection}, on_event=done.append)
        yield okta, entra, done
