"""What in a SCIM user tells who it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bridge.scim.text import fold

#: Texts that name one human; given and family names alone name many, and come with one of these.
NAMING = ("userName", "externalId", "displayName", "nickName", "profileUrl")
NAMING_PARTS = (("name", "formatted"),)
NAMING_LISTS = ("emails", "phoneNumbers", "ims", "photos")

#: A shorter value is looked for as a whole text only: it is part of many words.
FEWEST_CHARACTERS = 5


def naming_values(resources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the values, folded, by which somebody with one of these resources can be recognised."""
    return frozenset(fold(value) for resource in resources for value in _values(resource) if value.strip())


def tells_of(content: object, values: Iterable[str]) -> bool:
    """Tell whether a JSON value holds one of these values, alone or within a longer text such as a filter."""
    known = list(values)
    return any(
        value == text or (len(value) >= FEWEST_CHARACTERS and value in text) or f'"{value}"' in text
        for text in map(fold, _texts(content))
        for value in known
    )


def _values(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in NAMING:
        if isinstance(resource.get(name), str):
            yield resource[name]
    for name, part in NAMING_PARTS:
        holder = resource.get(name)
        if isinstance(holder, Mapping) and isinstance(holder.get(part), str):
            yield holder[part]
    for name in NAMING_LISTS:
        for each in resource.get(name) or ():
            if isinstance(each, Mapping) and isinstance(each.get("value"), str):
                yield each["value"]


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, part in content.items():
            yield str(key)
            yield from _texts(part)
    elif isinstance(content, (list, tuple)):
        for part in content:
            yield from _texts(part)
