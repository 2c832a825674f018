"""An event as the requests Okta sends for it."""

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import quote

from bridge.simulator.company import Person
from bridge.simulator.events import Event, Kind
from bridge.simulator.record import Json
from bridge.simulator.roster import ENTERPRISE, GROUP, PATCH, USER, Roster
from bridge.simulator.wire import Wire

AGENT = "Okta SCIM Client 1.0.0"
_DONE = (200, 204)
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Okta:
    """Okta's SCIM client, with the habits of its network's (PATCH) and of custom (full PUT) applications.

    Source: Okta's SCIM 2.0 protocol reference. Okta never deletes a user.
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
            Kind.REPROVISION: self._reprovision,
            Kind.PUSH: self._push,
            Kind.JOIN: self._join,
            Kind.LEAVE: self._leave,
            Kind.RENAME: self._rename,
        }

    def perform(self, event: Event) -> None:
        self._acts[event.kind](event)

    def _probe(self, _: Event) -> None:
        """Test the credentials: a page of two users, whoever they are, that reads as a list."""
        self._wire.ask("GET", "/Users?startIndex=1&count=2").matches  # noqa: B018 -- reading checks the shape

    def _hire(self, event: Event) -> None:
        person = self._roster.people[event.person]
        found = self._wire.ask("GET", _by_name(person)).matches
        if found:
            self._roster.user_ids[person.key] = found[0]
            self._put(person, active=True)
        else:
            created = self._wire.create("/Users", self._new_user(person), found_by=_by_name(person))
            self._roster.user_ids[person.key] = created

    def _profile(self, event: Event) -> None:
        person = self._roster.change(event)
        self._wire.ask("GET", self._roster.user_path(event))
        self._put(person, active=True)

    def _deactivate(self, event: Event) -> None:
        self._wire.ask("GET", self._roster.user_path(event))
        if event.by_put:
            self._put(self._roster.people[event.person], active=False)
        else:
            self._patch_active(event, active=False)

    def _reactivate(self, event: Event) -> None:
        self._wire.ask("GET", self._roster.user_path(event))
        self._patch_active(event, active=True)

    def _reprovision(self, event: Event) -> None:
        """Send somebody assigned again as a new user; the same one must come back."""
        person = self._roster.people[event.person]
        self._wire.ask("GET", _by_name(person))
        self._wire.create(
            "/Users",
            self._new_user(person),
            found_by=_by_name(person),
            expect=(409,) if event.repeated else (200, 201),
            known=self._roster.user_ids[person.key],
        )

    def _push(self, event: Event) -> None:
        """Send the name first, then the members; for an empty group that is a replacement by nobody."""
        found = self._wire.ask("GET", _by_display_name(event.group)).matches
        if found:
            self._roster.group_ids[event.group] = found[0]
        else:
            body: Json = {"schemas": [GROUP], "displayName": event.group, "members": []}
            # Outside Entra a second group of the same name is no error; the first one is used.
            self._roster.group_ids[event.group] = self._wire.create(
                "/Groups", body, found_by=_by_display_name(event.group), again=(201, 409)
            )
        self._roster.names[event.group] = event.group
        self._patch(
            self._roster.group_path(event),
            {"op": "replace", "path": "members", "value": self._members(event)},
        )

    def _join(self, event: Event) -> None:
        self._send_name(event)
        self._patch(
            self._roster.group_path(event), {"op": "add", "path": "members", "value": self._members(event)}
        )

    def _leave(self, event: Event) -> None:
        self._send_name(event)
        path = f'members[value eq "{self._roster.user_ids[event.person]}"]'
        self._patch(self._roster.group_path(event), {"op": "remove", "path": path})

    def _rename(self, event: Event) -> None:
        self._roster.names[event.group] = event.new_name
        self._send_name(event)

    def _send_name(self, event: Event) -> None:
        """Say the name without a path and with the id repeated, as Okta does with every membership change."""
        value = {"id": self._roster.group_ids[event.group], "displayName": self._roster.names[event.group]}
        self._patch(self._roster.group_path(event), {"op": "replace", "value": value})

    def _members(self, event: Event) -> list[Json]:
        people = (self._roster.people[key] for key in event.people)
        return [
            {"value": self._roster.user_ids[person.key], "display": person.user_name} for person in people
        ]

    def _patch_active(self, event: Event, *, active: bool) -> None:
        self._patch(self._roster.user_path(event), {"op": "replace", "value": {"active": active}})

    def _patch(self, path: str, operation: Json) -> None:
        self._wire.ask("PATCH", path, {"schemas": [PATCH], "Operations": [operation]}, expect=_DONE)

    def _put(self, person: Person, *, active: bool) -> None:
        identity = self._roster.user_ids[person.key]
        body = self._user(person) | {"id": identity, "active": active, "meta": {"resourceType": "User"}}
        self._wire.ask("PUT", f"/Users/{identity}", body)

    def _new_user(self, person: Person) -> Json:
        password = hashlib.sha256(person.directory_id.encode()).hexdigest()[:12]
        return self._user(person) | {"password": password, "active": True}

    def _user(self, person: Person) -> Json:
        enterprise: Json = {
            "employeeNumber": person.employee_number,
            "department": person.department,
            "costCenter": person.cost_centre,
        }
        if person.manager:
            enterprise["manager"] = {"displayName": self._roster.people[person.manager].display_name}
        return {
            "schemas": [USER, ENTERPRISE],
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"primary": True, "value": person.email, "type": "work"}],
            "displayName": person.display_name,
            "title": person.title,
            "userType": "Contractor" if person.contractor else "Employee",
            "locale": "en-US",
            "externalId": okta_id(person),
            "groups": [],
            ENTERPRISE: enterprise,
        }


def okta_id(person: Person) -> str:
    """Okta's own id of a user: ``00u`` and 17 letters or digits."""
    digest = hashlib.sha256(person.directory_id.encode()).digest()
    return "00u" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:17])


def _equal(attribute: str, value: str) -> str:
    return quote(f'{attribute} eq "{value}"', safe="")


def _by_name(person: Person) -> str:
    return f"/Users?filter={_equal('userName', person.user_name)}&startIndex=1&count=100"


def _by_display_name(name: str) -> str:
    return f"/Groups?filter={_equal('displayName', name)}&startIndex=1&count=100"
