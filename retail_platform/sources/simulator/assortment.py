"""The simulated products, their prices and costs over time, and the promotions they take part in.

Only what is offered belongs here; who buys it is `sales`'s business.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from retail_platform.sources.simulator.formats import FORMATS
from retail_platform.sources.simulator.frames import money
from retail_platform.sources.simulator.markets import Market
from retail_platform.sources.simulator.names import names_of
from retail_platform.sources.simulator.stores import EPOCH, days_since_epoch
from retail_platform.sources.simulator.streams import Bits, Floats, Ints, bell, below, bits, field, key, lookup, share

FIRST_PRICE_YEAR, LAST_PRICE_YEAR = 2015, 2035
"""Prices change from the first day of the first to the last day of the last of these years."""
_HALVES = 2 * (LAST_PRICE_YEAR - FIRST_PRICE_YEAR + 1)
_BLOCK = 28  # days; a category has at most one promotion in each block
_PERCENTS = np.array([10, 15, 20, 25, 30])


class Category(NamedTuple):
    """A kind of goods; `price` in the currency's unit, `quantity` weights of 1, 2, 3, ... units a line."""

    name: str
    code: str
    price: float
    margin: float
    reduced_tax: bool
    shelf_life_days: int | None
    nouns: tuple[str, ...]
    quantity: tuple[int, ...]


CATEGORIES = (
    Category("fresh food", "FRE", 3.2, 0.28, True, 6, ("Cheese", "Yoghurt", "Salad", "Ham"), (60, 25, 10, 5)),
    Category("grocery", "GRO", 4.1, 0.25, True, None, ("Pasta", "Coffee", "Honey", "Biscuits"), (55, 25, 12, 8)),
    Category("fashion", "FAS", 34.0, 0.58, False, None, ("Shirt", "Jeans", "Dress", "Jacket"), (88, 10, 2)),
    Category("beauty", "BEA", 16.0, 0.50, False, None, ("Cream", "Soap", "Perfume"), (80, 15, 5)),
    Category("home", "HOM", 22.0, 0.45, False, None, ("Lamp", "Cushion", "Vase", "Pan"), (80, 14, 6)),
    Category("electronics", "ELE", 79.0, 0.22, False, None, ("Headset", "Cable", "Speaker"), (94, 6)),
    Category("sport", "SPO", 29.0, 0.42, False, None, ("Ball", "Shoes", "Racket"), (88, 9, 3)),
    Category("toys", "TOY", 18.0, 0.40, False, None, ("Puzzle", "Doll", "Blocks"), (84, 12, 4)),
)
TABLE_BITS = 17


@dataclass(frozen=True)
class Assortment:
    """All products, by their index 0, 1, ...

    Attributes:
        category: index into `CATEGORIES`.
        prices, costs: in hundredths, one row a product, one column for the time before the first change and
            one after each change.
        changes: the day of each change, as days since 1970-01-01.
        popularity: how often each product is asked for within its category, relatively.
    """

    category: Ints
    prices: Ints
    costs: Ints
    changes: Ints
    popularity: Floats
    draws: Bits
    market: Market

    def __len__(self) -> int:
        return len(self.category)

    @cached_property
    def ids(self) -> pl.Series:
        """`product_id` of each product."""
        return pl.Series("product_id", [f"P{index + 1:05d}" for index in range(len(self))])

    @cached_property
    def tax(self) -> Floats:
        """Tax rate of each product, as a share of the price without tax."""
        rates = [
            self.market.reduced_tax if category.reduced_tax else self.market.standard_tax for category in CATEGORIES
        ]
        return np.array(rates)[self.category]

    @cached_property
    def by_format(self) -> Ints:
        """What a line buys: a row a store format, to be indexed by `TABLE_BITS` random bits."""
        appetite = np.array([kind.appetite for kind in FORMATS])
        return lookup(appetite[:, self.category] * self.popularity, 1 << TABLE_BITS)

    @cached_property
    def by_category(self) -> Ints:
        """What a line of a category buys: a row a category, to be indexed by `TABLE_BITS` random bits."""
        inside = self.category == np.arange(len(CATEGORIES))[:, None]
        return lookup(inside * self.popularity, 1 << TABLE_BITS)

    @cached_property
    def quantities(self) -> Ints:
        """Units of a line: a row a category, to be indexed by 6 random bits."""
        width = max(len(category.quantity) for category in CATEGORIES)
        weights = [[*category.quantity, *[0] * (width - len(category.quantity))] for category in CATEGORIES]
        return 1 + lookup(np.array(weights, dtype=np.float64), 64)

    def version(self, days: Ints) -> Ints:
        """Column of `prices` in force: one row a day, one column a product."""
        years = (days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)) // 6 + 2 * 1970
        half = years - 2 * FIRST_PRICE_YEAR
        inside = np.clip(half, 0, _HALVES - 1)
        changed = days[:, None] >= self.changes[:, inside].T
        return inside[:, None] + changed

    def prices_on(self, days: Ints) -> Ints:
        """Unit prices in hundredths: one row a day, one column a product."""
        return self.prices[np.arange(len(self)), self.version(days)]

    def frame(self, today: date) -> pl.DataFrame:
        """The products as delivered, with their prices and costs of `today`."""
        version = self.version(np.array([days_since_epoch(today)]))[0]
        index = np.arange(len(self))
        kinds = [CATEGORIES[number] for number in self.category]
        pool = names_of(self.market.locale).brands
        brands = [pool[number] for number in field(self.draws, 0, 16) % len(pool)]
        nouns = [kind.nouns[number % len(kind.nouns)] for number, kind in enumerate(kinds)]
        shelf_lives = [
            None if kind.shelf_life_days is None else kind.shelf_life_days + number % 9
            for number, kind in enumerate(kinds)
        ]
        return pl.DataFrame(
            {
                "product_id": self.ids,
                "name": [f"{b} {n} {i + 1}" for i, (b, n) in enumerate(zip(brands, nouns, strict=True))],
                "category": [kind.name for kind in kinds],
                "brand": brands,
                "unit_price": money(self.prices[index, version]),
                "unit_cost": money(self.costs[index, version]),
                "perishable": [kind.shelf_life_days is not None for kind in kinds],
                "shelf_life_days": pl.Series(shelf_lives, dtype=pl.Int32),
                "supplier_id": [f"V{1 + number % 40:03d}" for number in field(self.draws, 16, 16)],
            }
        )

    def price_frame(self) -> pl.DataFrame:
        """Prices and costs with their validity, as delivered: gapless, from 2000-01-01 to an open end."""
        since = np.column_stack([np.full(len(self), days_since_epoch(date(2000, 1, 1))), self.changes])
        new = np.ones_like(self.prices, dtype=np.bool_)
        new[:, 1:] = (np.diff(self.prices) != 0) | (np.diff(self.costs) != 0)
        product, column = np.nonzero(new)
        valid_from = pl.Series(since[product, column].astype(np.int32)).cast(pl.Date)
        return pl.DataFrame(
            {
                "product_id": self.ids.gather(product),
                "unit_price": money(self.prices[product, column]),
                "unit_cost": money(self.costs[product, column]),
                "valid_from": valid_from,
            }
        ).with_columns(valid_to=pl.col("valid_from").shift(-1).over("product_id").dt.offset_by("-1d"))


@dataclass(frozen=True)
class Promotions:
    """What is on promotion in a range of days.

    Attributes:
        percent: discount, one row a day, one column a category; 0 for none.
        number: index into `ids`, likewise; -1 for none.
        lead: the category that draws buyers on each day; -1 for none.
    """

    percent: Ints
    number: Ints
    lead: Ints
    ids: pl.Series


def make_promotions(seed: int, days: Ints) -> Promotions:
    """The promotions of consecutive days: every second category has one of 7 to 14 days in each four weeks."""
    blocks = np.arange(days[0] // _BLOCK, days[-1] // _BLOCK + 1)
    categories = np.arange(len(CATEGORIES))
    drawn = bits(bits(key(seed, "promotions"), blocks)[:, None], categories)
    starts = blocks[:, None] * _BLOCK + below(drawn, 0, 8, 14)
    lengths = 7 + below(drawn, 8, 8, 8)
    takes_place = share(drawn, 16, 8) < 0.5
    percents = _PERCENTS[below(drawn, 24, 8, len(_PERCENTS))]
    block = days // _BLOCK - blocks[0]
    active = takes_place[block] & (days[:, None] >= starts[block]) & (days[:, None] < starts[block] + lengths[block])
    percent = np.where(active, percents[block], 0)
    ids = [
        f"{EPOCH + timedelta(days=int(starts[row, column])):%y%m%d}-{CATEGORIES[column].code}"
        for row in range(len(blocks))
        for column in categories
    ]
    return Promotions(
        percent=percent,
        number=np.where(active, block[:, None] * len(CATEGORIES) + categories, -1),
        lead=np.where(active.any(axis=1), percent.argmax(axis=1), -1),
        ids=pl.Series("promotion_id", ids),
    )


def make_assortment(seed: int, products: int, market: Market) -> Assortment:
    """Make up the products of a retailer.

    Popularity within a category falls as 1 / (rank + 3) ^ 0.9: few sell much, most seldom. A price may change
    once each half year, by -4 to +8 percent; its cost moves with it.
    """
    index = np.arange(products)
    category = index % len(CATEGORIES)
    draws = bits(key(seed, "products"), index)
    base = np.array([kind.price for kind in CATEGORIES])[category] * np.exp(0.55 * bell(draws))
    steps = bits(bits(key(seed, "prices"), index)[:, None], np.arange(_HALVES))
    factor = np.where(share(steps, 0, 8) < 0.7, 0.96 + 0.12 * share(steps, 8, 16), 1.0)
    level = np.cumprod(np.column_stack([np.full(products, 0.85), factor]), axis=1)
    prices = np.maximum(np.rint(base[:, None] * level * 20) * 5 - 1, 49).astype(np.int64)
    margin = np.array([kind.margin for kind in CATEGORIES])[category] + 0.05 * bell(bits(draws, index))
    costs = np.rint(prices * (1 - np.clip(margin, 0.05, 0.8))[:, None]).astype(np.int64)
    halves = np.array(
        [
            days_since_epoch(date(year, month, 1))
            for year in range(FIRST_PRICE_YEAR, LAST_PRICE_YEAR + 1)
            for month in (1, 7)
        ]
    )
    rank = np.argsort(np.argsort(bits(key(seed, "popularity"), index))) // len(CATEGORIES)
    return Assortment(
        category=category,
        prices=prices,
        costs=costs,
        changes=halves + below(steps, 32, 16, 181),
        popularity=np.power(rank + 3.0, -0.9),
        draws=draws,
        market=market,
    )
