"""What a report is made of, and what of it is shown: which currency, measure, stores, products and doubts.

Only choosing rows belongs here: counting is `figures`', writing `report`'s and `summary`'s business.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import polars as pl

from retail_platform.domains.metrics.contract import OF_MONEY
from retail_platform.reports import figures
from retail_platform.reports.figures import Figures
from retail_platform.windows import Window

CONTEXT = 28
"""Days that a chart shows at least."""

_DAYS, _WEEKS = 98, 371  # that a chart shows at most by day, by week
_SUSPECT = ("ok", "unjudged")  # what a counter is that is not
EVERY = {"day": "1d", "week": "1w", "month": "1mo"}
SOLD = ("date", "store_id", "product_id", "units", "revenue")
SENSORS = ("date", "store_id", "sensor_id", "status")
ANOMALIES = ("date", "store_id", "scope", "visitors", "expected", "severity", "cause", "score")


@dataclass(frozen=True)
class Counted:
    """What a day's material needs to count, counted of many days at once.

    Attributes:
        figures: of the day.
        dates: sums by `period`, a day each, as of `_by_period`: of the day and those before it that a chart shows.
        stores: `figures.sums` by `store_id` of the day, with their changes; None: nobody is to tell stores apart.
    """

    figures: Figures
    dates: pl.DataFrame
    stores: pl.DataFrame | None


@dataclass(frozen=True)
class Material:
    """Rows as the tables have them, of the chosen stores.

    Attributes:
        window: the days it is about.
        days: `StoreDay` rows, `figures.COLUMNS` of them, of the days that figures need (`figures.needed`).
        stores: `store_id` and `label` of the chosen stores.
        subject: what they are called together, where they are neither one nor all.
        all_stores: whether they are all there are.
        sold: of `best_sellers`; None: products are not known.
        sensors: `SensorHealth` rows of the window; None: counters are not judged.
        anomalies: `FootfallAnomaly` rows of the window; None: nobody looks for them.
        made: the days of the window that are known to have been made, also those without rows; None: those with rows.
        at: when the newest rows were written, if that is to be said.
        counted: what is counted already of a window of one day; None: it is counted when asked for.
    """

    window: Window
    days: pl.DataFrame
    stores: pl.DataFrame
    subject: str = ""
    all_stores: bool = True
    sold: pl.DataFrame | None = None
    sensors: pl.DataFrame | None = None
    anomalies: pl.DataFrame | None = None
    made: frozenset[date] | None = None
    at: datetime | None = None
    counted: Counted | None = None

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The store days of the window."""
        return between(self.days, self.window)

    @cached_property
    def currencies(self) -> list[str | None]:
        """The currencies of the window, in order; None among them: that of some store is not known."""
        found = self.rows["currency"].unique().to_list()
        return sorted((one for one in found if one), key=str) + ([None] if None in found else [])

    @property
    def currency(self) -> str | None:
        """The one currency of the window, in which amounts can be added."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @cached_property
    def figures(self) -> Figures:
        """The figures of all days and stores together; amounts are left out where they cannot be added."""
        found = self.counted.figures if self.counted else figures.of_window(self.days, self.window)
        if self.currency:
            return found
        return Figures(found.last, {**found.total, **dict.fromkeys(OF_MONEY)}, found.changes)

    @cached_property
    def figures_by_day(self) -> dict[date, Figures]:
        """The figures of each day of the window."""
        return figures.of_days(self.days, self.window)

    @cached_property
    def shown(self) -> list[str]:
        """The key figures that the days of the report know, or those it compares with."""
        known = {name for name in figures.COLUMNS if self.days[name].count()}
        found = [name for name in figures.KEY_FIGURES if known.issuperset(_MADE_OF[name])]
        return [name for name in found if self.currency or name not in OF_MONEY]

    @property
    def measure(self) -> str | None:
        """The measure that stores and days are ranked by."""
        return next((name for name in figures.RANKED if name in self.shown), None)

    def label(self, store: str) -> str:
        """The name of a store, or its id."""
        return self._labels.get(store) or store

    @cached_property
    def _labels(self) -> dict[str, str]:
        return dict(self.stores.select("store_id", "label").iter_rows())

    def by_store(self) -> pl.DataFrame:
        """`store_id`, sums, ratios and `change` against the 4-week average of `measure`; the best first."""
        measure = self.measure
        if measure is None:
            return pl.DataFrame(schema={"store_id": pl.String})
        rows = self.counted.stores if self.counted else None
        rows = _stores(self.days, self.window) if rows is None else rows
        return (
            rows.with_columns(change=f"{measure}_change")
            .filter(pl.col(measure).is_not_null())
            .sort(measure, "store_id", descending=[True, False])
        )

    def by_currency(self) -> dict[str, Figures]:
        """The figures in each currency, where there are several; each of the stores that trade in it now."""
        named = [one for one in self.currencies if one] if not self.currency else []
        rows = {one: self._of_stores_in(one) for one in named}
        return {one: figures.of_window(rows[one], self.window) for one in named if rows[one]["revenue"].count()}

    def _of_stores_in(self, currency: str) -> pl.DataFrame:
        """Rows in a currency, and earlier ones in any of the same stores: what they changed to is no growth."""
        own, within = pl.col("currency") == currency, pl.col("date").is_between(self.window.first, self.window.last)
        stores = self.days.filter(own, within)["store_id"].unique()
        return self.days.filter(pl.when(within).then(own).otherwise(pl.col("store_id").is_in(stores.implode())))

    def by_day(self) -> pl.DataFrame:
        """`date`, sums and ratios of the days that `measure` is known of; the best first."""
        found = figures.sums(self.rows, ["date"])
        if self.measure is None:
            return found.clear()
        return found.filter(pl.col(self.measure).is_not_null()).sort(self.measure, "date", descending=[True, False])

    @property
    def grain(self) -> str:
        """What a chart has a bar of: a day, a week or a month."""
        return "day" if len(self.window) <= _DAYS else "week" if len(self.window) <= _WEEKS else "month"

    @cached_property
    def over_time(self) -> pl.DataFrame:
        """`period` (first day), `own` and sums for charts, also of days before a short window; null without rows.

        Amounts are null, too, in periods that are not whole in the currency of the window.
        """
        first = min(self.window.first, self.window.last - timedelta(days=CONTEXT - 1))
        shown, every = Window(first, self.window.last), EVERY[self.grain]
        periods = pl.Series("period", list(shown.days())).dt.truncate(every).unique(maintain_order=True)
        found = self.counted.dates if self.counted else _by_period(between(self.days, shown), every)
        own = pl.col("period") >= pl.lit(self.window.first).dt.truncate(every)
        rows = periods.to_frame().join(found, on="period", how="left", maintain_order="left")
        amounts = [name for name in OF_MONEY if name in rows.columns]
        alike = pl.col("currency") == pl.lit(self.currency, pl.String)
        return rows.with_columns(pl.when(alike).then(pl.col(amounts)), own=own)

    def compared_from(self) -> date | None:
        """The first of the days before the window that it is compared with; None: there are none."""
        earlier = [day for day in (self.days["date"].min(),) if isinstance(day, date) and day < self.window.first]
        if any(change.base is not None for change in self.figures.changes.get("year", {}).values()):
            earlier.append(self.window.first - timedelta(days=figures.YEAR))
        return min(earlier, default=None)

    def missing(self) -> list[date]:
        """The days that were not made, or have no rows."""
        there = set(self.rows["date"].unique()) | set(self.made or ())
        return [day for day in self.window.days() if day not in there]

    def not_final(self) -> list[date]:
        """The days that are not over in some store."""
        return self.rows.filter(~pl.col("final"))["date"].unique().sort().to_list()

    def suspects(self) -> pl.DataFrame | None:
        """`store_id`, `sensor_id`, `status` (that of most days) and `days` of counters at fault, most days first."""
        if self.sensors is None:
            return None
        return (
            self.sensors.filter(~pl.col("status").cast(pl.String).is_in(_SUSPECT))
            .sort("date")
            .group_by("store_id", "sensor_id")
            .agg(status=pl.col("status").cast(pl.String).mode().sort().first(), days=pl.col("date").n_unique())
            .sort("days", "store_id", "sensor_id", descending=[True, False, False])
        )

    def unusual(self) -> pl.DataFrame | None:
        """The anomalies of whole days, the most unusual first."""
        if self.anomalies is None:
            return None
        major = pl.col("severity").cast(pl.String) == "major"
        return self.anomalies.filter(~_OF_AN_HOUR).sort(
            major, pl.col("score").abs(), "date", "store_id", descending=[True, True, False, False]
        )

    def unusual_hours(self) -> int:
        """How many hours of stores are anomalies by themselves."""
        return 0 if self.anomalies is None else self.anomalies.filter(_OF_AN_HOUR).height


_OF_AN_HOUR = pl.col("scope").cast(pl.String) == "hour"
_MADE_OF = {
    "visitors": ("visitors",),
    "transactions": ("transactions",),
    "revenue": ("revenue",),
    "margin": ("margin",),
    "conversion_rate": ("visitors", "store_transactions"),
    "atv": ("revenue", "transactions"),
    "upt": ("units", "transactions"),
}


def of_each_day(
    days: pl.DataFrame,
    window: Window,
    stores: pl.DataFrame | None = None,
    *,
    sold: pl.DataFrame | None = None,
    sensors: pl.DataFrame | None = None,
    anomalies: pl.DataFrame | None = None,
) -> Iterator[Material]:
    """The material of each day of a window, counted together; every day of it was made, also one without rows.

    Args:
        days: `StoreDay` rows as `Material.days` has them, of all days that the window's figures need.
        window: the days.
        stores: `store_id` and `label`; those without rows on a day are left out of it, those that are not among them
            are called by their ids. None: nobody is to tell stores apart.
        sold: of `best_sellers`, daily.
        sensors: `SensorHealth` rows.
        anomalies: `FootfallAnomaly` rows.
    """
    counted, nothing = figures.of_days(days, window), Figures(window.last, {}, {})
    recent = between(days, Window(window.first - timedelta(days=CONTEXT), window.last))
    dates = _by_period(recent, EVERY["day"])
    apart = None if stores is None else _stores(days, window, daily=True)
    labels = pl.DataFrame(schema=dict.fromkeys(("store_id", "label"), pl.String)) if stores is None else stores
    for day in window.days():
        one, weeks = Window(day, day), Window(day - timedelta(days=CONTEXT), day)
        rows = between(recent, weeks)
        yield Material(
            one,
            rows,
            _labelled(between(rows, one), labels),
            sold=None if sold is None else between(sold, one),
            sensors=None if sensors is None else between(sensors, one),
            anomalies=None if anomalies is None else between(anomalies, one),
            made=frozenset({day}),
            counted=Counted(
                counted.get(day, nothing),
                between(dates, weeks, "period"),
                None if apart is None else between(apart, one),
            ),
        )


def _labelled(rows: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """`store_id` and `label` of the stores of some rows, also of those that left the master data."""
    found = rows.select("store_id").unique().sort("store_id").join(labels, on="store_id", how="left")
    return found.select("store_id", label=pl.coalesce("label", "store_id"))


def _stores(days: pl.DataFrame, window: Window, *, daily: bool = False) -> pl.DataFrame:
    by = ["date", "store_id"] if daily else ["store_id"]
    sums, changes = figures.sums(between(days, window), by), figures.change_by_store(days, window, daily=daily)
    return sums.join(changes, on=by, how="left")


def _by_period(days: pl.DataFrame, every: str) -> pl.DataFrame:
    """`period` (first day), `figures.sums`, and the one `currency` in which amounts can be added; null: none."""
    period = pl.col("date").dt.truncate(every).alias("period")
    currency = pl.when(ADDABLE).then(pl.col("currency").first()).alias("currency")
    return figures.sums(days, [period]).join(days.group_by(period).agg(currency), on="period", how="left")


def between(rows: pl.DataFrame, window: Window, by: str = "date") -> pl.DataFrame:
    """The rows of a window."""
    return rows.filter(pl.col(by).is_between(window.first, window.last))


ADDABLE = (pl.col("currency").n_unique() == 1) & pl.col("currency").is_not_null().all()
"""Whether amounts of store days can be added: all are of one currency, and it is known."""


def addable_days(days: pl.DataFrame) -> list[date]:
    """The days on which the amounts of all stores can be added."""
    return days.group_by("date").agg(addable=ADDABLE).filter("addable")["date"].sort().to_list()


def best_sellers(
    sold: pl.LazyFrame,
    products: pl.LazyFrame | None,
    *,
    money: bool | Collection[date],
    daily: bool = False,
    most: int = 10,
) -> pl.LazyFrame:
    """The products of most revenue, over all days or of each.

    Args:
        sold: `ProductDailyMetrics` rows, `SOLD` of them.
        products: `product_id` and `name`; None: they have no names.
        money: whether revenue can be added, or the days on which it can; else those of most units.
        daily: of each day.
        most: how many.

    Returns:
        `date` (if daily), `product` (its name, else its id), `units`, `revenue`; the best first.
    """
    by = ["date", "product_id"] if daily else ["product_id"]
    of_money = pl.lit(money) if isinstance(money, bool) else pl.col("date").is_in(money)
    best = pl.when(of_money).then(pl.col("revenue")).otherwise(pl.col("units")).cast(pl.Float64)
    place = pl.struct(-best, "product_id").rank("ordinal")
    ranked = (
        sold.filter(pl.col("product_id").is_not_null())
        .group_by(by)
        .agg(pl.col("units").sum(), pl.col("revenue").sum())
        .filter((place.over("date") if daily else place) <= most)
    )
    names = pl.LazyFrame(schema={"product_id": pl.String, "name": pl.String}) if products is None else products
    return (
        ranked.join(names.select("product_id", "name"), on="product_id", how="left")
        .with_columns(pl.col("revenue").cast(pl.Float64), product=pl.coalesce("name", "product_id"))
        .sort(*by[:-1], best, "product_id", descending=[False] * (len(by) - 1) + [True, False])
        .select(*by[:-1], "product", "units", "revenue")
    )
