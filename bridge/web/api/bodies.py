"""Request bodies, checked by the very schemas that the OpenAPI document shows."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import fastjsonschema

from bridge.errors import InvalidSyntax, InvalidValue
from bridge.scim.text import shown
from bridge.web.api.schemas import COMPONENT, COMPONENTS
from bridge.web.bodies import json_object, raw_body

Check = Callable[[object], object]


def compiled(schema: Mapping[str, Any]) -> Check:
    """Return the check of a schema, which may refer to the document's components.

    It is made with its first use: most processes never ask for most routes, and all checks together would
    take a good part of the start. That each schema can be checked is a test's matter.
    """
    made = cache(lambda: _made(schema))

    def check(body: object) -> object:
        return made()(body)

    return check


def _made(schema: Mapping[str, Any]) -> Check:
    # Only what is referred to: the library walks through all that it is given, at 100 times the cost.
    components = {name: COMPONENTS[name] for name in _referred_to(schema)}
    check: Check = fastjsonschema.compile(
        {**schema, "components": {"schemas": components}}, use_default=False
    )
    return check


def _referred_to(schema: object) -> set[str]:
    """Return the names of the components that a schema needs, those that other components need included."""
    found: set[str] = set()
    awaiting = [schema]
    while awaiting:
        part = awaiting.pop()
        if isinstance(part, Mapping):
            awaiting += part.values()
        elif isinstance(part, list | tuple):
            awaiting += part
        elif isinstance(part, str) and part.startswith(COMPONENT):
            name = part.removeprefix(COMPONENT)
            if name not in found:
                found.add(name)
                awaiting.append(COMPONENTS[name])
    return found


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
