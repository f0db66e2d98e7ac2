"""The simulated receipts and their lines, returns and faults included.

Only what is bought belongs here; how many receipts a store has in an hour is `days`'s business. Every property of
a line is a pure function of (seed, store, day, receipt, line): that is how a return finds the sale it refers to, by
simulating that one line of an earlier day again.

A return is a receipt of one line with negative quantity, discount and amounts, with an id of its own, and the client,
product, unit price and promotion of a completed sale line of the same store 1 to 30 days before. No line is
returned twice.
"""

from dataclasses import dataclass

import numpy as np

from retail_platform.sources.simulator.assortment import (
    TABLE_BITS,
    Assortment,
    Promotions,
)
from retail_platform.sources.simulator.days import LOOK_BACK, Days
from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.formats import FORMATS
from retail_platform.sources.simulator.streams import Bits, Floats, Ints, Mask, below, bits, field, lookup, share

SALE_FAULTS = ("duplicate_line", "unknown_product", "unknown_client")
DUPLICATE, UNKNOWN_PRODUCT, UNKNOWN_CLIENT = range(1, 4)
_LONGEST = 30  # lines a receipt
_STRAYS = 0.12  # share of known clients who buy away from home
_LED = 0.08  # share of lines a promotion attracts
_LINE_TABLE = np.arange(1, _LONGEST + 1)


def basket_weights() -> Floats:
    """How often a receipt has 1, 2, 3, ... lines, a row a format: geometric, cut at `_LONGEST`."""
    stop = 1 / np.array([kind.basket for kind in FORMATS])[:, None]
    weights: Floats = (1 - stop) ** (_LINE_TABLE - 1) * stop
    return weights


def mean_basket() -> Floats:
    """Mean lines a receipt of each format."""
    weights = basket_weights()
    mean: Floats = (weights * _LINE_TABLE).sum(axis=1) / weights.sum(axis=1)
    return mean


_BASKETS = 1 + lookup(basket_weights(), 1024)
_RETURNS = np.array([kind.returns for kind in FORMATS])
_CANCELLED = np.array([kind.cancelled for kind in FORMATS])
_LOYALTY = np.array([kind.loyalty for kind in FORMATS])


@dataclass(frozen=True)
class Shop:
    """Everything the receipts of a range of days depend on."""

    days: Days
    assortment: Assortment
    promotions: Promotions
    prices: Ints
    clients: int
    faults: Faults


@dataclass(frozen=True)
class Receipts:
    """One row a receipt, sorted by store, day and time.

    Attributes:
        day: index into the days.
        number: 0, 1, ... within the store and day.
        client: index of the client, -1 for none.
        draws: the receipt's own random bits, from which its lines' are made.
        more: further bits, of the sale it refers to if it is a return.
        returns: whether it is a return; then `sold_day` and `sold_line` say what of.
    """

    store: Ints
    day: Ints
    number: Ints
    second: Ints
    client: Ints
    cancelled: Mask
    draws: Bits
    more: Bits
    returns: Mask
    sold_day: Ints
    sold_line: Bits


@dataclass(frozen=True)
class Lines:
    """One row a line; amounts in hundredths; `receipt` is the index of its receipt.

    Attributes:
        fault: 0, or 1 + index into `SALE_FAULTS`; of a line delivered twice both copies carry it.
    """

    receipt: Ints
    number: Ints
    product: Ints
    promotion: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    net: Ints
    tax: Ints
    fault: Ints


def _draws(shop: Shop, store: Ints, day: Ints, number: Ints) -> tuple[Bits, Bits]:
    own = bits(shop.days.keys[store, day], number + 16)
    return own, bits(own, np.array(0))


def _wants_to_return(kind: Ints, draws: Bits) -> Mask:
    return share(draws, 10, 12) < _RETURNS[kind]


def _is_cancelled(kind: Ints, draws: Bits) -> Mask:
    return share(draws, 22, 10) < _CANCELLED[kind]


def _client(shop: Shop, store: Ints, kind: Ints, more: Bits) -> Ints:
    """Who buys: known clients mostly where they live, few of them often."""
    stores = len(shop.days.stores)
    even = share(more, 18, 24)
    skewed = even * (1 + 3 * even * even) / 4
    at_home = (skewed * (shop.clients // stores)).astype(np.int64) * stores + store
    strays = (share(more, 10, 8) < _STRAYS) | shop.days.stores.online[store]
    client = np.where(strays, below(more, 18, 24, shop.clients), at_home)
    return np.where(share(more, 0, 10) < _LOYALTY[kind], client, -1)


def simulate_receipts(shop: Shop, first_store: int, last_store: int) -> Receipts:
    """All receipts of the stores from `first_store` to before `last_store`, look-back days excluded."""
    days = shop.days
    counts = days.receipts[first_store:last_store, LOOK_BACK:].astype(np.int64)
    shape = counts.shape
    per_hour = counts.ravel()
    cell = np.repeat(np.arange(per_hour.size), per_hour)
    position = np.arange(cell.size) - (np.cumsum(per_hour) - per_hour)[cell]
    store_day, hour = np.divmod(cell, 24)
    store, day = np.divmod(store_day, shape[1])
    store += first_store
    day += LOOK_BACK
    per_day = counts.sum(axis=2).ravel()
    number = np.arange(cell.size) - (np.cumsum(per_day) - per_day)[store_day]
    draws, more = _draws(shop, store, day, number)
    # The receipts of an hour come one after the other, each at a random moment of its equal part of it.
    opens, minutes = days.opens[store, day, hour], days.minutes[store, day, hour]
    within = (position + share(draws, 32, 16)) / per_hour[cell] * (minutes * 60.0)
    second = hour * 3600 + opens.astype(np.int64) * 60 + within.astype(np.int64)
    kind = days.stores.format[store]
    returns, sold_day, sold_draws, sold_line = _find_sales(shop, store, day, draws, more)
    more[returns] = bits(sold_draws, np.array(0))
    all_days, all_lines = day.copy(), np.zeros(cell.size, dtype=np.uint64)
    all_days[returns], all_lines[returns] = sold_day, sold_line
    return Receipts(
        store=store,
        day=day,
        number=number,
        second=second,
        client=_client(shop, store, kind, more),
        cancelled=_is_cancelled(kind, draws) & ~returns,
        draws=draws,
        more=more,
        returns=returns,
        sold_day=all_days,
        sold_line=all_lines,
    )


def _find_sales(shop: Shop, store: Ints, day: Ints, draws: Bits, more: Bits) -> tuple[Mask, Ints, Bits, Bits]:
    """Which receipts are returns, and of each: the day, receipt bits and line bits of the sale it refers to.

    The receipts a return made `lag` days later can refer to are those whose number is `lag - 1` modulo 30: so no
    two days return the same. A return that finds no sale, or one another return of the day refers to, is a sale.
    """
    kind = shop.days.stores.format[store]
    wishes = np.flatnonzero(_wants_to_return(kind, draws))
    store, day, kind, more = store[wishes], day[wishes], kind[wishes], more[wishes]
    part = below(more, 42, 10, LOOK_BACK)
    sold_day = day - 1 - part
    candidates = (shop.days.totals[store, sold_day] - part + LOOK_BACK - 1) // LOOK_BACK
    again = bits(more, np.array(1))
    number = part + LOOK_BACK * below(again, 0, 32, np.maximum(candidates, 1))
    sold, _ = _draws(shop, store, sold_day, number)
    good = (candidates > 0) & ~_wants_to_return(kind, sold) & ~_is_cancelled(kind, sold)
    # A sale is named by store, day and number; the day of the return keeps unlike pairs apart.
    names = np.column_stack([store, day, sold_day, number])
    first = np.zeros(len(wishes), dtype=np.bool_)
    chosen = np.flatnonzero(good)
    first[chosen[np.unique(names[chosen], axis=0, return_index=True)[1]]] = True
    line = below(again, 32, 32, _BASKETS[kind, field(sold, 0, 10)])
    is_return = np.zeros(len(draws), dtype=np.bool_)
    is_return[wishes[first]] = True
    return is_return, sold_day[first], sold[first], bits(sold[first], line[first] + 1)


def simulate_lines(shop: Shop, receipts: Receipts) -> Lines:
    """The lines of the receipts, in their order, with what the faults do to them."""
    kinds = shop.days.stores.format[receipts.store]
    sizes = np.where(receipts.returns, 1, _BASKETS[kinds, field(receipts.draws, 0, 10)])
    receipt = np.repeat(np.arange(len(sizes)), sizes)
    number = np.arange(len(receipt)) - (np.cumsum(sizes) - sizes)[receipt]
    drawn = bits(receipts.draws[receipt], number + 1)
    fault = _line_faults(shop.faults, drawn, receipts.client[receipt] >= 0)
    if (fault == DUPLICATE).any():
        copies = np.repeat(np.arange(len(receipt)), 1 + (fault == DUPLICATE))
        receipt, number, drawn, fault = receipt[copies], number[copies], drawn[copies], fault[copies]
    of_return = receipts.returns[receipt]
    drawn[of_return] = receipts.sold_line[receipt[of_return]]
    day = receipts.sold_day[receipt]
    product = _product(shop, kinds[receipt], day, drawn)
    category = shop.assortment.category[product]
    quantity = shop.assortment.quantities[category, field(drawn, 28, 6)]
    quantity[of_return] *= -1
    price = shop.prices[day, product]
    gross = quantity * price
    discount = np.rint(gross * (shop.promotions.percent[day, category] * 0.01)).astype(np.int64)
    net = gross - discount
    tax = np.rint(net * shop.assortment.tax[product]).astype(np.int64)
    return Lines(
        receipt=receipt,
        number=number,
        product=product,
        promotion=shop.promotions.number[day, category],
        quantity=quantity,
        price=price,
        discount=discount,
        net=net,
        tax=tax,
        fault=fault,
    )


def _line_faults(faults: Faults, drawn: Bits, names_client: Mask) -> Ints:
    chance = share(drawn, 34, 30)
    duplicate, product = faults.duplicate_line, faults.duplicate_line + faults.unknown_product
    fault = np.zeros(len(drawn), dtype=np.int64)
    fault[(chance < product + faults.unknown_client) & names_client] = UNKNOWN_CLIENT
    fault[chance < product] = UNKNOWN_PRODUCT
    fault[chance < duplicate] = DUPLICATE
    return fault


def _product(shop: Shop, kind: Ints, day: Ints, drawn: Bits) -> Ints:
    """What a line is of: by the format's appetite, or what a promotion of the day leads to."""
    entry = field(drawn, 0, TABLE_BITS)
    product = shop.assortment.by_format[kind, entry]
    led = np.flatnonzero(share(drawn, 18, 10) < _LED)
    lead = shop.promotions.lead[day[led]]
    led, lead = led[lead >= 0], lead[lead >= 0]
    product[led] = shop.assortment.by_category[lead, entry[led]]
    return product
