"""The route that prices a document."""

from typing import Any

from bridge.billing.quote import answer_quote
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import component
from bridge.web.bodies import raw_body


@operation(
    "POST", "/quotes", "Price one period from its document alone",
    scope="read", body=component("Quote"), raw=True, answer=component("QuoteAnswer"),
)  # fmt: skip
def make_quote(_call: Call) -> dict[str, Any]:
    return answer_quote(raw_body())
