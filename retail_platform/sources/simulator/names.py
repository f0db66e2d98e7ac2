"""Pools of made-up names of a country, which `clients` and `assortment` combine.

Only Faker's part belongs here; the pools are small, so that no row calls it.
"""

from dataclasses import dataclass
from functools import lru_cache

_POOL = 300


@dataclass(frozen=True)
class Names:
    """Pools of names."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    last: tuple[str, ...]
    brands: tuple[str, ...]


@lru_cache(maxsize=8)
def names_of(locale: str) -> Names:
    """The pools of a locale, the same each time."""
    from faker import Faker

    fake = Faker(locale)
    fake.seed_instance(0)
    return Names(
        female=tuple(fake.first_name_female() for _ in range(_POOL)),
        male=tuple(fake.first_name_male() for _ in range(_POOL)),
        last=tuple(fake.last_name() for _ in range(_POOL)),
        brands=tuple(dict.fromkeys(fake.last_name() for _ in range(60))),
    )
