"""Request bodies, checked by the very schemas that the OpenAPI document shows."""

from collections.abc import Callable, Mapping
from typing import Any

import fastjsonschema

from bridge.errors import InvalidSyntax, InvalidValue
from bridge.scim.text import shown
from bridge.web.api.schemas import COMPONENTS
from bridge.web.bodies import json_object, raw_body

Check = Callable[[object], object]


def compiled(schema: Mapping[str, Any]) -> Check:
    """Return the check of a schema, which may refer to the document's components."""
    check: Check = fastjsonschema.compile(
        {**schema, "components": {"schemas": COMPONENTS}}, use_default=False
    )
    return check


def checked_object(check: Check) -> dict[str, Any]:
    """Return the request's JSON object. Raises ``InvalidSyntax``, or ``InvalidValue`` with a pointer."""
    if not raw_body():
        raise InvalidSyntax("send a JSON object as the body of this request")
    if b"\\u0000" in raw_body():
        raise InvalidSyntax("the body spells a NUL character (\\u0000), which cannot be stored: leave it out")
    body = json_object()
    try:
        check(body)
    except fastjsonschema.JsonSchemaValueException as error:
        raise _refusal(error) from error
    return body


def _refusal(error: fastjsonschema.JsonSchemaValueException) -> InvalidValue:
    pointer = "".join(f"/{_escaped(str(part))}" for part in error.path[1:])
    rule = str(error.message).removeprefix(str(error.name)).strip()
    found = "" if isinstance(error.value, dict | list) else f"found {shown(error.value)}, "
    return InvalidValue(f"{pointer or 'the body'}: {found}{rule}", pointer=pointer)


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
