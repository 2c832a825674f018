"""A made-up company, the same for the same seed."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from uuid import UUID

MOST_PEOPLE = 100_000
DEPARTMENTS = ("Engineering", "Sales", "Marketing", "Support", "Field Service", "Finance")

_TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Engineering": ("Optics Engineer", "Firmware Engineer", "Test Engineer"),
        "Sales": ("Account Executive", "Sales Engineer"),
        "Marketing": ("Product Marketer", "Editor"),
        "Support": ("Support Specialist", "Support Engineer"),
        "Field Service": ("Field Technician", "Calibration Technician"),
        "Finance": ("Controller", "Accountant"),
    }
)
_GIVEN_NAMES = (
    *(
        "Ada",
        "Bruno",
        "Clara",
        "Dimitri",
        "Elif",
        "Femi",
        "Greta",
        "Hassan",
        "Imani",
        "Jonas",
        "Kavya",
        "Liam",
    ),
    *(
        "Mina",
        "Noor",
        "Oscar",
        "Priya",
        "Quentin",
        "Rosa",
        "Samuel",
        "Thandi",
        "Uma",
        "Viktor",
        "Wanda",
        "Yusuf",
    ),
    *(
        "Zoë",
        "José",
        "Łukasz",
        "Søren",
        "Aoibhínn",
        "Çağla",
        "Jürgen",
        "Renée",
        "Þóra",
        "Nguyệt",
        "Ольга",
        "美咲",
    ),
)
_FAMILY_NAMES = (
    *("Abara", "Brandt", "Castellan", "Dorsey", "Ekholm", "Farrow", "Gallant", "Hartwell", "Ivers", "Jansen"),
    *("Kimura", "Lindgren", "Moreau", "Novak", "Okafor", "Pellegrin", "Quist", "Rao", "Stavros", "Tanaka"),
    *("Urban", "Valdez", "Whitlock", "Yilmaz", "Ångström", "Muñoz", "Wójcik", "Großmann", "O'Dowd", "Dvořák"),
    *("Śliwa", "Ørsted", "Đặng", "Şahin", "Соколова", "渡辺"),
)
_ROMANISED = MappingProxyType({"Ольга": "olga", "美咲": "misaki", "Соколова": "sokolova", "渡辺": "watanabe"})
_UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "đ": "d", "þ": "th"})


@dataclass(frozen=True, slots=True)
class Person:
    """One employee or contractor as the company's directory knows them.

    ``key`` is the story's own name for the person and never leaves it; ``directory_id`` is the identity
    provider's (the object id in Entra, the seed of the ``00u…`` id in Okta); ``manager`` is a person's key,
    empty at the top.
    """

    key: str
    directory_id: str
    given_name: str
    family_name: str
    user_name: str
    email: str
    department: str
    cost_centre: str
    title: str
    employee_number: str
    manager: str
    contractor: bool

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Company:
    """A company and its people; managers stand before those who report to them."""

    name: str
    domain: str
    seed: int
    people: tuple[Person, ...]


def larkspur(people: int = 60, *, seed: int = 1) -> Company:
    """Larkspur Instruments with so many people, 1 to 100,000.

    The first person of each department leads it and reports to the first of all; one in eight of the others
    is a contractor. Raises ``ValueError`` outside the limits.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise ValueError(f"a company of {people} people: choose between 1 and {MOST_PEOPLE:,}")
    chance = Random(seed)  # noqa: S311 -- made-up people, nothing secret
    departments = _dealt_departments(chance, people)
    contractors = {start + chance.randrange(8) for start in range(len(DEPARTMENTS), people, 8)}
    taken: dict[str, int] = {}
    return Company(
        "Larkspur Instruments",
        "larkspur.example.com",
        seed,
        tuple(
            _person(chance, index, departments[index], taken, contractor=index in contractors)
            for index in range(people)
        ),
    )


def _dealt_departments(chance: Random, people: int) -> list[str]:
    """Deal departments in blocks of one each, so that all are about equally large; the leaders come first."""
    dealt = list(DEPARTMENTS)
    while len(dealt) < people:
        dealt += chance.sample(DEPARTMENTS, len(DEPARTMENTS))
    return dealt


def _person(
    chance: Random, index: int, department: str, taken: dict[str, int], *, contractor: bool
) -> Person:
    given_name, family_name = chance.choice(_GIVEN_NAMES), chance.choice(_FAMILY_NAMES)
    user_name = f"{_free_login(given_name, family_name, taken)}@larkspur.example.com"
    place = DEPARTMENTS.index(department)
    leads = index < len(DEPARTMENTS)
    return Person(
        key=_key(index),
        directory_id=str(UUID(int=chance.getrandbits(128), version=4)),
        given_name=given_name,
        family_name=family_name,
        user_name=user_name,
        email=user_name,
        department=department,
        cost_centre=f"CC-{4000 + 100 * place + chance.randrange(3)}",
        title=f"Head of {department}" if leads else chance.choice(_TITLES[department]),
        employee_number=f"L{10_001 + index}",
        manager="" if index == 0 else _key(0 if leads else place),
        contractor=contractor,
    )


def _key(index: int) -> str:
    return f"p{index + 1:05}"


def _free_login(given_name: str, family_name: str, taken: dict[str, int]) -> str:
    """``given.family``; the second of that name is ``given.family2``, as most companies do it."""
    login = f"{_ascii(given_name)}.{_ascii(family_name)}"
    taken[login] = taken.get(login, 0) + 1
    return login if taken[login] == 1 else f"{login}{taken[login]}"


def _ascii(name: str) -> str:
    lowered = _ROMANISED.get(name, name).lower().translate(_UNDECOMPOSED)
    return "".join(letter for letter in unicodedata.normalize("NFKD", lowered) if "a" <= letter <= "z")
