"""Which requests take a person's access away, told from the request alone in any dialect."""

import re
from typing import Any

from bridge.errors import InvalidInput
from bridge.scim.dialects import PATCH_URN, canonical_operations
from bridge.scim.reading import DIALECTS
from bridge.scim.schemas import USER_RESOURCE

USER_PATH = re.compile(r"/Users/[^/]+/?")
BULK_PATH = re.compile(r"/Bulk/?")

#: The dialect that knows every way of writing things; what it reads as false no other reads as true.
ANY_DIALECT = DIALECTS["generic"]


def deactivates(method: str, path: str, body: object) -> bool:
    """Tell whether a request deactivates or deletes a person; ``path`` begins below the entrance.

    A bulk request does when one of its operations does. Nothing is checked otherwise: a request that is
    not valid is refused later.
    """
    if BULK_PATH.fullmatch(path):
        return method == "POST" and any(_is_bulk_deactivation(each) for each in _operations(body))
    if not USER_PATH.fullmatch(path):
        return False
    if method == "DELETE":
        return True
    if method == "PUT":
        return _sets_inactive({"op": "replace", "value": body})
    return method == "PATCH" and any(map(_sets_inactive, _operations(body)))


def _is_bulk_deactivation(operation: object) -> bool:
    if not isinstance(operation, dict):
        return False
    method, path = operation.get("method"), operation.get("path")
    if not isinstance(method, str) or not isinstance(path, str) or BULK_PATH.fullmatch(path):
        return False
    return deactivates(method.upper(), path, operation.get("data"))


def _operations(body: object) -> list[Any]:
    if not isinstance(body, dict):
        return []
    found = next((value for key, value in body.items() if key.lower() == "operations"), None)
    return found if isinstance(found, list) else []


def _sets_inactive(operation: object) -> bool:
    """Read one operation by itself, so that another one's fault or unknown schema does not hide it."""
    try:
        read, _ = canonical_operations(
            {"schemas": [PATCH_URN], "Operations": [operation]}, ANY_DIALECT, USER_RESOURCE
        )
    except InvalidInput:
        return False
    return any(each.path.name == "active" and each.value is False for each in read)
