"""An event as the requests Microsoft Entra ID sends for it."""

from collections.abc import Callable, Mapping
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid5

from bridge.simulator.company import Person
from bridge.simulator.events import Event, Kind
from bridge.simulator.record import Json
from bridge.simulator.roster import ENTERPRISE, GROUP, PATCH, USER, Roster
from bridge.simulator.wire import UnexpectedAnswer, Wire

AGENT = "Entra-Provisioning/1.0"
_DONE = (200, 204)
_ADSCIM_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
_PATHS: Mapping[str, str] = {
    "directory_id": "externalId",
    "title": "title",
    "email": 'emails[type eq "work"].value',
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "department": f"{ENTERPRISE}:department",
    "cost_centre": f"{ENTERPRISE}:costCenter",
}


class Entra:
    """Entra's provisioning client in its classic dialect (without ``aadOptscim062020``).

    Source: Microsoft, "Develop a SCIM endpoint for user provisioning to apps from Microsoft Entra ID".
    Operation names are capitalised, booleans are texts, and memberships are not sent again on a reactivation.
    """

    def __init__(self, wire: Wire, roster: Roster) -> None:
        self._wire = wire
        self._roster = roster
        self._acts: Mapping[Kind, Callable[[Event], None]] = {
            Kind.PROBE: self._probe,
            Kind.HIRE: self._hire,
            Kind.PROFILE: self._profile,
            Kind.DEACTIVATE: self._deactivate,
            Kind.REACTIVATE: self._reactivate,
            Kind.DELETE: self._delete,
            Kind.PUSH: self._push,
            Kind.JOIN: self._join,
            Kind.LEAVE: self._leave,
            Kind.RENAME: self._rename,
        }

    def perform(self, event: Event) -> None:
        self._acts[event.kind](event)

    def _probe(self, event: Event) -> None:
        """Asks for a user nobody has; anything but an empty list puts the application into quarantine."""
        nobody = uuid5(NAMESPACE_URL, event.at.isoformat())
        answer = self._wire.ask("GET", _user_filter("userName", str(nobody)))
        if answer.matches:
            raise UnexpectedAnswer(answer, "an empty list")

    def _hire(self, event: Event) -> None:
        person = self._roster.people[event.person]
        by_name = _user_filter("userName", person.user_name)
        found = self._wire.ask("GET", by_name).matches
        found = found or self._wire.ask("GET", _user_filter("externalId", person.directory_id)).matches
        if found:
            self._roster.user_ids[person.key] = found[0]
            every = tuple((name, getattr(person, name)) for name in _PATHS)
            self._patch_user(event, [*_replacements(person, every), _set_active(active=True)])
        else:
            self._roster.user_ids[person.key] = self._wire.create(
                "/Users", _new_user(person), found_by=by_name
            )
        if event.manager:
            self._patch_user(event, [self._set_manager(event)])

    def _profile(self, event: Event) -> None:
        person = self._roster.change(event)
        self._wire.ask("GET", self._roster.user_path(event))
        manager = [self._set_manager(event)] if event.manager else []
        self._patch_user(event, [*_replacements(person, event.changes), *manager])

    def _deactivate(self, event: Event) -> None:
        self._switch(event, active=False)

    def _reactivate(self, event: Event) -> None:
        self._switch(event, active=True)

    def _switch(self, event: Event, *, active: bool) -> None:
        self._wire.ask("GET", self._roster.user_path(event))
        self._patch_user(event, [_set_active(active=active)])

    def _delete(self, event: Event) -> None:
        path = self._roster.user_path(event)
        self._wire.ask("GET", path)
        self._wire.ask("DELETE", path, expect=(204,), again=(404,))

    def _push(self, event: Event) -> None:
        by_name = f"/Groups?excludedAttributes=members&filter={_equal('displayName', event.group)}"
        found = self._wire.ask("GET", by_name).matches
        body: Json = {
            "schemas": [GROUP, _ADSCIM_GROUP],
            "externalId": str(uuid5(NAMESPACE_URL, event.group)),
            "displayName": event.group,
            "meta": {"resourceType": "Group"},
        }
        self._roster.group_ids[event.group] = (
            found[0] if found else self._wire.create("/Groups", body, found_by=by_name)
        )
        if event.people:
            self._join(event)

    def _join(self, event: Event) -> None:
        self._patch_group(event, {"op": "Add", "path": "members", "value": self._members(event)})

    def _leave(self, event: Event) -> None:
        self._patch_group(event, {"op": "Remove", "path": "members", "value": self._members(event)})

    def _rename(self, event: Event) -> None:
        self._patch_group(event, {"op": "Replace", "path": "displayName", "value": event.new_name})

    def _members(self, event: Event) -> list[Json]:
        return [{"$ref": None, "value": self._roster.user_ids[key]} for key in event.people]

    def _set_manager(self, event: Event) -> Json:
        return {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": self._roster.user_ids[event.manager]}

    def _patch_user(self, event: Event, operations: list[Json]) -> None:
        self._patch(self._roster.user_path(event), operations)

    def _patch_group(self, event: Event, operation: Json) -> None:
        """Entra looks at the group, without its members, before it changes it."""
        path = self._roster.group_path(event)
        answer = self._wire.ask("GET", f"{path}?excludedAttributes=members")
        if "members" in answer.json:
            raise UnexpectedAnswer(answer, "the group without its members")
        self._patch(path, [operation])

    def _patch(self, path: str, operations: list[Json]) -> None:
        self._wire.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations}, expect=_DONE)


def _set_active(*, active: bool) -> Json:
    return {"op": "Replace", "path": "active", "value": str(active)}


def _replacements(person: Person, changes: tuple[tuple[str, str], ...]) -> list[Json]:
    """Write one operation an attribute; a new name shows in ``displayName`` too, as Entra maps it."""
    told = [(_PATHS[name], value) for name, value in changes]
    if {"given_name", "family_name"} & {name for name, _ in changes}:
        told.append(("displayName", person.display_name))
    return [{"op": "Replace", "path": path, "value": value} for path, value in told]


def _new_user(person: Person) -> Json:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": person.directory_id,
        "userName": person.user_name,
        "active": True,
        "displayName": person.display_name,
        "title": person.title,
        "emails": [{"primary": True, "type": "work", "value": person.email}],
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": person.display_name,
            "familyName": person.family_name,
            "givenName": person.given_name,
        },
        "roles": [],
        ENTERPRISE: {
            "employeeNumber": person.employee_number,
            "department": person.department,
            "costCenter": person.cost_centre,
        },
    }


def _equal(attribute: str, value: str) -> str:
    return quote_plus(f'{attribute} eq "{value}"')


def _user_filter(attribute: str, value: str) -> str:
    return f"/Users?filter={_equal(attribute, value)}"
