"""Application of canonical operations to a resource (RFC 7644 section 3.5.2)."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.errors import Mutability, NoTarget, TooMany
from bridge.scim.attributes import Attribute, ResourceSchema
from bridge.scim.canonical import schemas_of
from bridge.scim.group_changes import (
    AddMembers,
    GroupChanges,
    MemberOperation,
    RemoveAll,
    RemoveMembers,
    RemoveMembersMatching,
    ReplaceMembers,
    group_changes,
)
from bridge.scim.matches import matches_element
from bridge.scim.operations import Operation
from bridge.scim.reading import DEFAULT_LIMITS, Limits
from bridge.scim.text import fold
from bridge.scim.tolerances import create_by_value_path

__all__ = [
    "AddMembers",
    "GroupChanges",
    "MemberOperation",
    "Operation",
    "RemoveAll",
    "RemoveMembers",
    "RemoveMembersMatching",
    "ReplaceMembers",
    "apply_patch",
    "creates_by_value_path",
    "group_changes",
]

Resource = dict[str, Any]

_LABELS = frozenset({"type", "primary", "display", "$ref"})


def apply_patch(
    resource: Resource,
    operations: Sequence[Operation],
    resource_schema: ResourceSchema,
    limits: Limits = DEFAULT_LIMITS,
) -> Resource:
    """Return the resource after all operations; the one given stays as it is, also when one fails.

    Raises NoTarget for a value path that selects nothing, Mutability for taking away what is required,
    TooMany when a list grows beyond its limit.
    """
    changed: Resource = _copied(resource)
    for operation in operations:
        _apply(changed, operation, limits)
    changed["schemas"] = schemas_of(changed, resource_schema)
    return changed


def creates_by_value_path(resource: Resource, operations: Sequence[Operation]) -> bool:
    """Return whether a value path creates an element in this resource, which is a tolerance to count."""
    return any(
        each.missing_ok
        and each.op != "remove"
        and each.path.filter is not None
        and not _selected(resource, each)
        for each in operations
    )


def _selected(resource: Resource, operation: Operation) -> list[Any]:
    path = operation.path
    holder = resource if path.schema is None else resource.get(path.schema, {})
    elements = holder.get(path.attribute.name, [])
    return [each for each in elements if path.filter and matches_element(path.filter, each, path.attribute)]


def _copied(value: Any) -> Any:  # noqa: ANN401 - a JSON value in, the same out
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return value


def _apply(resource: Resource, operation: Operation, limits: Limits) -> None:
    path = operation.path
    holder = resource if path.schema is None else resource.setdefault(path.schema, {})
    if path.filter is not None:
        _change_selected(holder, operation)
    elif path.attribute.multi_valued:
        _change_list(holder, operation)
    else:
        _change_single(holder, operation)
    _tidy(holder, operation, limits)
    if path.schema is not None and not holder:
        del resource[path.schema]


def _tidy(holder: Resource, operation: Operation, limits: Limits) -> None:
    """Leave out what has become empty (RFC 7643 section 2.5), and check what must be there."""
    attribute = operation.path.attribute
    value = holder.get(attribute.name)
    if value is None or value in ([], {}):
        holder.pop(attribute.name, None)
    if attribute.required and holder.get(attribute.name) in (None, ""):
        raise Mutability(
            f"Operation {operation.index}: {attribute.name} is required and cannot be taken away."
        )
    if isinstance(value, list) and len(value) > limits.elements:
        raise TooMany(
            f"Operation {operation.index}: {attribute.name} would have {len(value)} elements; "
            f"at most {limits.elements} are kept."
        )


def _change_single(holder: Resource, operation: Operation) -> None:
    """``add`` on a single value replaces it; on a complex one it sets the parts that are given."""
    path, value = operation.path, operation.value
    name = path.attribute.name
    if path.sub is not None:
        part = holder.setdefault(name, {})
        _merge(part, {path.sub.name: None if operation.op == "remove" else value})
    elif operation.op == "remove" or value is None:
        holder.pop(name, None)
    elif isinstance(value, dict):
        _merge(holder.setdefault(name, {}), _copied(value))
    else:
        holder[name] = value


def _merge(element: Resource, value: Resource) -> None:
    """Set the parts given and take away those given as None.

    A ``$ref`` names what ``value`` names: it does not outlive another ``value`` (a new manager would
    else keep the address of the old one).
    """
    if "value" in value and "$ref" not in value and value["value"] != element.get("value"):
        element.pop("$ref", None)
    for name, part in value.items():
        if part is None:
            element.pop(name, None)
        else:
            element[name] = part


def _change_list(holder: Resource, operation: Operation) -> None:
    attribute = operation.path.attribute
    elements: list[Any] = holder.setdefault(attribute.name, [])
    if operation.path.sub is not None:
        _change_parts(elements, operation)
    elif operation.op == "add":
        _add_elements(elements, _copied(operation.value or []), attribute)
    elif operation.op == "replace":
        holder[attribute.name] = _copied(operation.value or [])
    elif operation.value is None:
        elements.clear()
    else:
        listed = _by_key(operation.value, attribute)
        elements[:] = [each for each in elements if _like(each, listed, attribute) is None]


def _change_parts(elements: list[Any], operation: Operation) -> None:
    """``emails.type`` without a filter is about that part of every element."""
    if not elements and operation.op != "remove" and operation.value is not None:
        if not operation.missing_ok:
            raise _no_target(operation)
        elements.append({})
    _set_parts(elements, elements[:], operation)


def _set_parts(elements: list[Any], selected: list[Any], operation: Operation) -> None:
    sub = operation.path.target.name
    for element in selected:
        _merge(element, {sub: None if operation.op == "remove" else operation.value})
    _keep_one_primary(elements, selected)
    if operation.op == "remove":
        # An element of which only labels are left says nothing any more.
        labels = _LABELS if sub == "value" else _LABELS - {"display", "$ref"}
        elements[:] = [each for each in elements if not (labels.issuperset(each) and _in(each, selected))]


def _in(element: Resource, selected: list[Any]) -> bool:
    return any(each is element for each in selected)


def _add_elements(elements: list[Any], values: list[Any], attribute: Attribute) -> None:
    """Add what is not there yet; an element of equal value and type is brought up to date instead.

    RFC 7643 section 2.4: the same (type, value) is not returned twice.
    """
    known = _by_key(elements, attribute)
    for value in values:
        like = _like(value, known, attribute)
        if like is None:
            elements.append(value)
            known[_key(value, attribute)].append(value)
        elif isinstance(value, dict):
            _merge(like, value)
        if isinstance(value, dict):
            _keep_one_primary(elements, [value if like is None else like])


def _key(element: object, attribute: Attribute) -> tuple[str, object]:
    """Return what finds an element among many: its value, or all of it where it has none."""
    if not isinstance(element, dict):
        return "value", _folded(element, attribute)
    sub = attribute.sub("value")
    if sub is None or "value" not in element:
        return "whole", json.dumps(element, sort_keys=True)
    return "value", _folded(element["value"], sub)


def _folded(value: object, attribute: Attribute) -> object:
    return fold(value) if isinstance(value, str) and not attribute.case_exact else value


def _by_key(elements: list[Any], attribute: Attribute) -> defaultdict[tuple[str, object], list[Any]]:
    found: defaultdict[tuple[str, object], list[Any]] = defaultdict(list)
    for each in elements:
        found[_key(each, attribute)].append(each)
    return found


def _like(
    element: Any,  # noqa: ANN401 - a JSON value
    known: Mapping[tuple[str, object], list[Any]],
    attribute: Attribute,
) -> Any:  # noqa: ANN401 - a JSON value
    """Return the known element of equal value whose type is equal too, or unknown on one side; or None."""
    for each in known.get(_key(element, attribute), ()):
        if not isinstance(each, dict) or "type" not in each or "type" not in element:
            return each
        if _folded(each["type"], attribute) == _folded(element["type"], attribute):
            return each
    return None


def _keep_one_primary(elements: list[Any], changed: list[Any]) -> None:
    """Let the element made primary last be the only one (RFC 7644 section 3.5.2)."""
    winner = next((each for each in changed if each.get("primary") is True), None)
    for each in elements if winner is not None else ():
        if each is not winner and each.get("primary") is True:
            each["primary"] = False


def _no_target(operation: Operation) -> NoTarget:
    return NoTarget(
        f"Operation {operation.index}: {operation.path.name} has no element that the path selects. "
        "Add the element first."
    )


def _change_selected(holder: Resource, operation: Operation) -> None:
    path = operation.path
    elements: list[Any] = holder.setdefault(path.attribute.name, [])
    selected = [
        each for each in elements if path.filter and matches_element(path.filter, each, path.attribute)
    ]
    if operation.op == "remove" or operation.value is None:
        _remove_selected(elements, selected, operation)
        return
    if not selected:
        selected = [_created(operation)]
        elements.extend(selected)
    if path.sub is not None:
        _set_parts(elements, selected, operation)
        return
    # What the path says of the element stays true of it, or the same request would not find it again.
    described = create_by_value_path(path.filter) if path.filter else None
    for element in selected:
        if operation.op == "replace":
            element.clear()
            element.update(described or {})
        _merge(element, _copied(operation.value))
    _keep_one_primary(elements, selected)


def _remove_selected(elements: list[Any], selected: list[Any], operation: Operation) -> None:
    if not selected and not operation.missing_ok:
        raise _no_target(operation)
    if operation.path.sub is not None:
        _set_parts(elements, selected, operation)
    else:
        elements[:] = [each for each in elements if not _in(each, selected)]


def _created(operation: Operation) -> Resource:
    """Return the element that the path describes, for the operation to fill in."""
    condition = operation.path.filter
    element = create_by_value_path(condition) if operation.missing_ok and condition else None
    if element is None:
        raise _no_target(operation)
    return element
