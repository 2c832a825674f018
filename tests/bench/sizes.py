"""How much is measured: the sizes of a full run, and of a quick one that shows that the bench works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """``seconds`` is the length of one measurement; the others are counts."""

    rounds: int
    seconds: float
    population: int
    small: int
    large: int
    groups: tuple[int, ...]
    additions: int
    pages: int
    jumps: int
    walks: int
    tenants: int
    tenant_people: int
    storm_seconds: float
    seats: int
    spans: int
    closes: int
    previewed: int
    peers: bool


FULL = Sizes(
    rounds=15,  # short ones: what a host takes from a virtual machine comes and goes within seconds
    seconds=1.0,
    population=10_000,
    small=1000,
    large=100_000,
    groups=(10, 1000, 10_000),
    additions=40,
    pages=100,
    jumps=30,
    walks=7,
    tenants=20,
    tenant_people=5000,
    storm_seconds=60.0,
    seats=300,
    spans=1_000_000,
    closes=3,
    previewed=5000,
    peers=True,
)
QUICK = Sizes(
    rounds=2,
    seconds=0.3,
    population=150,
    small=100,
    large=1500,
    groups=(10, 50, 200),
    additions=5,
    pages=5,
    jumps=3,
    walks=2,
    tenants=4,
    tenant_people=50,
    storm_seconds=2.0,
    seats=5,
    spans=5000,
    closes=2,
    previewed=100,
    peers=False,
)
