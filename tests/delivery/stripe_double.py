"""A Stripe for tests, over HTTP: the endpoints the bridge uses, with idempotency and faults as documented.

The first answer to an idempotency key is repeated to the same key, a 5xx of work that had begun too; the same
key with other parameters is an error (docs.stripe.com/api/idempotent_requests). 429 is not kept.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

Fields = dict[str, str]
Answer = tuple[int, dict[str, Any]]

PATIENCE_SECONDS = 120


@dataclass
class Account:
    """What is at Stripe. ``faults`` maps the count of the POST from now (0 is the next) to what goes wrong.

    ``429``: refused, nothing done. ``500``: nothing done, the answer is kept. ``slow``: done, the answer
    comes after the client has given up. ``reset``: done, the connection is cut. ``cut``: cut, nothing done.
    """

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    credit_notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    posts: int = 0
    done: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    given_up: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def post(self, path: str, fields: Fields, key: str | None) -> tuple[Answer, str | None]:
        with self.lock:
            fault = self.faults.pop(self.posts, None)
            self.posts += 1
            if fault == "429":
                return error(429, "rate_limit_error", "too many requests"), None
            if fault == "cut":
                return (0, {}), "reset"
            asked = path + json.dumps(fields, sort_keys=True)
            if key in self.answers:
                before, answer = self.answers[key]
                if before != asked:
                    told = "Keys for idempotent requests can only be used with the same parameters"
                    return error(400, "idempotency_error", told), None
                return answer, fault
            answer = error(500, "api_error", "sorry") if fault == "500" else self.act(path, fields)
            if key is not None:
                self.answers[key] = (asked, answer)
            return answer, fault

    def act(self, path: str, fields: Fields) -> Answer:
        metadata = {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}
        if path == "/v1/customers":
            return self._add(self.customers, "cus", "customer", name=fields["name"], metadata=metadata)
        if path == "/v1/invoices":
            return self._add(
                self.invoices, "in", "invoice", customer=fields["customer"], status="draft", total=0,
                paid_out_of_band=False,
                currency=fields["currency"], metadata=metadata,
            )  # fmt: skip
        if path == "/v1/invoiceitems":
            invoice = self.invoices[fields["invoice"]]
            if invoice["status"] != "draft":
                return error(400, "invalid_request_error", "this invoice is not a draft")
            invoice["total"] += int(fields["amount"])
            return self._add(
                self.items, "ii", "invoiceitem", invoice=invoice["id"], amount=int(fields["amount"]),
                description=fields["description"], metadata=metadata,
            )  # fmt: skip
        if path == "/v1/credit_notes":
            return self._credit(fields, metadata)
        return self._change(path, fields)

    def _credit(self, fields: Fields, metadata: Fields) -> Answer:
        """Issue a credit note, by the rules of docs.stripe.com/api/credit_notes/create.

        What the invoice still has due is lowered first; the rest is given back in exactly the ways named.
        """
        invoice = self.invoices.get(fields["invoice"])
        if invoice is None:
            return error(404, "invalid_request_error", "no such invoice")
        lines = credited_lines(fields)
        total = sum(lines)
        before = [each for each in self.credit_notes.values() if each["invoice"] == invoice["id"]]
        lowered = sum(each["pre_payment_amount"] for each in before)
        remaining = invoice["total"] - lowered if invoice["status"] == "open" else 0
        pre_payment = min(total, remaining)
        ways = ("refund_amount", "credit_amount", "out_of_band_amount")
        refusals = {
            f"the invoice is {invoice['status']}": invoice["status"] not in {"open", "paid"},
            "a credit note credits positive amounts": not lines or min(lines) <= 0,
            "more than is left": total > invoice["total"] - sum(each["total"] for each in before),
            "the ways must sum to what is given back after payment": (
                sum(int(fields.get(way, 0)) for way in ways) != total - pre_payment
            ),
            "there is no payment to refund": "refund_amount" in fields and invoice["paid_out_of_band"],
        }
        for told, applies in refusals.items():
            if applies:
                return error(400, "invalid_request_error", told)
        return self._add(
            self.credit_notes, "cn", "credit_note", customer=invoice["customer"], invoice=invoice["id"],
            status="issued", total=total, amount=total, currency=invoice["currency"], metadata=metadata,
            pre_payment_amount=pre_payment, post_payment_amount=total - pre_payment, memo=fields.get("memo"),
            ways={way: int(fields[way]) for way in ways if way in fields},
        )  # fmt: skip

    def _change(self, path: str, fields: Fields) -> Answer:
        match = re.fullmatch(r"/v1/invoices/(\w+)/(finalize|void|pay)", path)
        if match is None or match[1] not in self.invoices:
            return error(404, "invalid_request_error", f"no such thing: {path}")
        invoice = self.invoices[match[1]]
        needed, then = {
            "finalize": ("draft", "open" if invoice["total"] > 0 else "paid"),
            "void": ("open", "void"),
            "pay": ("open", "paid"),
        }[match[2]]
        if invoice["status"] != needed:
            return error(400, "invalid_request_error", f"the invoice is {invoice['status']}")
        invoice["status"] = then
        invoice["paid_out_of_band"] = fields.get("paid_out_of_band") == "true"
        return 200, dict(invoice)

    def get(self, path: str, query: Fields) -> Answer:
        with self.lock:
            if path == "/v1/customers/search":
                wanted = query["query"].split("'")[3]
                found = [c for c in self.customers.values() if c["metadata"].get("bridge_tenant") == wanted]
                return 200, {"object": "search_result", "data": found, "has_more": False, "url": path}
            if path in {"/v1/invoices", "/v1/invoiceitems"}:
                things, by = (
                    (self.invoices, "customer") if path == "/v1/invoices" else (self.items, "invoice")
                )
                return 200, _listed([each for each in things.values() if each[by] == query[by]], query, path)
            if path == "/v1/credit_notes":
                by = "invoice" if "invoice" in query else "customer"
                return 200, _listed(
                    [each for each in self.credit_notes.values() if each[by] == query[by]], query, path
                )
            invoice = self.invoices.get(path.rsplit("/", 1)[1])
            return (200, dict(invoice)) if invoice else error(404, "invalid_request_error", "no such invoice")

    def _add(self, things: dict[str, dict[str, Any]], prefix: str, kind: str, **values: object) -> Answer:
        made = {"id": f"{prefix}_{len(things) + 1}", "object": kind, **values}
        things[made["id"]] = made
        return 200, dict(made)


class Patient(requests.Session):
    """Waits for the double as long as it takes, but for what the double answers only when nobody waits."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._account = account

    def request(self, method: str, url: str, **how: Any) -> requests.Response:  # noqa: ANN401 (as requests has it)
        slow = method.upper() == "POST" and self._account.faults.get(self._account.posts) == "slow"
        try:
            return super().request(method, url, **how | {"timeout": 0.1 if slow else PATIENCE_SECONDS})
        except requests.Timeout:
            assert self._account.done.acquire(timeout=PATIENCE_SECONDS)
            self._account.given_up.release()
            raise


def credited_lines(fields: Fields) -> list[int]:
    """Return the amounts of the custom lines of a credit note."""
    names = (name.removesuffix("[type]") for name in fields if re.fullmatch(r"lines\[\d+\]\[type\]", name))
    lines = [name for name in names if fields[f"{name}[type]"] == "custom_line_item"]
    return [int(fields[f"{name}[quantity]"]) * int(fields[f"{name}[unit_amount]"]) for name in lines]


def error(status: int, kind: str, message: str) -> Answer:
    return status, {"error": {"type": kind, "message": message}}


def _listed(things: list[dict[str, Any]], query: Fields, path: str) -> dict[str, Any]:
    """Latest first, by pages of two whatever was asked, so that paging is tried."""
    things.reverse()
    after = query.get("starting_after")
    start = next((n + 1 for n, each in enumerate(things) if each["id"] == after), 0)
    page = things[start : start + 2]
    return {"object": "list", "data": page, "has_more": start + 2 < len(things), "url": path}


@contextmanager
def stripe_double() -> Iterator[tuple[Account, str]]:
    account = Account()

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            self._answer(account.get(asked.path, dict(parse_qsl(asked.query))))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            answer, fault = account.post(
                self.path, dict(parse_qsl(body)), self.headers.get("Idempotency-Key")
            )
            if fault == "reset":
                self.close_connection = True
                self.connection.close()
                return
            if fault == "slow":
                account.done.release()
                account.given_up.acquire(timeout=PATIENCE_SECONDS)
            self._answer(answer)

        def _answer(self, answer: Answer) -> None:
            content = json.dumps(answer[1]).encode()
            with suppress(BrokenPipeError, ConnectionResetError):  # the client has given up, as it should
                self.send_response(answer[0])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # the connection was cut on purpose
                super().finish()

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
