"""From a few lines and counts to hours, products and days, as the assets do it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import narwhals as nw
import polars as pl

from retail_platform.domains.engine import reduced
from retail_platform.domains.footfall.contract import Footfall
from retail_platform.domains.metrics import reduce, transform
from retail_platform.domains.metrics.compare import daily_metrics
from retail_platform.domains.metrics.contract import HourlyMetrics, ProductDailyMetrics, StoreDay
from retail_platform.domains.products.contract import ProductPrice
from retail_platform.domains.sales.contract import Sale, StoreTotal
from retail_platform.domains.stores.contract import OpeningHours, Store
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import MONDAY, frame, money

NINE_TO_TWELVE = [{"open": True, "opens": "09:00", "closes": "12:00"}]
SHOP = {"store_id": "S1", "format": "shop", "timezone": "Europe/Paris", "currency": "EUR", "area_m2": 100.0}
LATER = datetime(2030, 1, 1, tzinfo=UTC)

Rows = Sequence[dict[str, Any]]


def line(sale_id: str, quantity: int = 1, net: str = "2.00", **more: Any) -> dict[str, Any]:
    """A completed line of product P1 at 9 in the store, unless told otherwise."""
    return {"sale_id": sale_id, "quantity": quantity, "net_amount": money(net), **more}


def sale_lines(lines: Rows) -> pl.DataFrame:
    """`Sale` rows."""
    common = {
        "date": MONDAY,
        "store_id": "S1",
        "hour": 9,
        "status": "completed",
        "channel": "store",
        "product_id": "P1",
        "discount": money(0),
        "copies": 1,
    }
    numbered = [{"line_number": number, **row} for number, row in enumerate(lines, 1)]
    return frame(Sale, *numbered, **common)


def counted(hour: int, visitors: int | None, **more: Any) -> dict[str, Any]:
    """A store's hour of one counter, working if it has a count."""
    worked = visitors is not None
    return {
        "hour": hour,
        "visitors": visitors,
        "observed_visitors": visitors,
        "imputed_share": 0.0 if worked else None,
        "sensors_ok": int(worked),
        "sensors_total": 1,
        **more,
    }


@dataclass(frozen=True)
class Measured:
    """Inputs of a retailer; None: the source does not have it."""

    lines: Rows | None = None
    footfall: Rows | None = None
    totals: Rows | None = None
    prices: Rows = ()
    stores: Rows = (SHOP,)
    hours: Rows = field(default_factory=lambda: NINE_TO_TWELVE)
    dates: Sequence[date] = (MONDAY,)
    read_at: datetime | None = LATER  # when the deliveries of all dates were read; None: no record says when

    @property
    def _stores(self) -> pl.LazyFrame:
        return frame(Store, *self.stores, copies=1).lazy()

    @property
    def _hours(self) -> pl.LazyFrame:
        return frame(OpeningHours, *self.hours, date=MONDAY, store_id="S1").lazy()

    @property
    def _dates(self) -> pl.LazyFrame:
        return pl.LazyFrame({"date": list(self.dates)})

    @property
    def _read_at(self) -> pl.LazyFrame:
        instants = {"date": pl.Date(), "read_at": pl.Datetime("us", "UTC")}
        rows = [] if self.read_at is None else [(day, self.read_at) for day in self.dates]
        return pl.LazyFrame(rows, schema=instants, orient="row")

    def products(self) -> pl.DataFrame:
        """`ProductDailyMetrics` rows."""
        assert self.lines is not None
        lines = nw.from_native(sale_lines(self.lines).lazy())
        found = transform.product_daily_metrics(
            reduced(reduce.product_sums(lines)),
            reduced(reduce.product_transactions(lines)),
            prices=frame(ProductPrice, *self.prices, product_id="P1", valid_from=date(2020, 1, 1), copies=1).lazy(),
            stores=self._stores,
            currency="EUR",
        ).collect()
        return ProductDailyMetrics.validate(found)

    def hourly(self) -> pl.DataFrame:
        """`HourlyMetrics` rows."""
        lines = None if self.lines is None else nw.from_native(sale_lines(self.lines).lazy())
        found = transform.hourly_metrics(
            stores=self._stores,
            hours=self._hours,
            dates=self._dates,
            sums=None if lines is None else reduced(reduce.hourly_sums(lines)),
            transactions=None if lines is None else reduced(reduce.hourly_transactions(lines)),
            footfall=None
            if self.footfall is None
            else frame(Footfall, *self.footfall, date=MONDAY, store_id="S1").lazy(),
        ).collect()
        return HourlyMetrics.validate(found)

    def days(self) -> pl.DataFrame:
        """`StoreDay` rows."""
        totals = {"date": MONDAY, "store_id": "S1", "copies": 1}
        found = transform.store_days(
            stores=self._stores,
            hours=self._hours,
            dates=self._dates,
            hourly=self.hourly().lazy(),
            products=None if self.lines is None else self.products().lazy(),
            totals=None if self.totals is None else frame(StoreTotal, *self.totals, **totals).lazy(),
            has_footfall=self.footfall is not None,
            read_at=self._read_at,
        ).collect()
        return StoreDay.validate(found)

    def day(self) -> dict[str, Any]:
        """The only row of a day's metrics, with its ratios."""
        return daily_metrics(self.days().lazy(), Window(MONDAY, MONDAY)).collect().row(0, named=True)
