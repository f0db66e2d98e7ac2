"""The simulated sale lines as a till delivers them, and which of them are faulty.

Only the delivered columns belong here; what was bought is `sales`'s business.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from retail_platform.sources.simulator.clients import client_ids
from retail_platform.sources.simulator.formats import FORMATS
from retail_platform.sources.simulator.frames import money, pick
from retail_platform.sources.simulator.sales import (
    SALE_FAULTS,
    UNKNOWN_CLIENT,
    UNKNOWN_PRODUCT,
    Lines,
    Receipts,
    Shop,
)
from retail_platform.sources.simulator.stores import Stores
from retail_platform.sources.simulator.streams import Floats, Ints, below, field, lookup, share

_PAYMENTS = ("card", "cash", "mobile", "voucher", "paypal", "bank_transfer")
_ONLINE_PAYMENTS = (0.55, 0.0, 0.1, 0.03, 0.25, 0.07)
_CAMPAIGNS = ("NEWS", "SEARCH", "SOCIAL")
_CAMPAIGN_SHARE = 0.25
_FREIGHT = np.array([490, 490, 790, 0])  # standard, standard, express, collected in a store
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Pools:
    """The texts that sale lines are put together from."""

    stores: Stores
    products: pl.Series
    clients: int

    @cached_property
    def product_ids(self) -> pl.Series:
        """Every product's id, and after them as many that are unknown."""
        return pl.concat([self.products, self.products.str.replace("P", "X")])

    @cached_property
    def client_ids(self) -> pl.Series:
        """Every client's id, and after them as many that are unknown."""
        ids = client_ids(self.clients)
        return pl.concat([ids, ids.str.replace("C", "X")])

    @cached_property
    def payments(self) -> Ints:
        """Index into the payment methods: one row a store, 256 columns."""
        regions = {place.region: None for place in self.stores.market.places}
        order = {region: index for index, region in enumerate(regions)}
        tilt = np.array([0.6 + 0.8 * (order[p.region] * 7 % 11) / 10 for p in self.stores.market.places])
        cash = self.stores.market.cash_share * tilt[self.stores.place]
        none = np.zeros_like(cash)
        physical = np.column_stack([0.9 - cash, cash, none + 0.08, none + 0.02, none, none])
        return lookup(np.where(self.stores.online[:, None], _ONLINE_PAYMENTS, physical), 256)


def sale_frame(shop: Shop, pools: Pools, receipts: Receipts, lines: Lines) -> pl.DataFrame:
    """The lines as delivered, sorted by store, day and time."""
    heads = _receipt_frame(shop, pools, receipts)
    receipt = lines.receipt
    online = pools.stores.online[receipts.store]
    columns = heads.select(pl.all().gather(receipt.astype(np.uint32)))
    client = receipts.client[receipt]
    client += np.where(lines.fault == UNKNOWN_CLIENT, pools.clients, 0)
    product = lines.product + np.where(lines.fault == UNKNOWN_PRODUCT, len(pools.products), 0)
    freight = np.where(receipts.returns, 0, _FREIGHT[field(receipts.more, 52, 2)])[receipt]
    return columns.with_columns(
        line_number=pl.Series((lines.number + 1).astype(np.int32)),
        client_id=pick(pools.client_ids, client),
        product_id=pick(pools.product_ids, product),
        quantity=pl.Series(lines.quantity),
        unit_price=money(lines.price),
        discount=money(lines.discount),
        net_amount=money(lines.net),
        tax_amount=money(lines.tax),
        freight_amount=money(np.where(lines.number == 0, freight, 0), online[receipt]),
        promotion_id=pick(shop.promotions.ids, lines.promotion),
    ).select(COLUMNS)


COLUMNS = (
    "date",
    "store_id",
    "sale_id",
    "line_number",
    "status",
    "sold_at",
    "channel",
    "client_id",
    "product_id",
    "quantity",
    "unit_price",
    "discount",
    "net_amount",
    "tax_amount",
    "freight_amount",
    "payment_method",
    "promotion_id",
    "campaign_id",
)


def _receipt_frame(shop: Shop, pools: Pools, receipts: Receipts) -> pl.DataFrame:
    numbers = shop.days.numbers
    dates = pl.Series(numbers.astype(np.int32)).cast(pl.Date)
    months = dates.dt.strftime("%Y%m").unique(maintain_order=True)
    month = dates.dt.strftime("%Y%m").rank("dense").to_numpy().astype(np.int64) - 1
    campaign_ids = pl.Series([f"{name}-{kind}" for name in months for kind in _CAMPAIGNS])
    online = pools.stores.online[receipts.store]
    campaign = np.where(
        online & (share(receipts.more, 54, 6) < _CAMPAIGN_SHARE) & ~receipts.returns,
        month[receipts.day] * len(_CAMPAIGNS) + below(receipts.draws, 56, 8, len(_CAMPAIGNS)),
        -1,
    )
    payment = pools.payments[receipts.store, field(receipts.draws, 48, 8)]
    sold_at = numbers[receipts.day] * (86_400 * _MICROSECONDS) + receipts.second * _MICROSECONDS
    prefix = pl.select(
        pl.concat_str(
            pools.stores.ids.gather(np.repeat(np.arange(len(pools.stores)), len(numbers))),
            pl.concat([dates.dt.strftime("-%Y%m%d-")] * len(pools.stores)),
        )
    ).to_series()
    serial = pl.select(
        pl.int_range(1, int(receipts.number.max(initial=0)) + 2).cast(pl.String).str.zfill(6)
    ).to_series()
    return pl.select(
        date=dates.gather(receipts.day),
        store_id=pools.stores.ids.gather(receipts.store),
        sale_id=pl.concat_str(
            prefix.gather(receipts.store * len(numbers) + receipts.day), serial.gather(receipts.number)
        ),
        status=pl.Series(["completed", "cancelled"]).gather(receipts.cancelled.astype(np.uint32)),
        sold_at=pl.Series(sold_at).cast(pl.Datetime("us")),
        channel=pl.Series(["store", "online"]).gather(online.astype(np.uint32)),
        payment_method=pl.Series(_PAYMENTS).gather(payment),
        campaign_id=pick(campaign_ids, campaign),
    )


def sale_truth(frame: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """The faults: one row for each wrong line, and one for a line that is delivered twice."""
    wrong = lines.fault > 0
    kinds = pl.Series("fault", SALE_FAULTS).gather((lines.fault[wrong] - 1).astype(np.uint32))
    return (
        frame.filter(pl.Series(wrong))
        .select(kinds, "date", "store_id", "sale_id", "line_number")
        .unique(maintain_order=True)
    )


def receipts_per_day(stores: Stores, lines_per_store_day: int, baskets: Floats) -> Floats:
    """Mean receipts of an ordinary day of each store, from half to one and a half times the scale's lines."""
    size = 0.7 + 0.6 * share(stores.draws, 40, 16)
    week = np.array([np.mean(kind.weekdays) for kind in FORMATS])
    receipts: Floats = lines_per_store_day * size / (baskets * week)[stores.format]
    return receipts
