"""What the footfall page shows, as frames: charts, tables and downloads have the same."""

from datetime import timedelta

import polars as pl

from retail_platform.dashboard.data.queries import collected
from retail_platform.dashboard.data.unavailable import Unavailable
from retail_platform.dashboard.filters import Option
from retail_platform.dashboard.page import View
from retail_platform.domains.footfall.transform import maybe_open
from retail_platform.windows import Window

DETAIL = Option("detail", "day", ("day", "hour"))
TOLERANCE = Option("tolerance", "20", ("5", "10", "15", "20", "25", "30", "40", "50"))
SENSOR = Option("sensor", "all", pattern=r"[^\x00-\x1f]{1,100}")
HOURS_OF_DAYS = 14
_WEEKS = 4
_FEWEST = 2  # of the four weeks, for a mean
_FOOTFALL = ("date", "hour", "store_id", "visitors", "visitors_low", "visitors_high", "imputed_share", "sensors_total")
_HEALTH = ("date", "store_id", "sensor_id", "status", "hours_expected", "hours_counted", "observed", "reason")
_ANOMALIES = ("date", "store_id", "scope", "hour", "visitors", "expected", "deviation_pct", "severity", "cause")
_FORECAST = ("store_id", "date", "visitors", "low_80", "high_80", "made_on")


def one_store(view: View) -> View:
    """The look at one store: the first of those chosen that has doors, else the first."""
    with_doors = doors(view)["store_id"].to_list()
    store = (with_doors or view.stores["store_id"].to_list())[0]
    return View(view.page, view.data, view.filters.but(stores=(store,)), view.language)


def doors(view: View) -> pl.DataFrame:
    """The stores chosen of which any day has visitors."""
    return view.stores.filter(pl.col("store").is_in(view.facts.counting.implode()))


def sensors(one: View) -> list[str]:
    """The counters of the store, as the readings of the days name them."""
    return _readings(one)["sensor_id"].unique().sort().to_list()


def sensor(one: View) -> str:
    """The counter chosen; `all` also where the store has none of that name."""
    chosen = one.filters.option(SENSOR)
    return chosen if chosen in sensors(one) else SENSOR.default


def readings(one: View) -> pl.DataFrame:
    """What the counters delivered, by day or hour: `at`, `sensor_id`, `visitors` (null: no count)."""
    chosen, rows = sensor(one), _readings(one)
    if chosen != SENSOR.default:
        rows = rows.filter(pl.col("sensor_id") == chosen)
    total = pl.when(pl.col("visitors").count() > 0).then(pl.col("visitors").sum())
    return _by(one, rows).group_by("at", "sensor_id").agg(visitors=total).sort("sensor_id", "at")


def visitors(one: View) -> pl.DataFrame:
    """Visitors by day or hour with what of them is estimated.

    Returns:
        `at`, `visitors`, `counted` and `estimated` (its parts), `low`, `high` (80 % interval of an hour; of a day the
        sum of its hours', which is at least as wide), `unknown_hours`. Closed hours are left out.
    """
    rows = _by(one, _footfall(one, _shown(one))).filter(maybe_open())
    return (
        rows.with_columns(estimated=pl.col("visitors") * pl.col("imputed_share").fill_null(0.0))
        .group_by("at")
        .agg(
            *(
                pl.when(pl.col("visitors").count() > 0).then(pl.col(name).sum()).alias(shown)
                for name, shown in (
                    ("visitors", "visitors"),
                    ("estimated", "estimated"),
                    ("visitors_low", "low"),
                    ("visitors_high", "high"),
                )
            ),
            unknown_hours=pl.col("visitors").is_null().sum().cast(pl.Int64),
        )
        .with_columns(counted=pl.col("visitors") - pl.col("estimated"))
        .select("at", "visitors", "counted", "estimated", "low", "high", "unknown_hours")
        .sort("at")
    )


def band(one: View) -> pl.DataFrame:
    """Each day against the mean of its weekday in the four weeks before, and the tolerance around it.

    Returns:
        `date`, `visitors`, `average` (null: fewer than two of the four days are known), `low`, `high`, `deviation`
        (a fraction), `outside`. Closed days are left out, here and in the means; a day with an
        hour that is not known is not known.
    """
    return one.data.tables.result("footfall", ("footfall band", one.filters), lambda: _band(one))


def exceedances(one: View) -> pl.DataFrame:
    """The days outside of the band, the latest first."""
    return band(one).filter("outside").drop("outside").sort("date", descending=True)


def health(one: View) -> pl.DataFrame:
    """What was found of each counter on each day."""
    return _rows(one, "sensor_health", _HEALTH, one.filters.window).sort("sensor_id", "date").drop("store_id")


def anomalies(one: View) -> pl.DataFrame:
    """Days and hours that the history does not explain, the latest first."""
    found = _rows(one, "footfall_anomalies", _ANOMALIES, one.filters.window)
    return found.sort("date", "hour", descending=True, nulls_last=False).drop("store_id")


def forecast(one: View) -> pl.DataFrame:
    """The days ahead with their 80 % interval.

    Raises:
        Unavailable: there are none of this store.
    """
    found = _rows(one, "footfall_forecast_days", _FORECAST, None).sort("date").drop("store_id")
    if not found.height:
        raise Unavailable("no_rows")
    return found


def _band(one: View) -> pl.DataFrame:
    window = one.filters.window
    days = (
        _footfall(one, Window(window.first - timedelta(days=7 * _WEEKS), window.last))
        .lazy()
        .filter(maybe_open())
        .group_by("date")
        .agg(visitors=pl.when(pl.col("visitors").null_count() == 0).then(pl.col("visitors").sum()))
    )
    now = days.filter(pl.col("date").is_between(window.first, window.last)).sort("date")
    before = pl.concat(
        [days.with_columns(pl.col("date") + pl.duration(days=7 * week)) for week in range(1, _WEEKS + 1)]
    )
    means = before.group_by("date").agg(average=pl.col("visitors").mean(), weeks=pl.col("visitors").count())
    share = int(one.filters.option(TOLERANCE)) / 100
    average = pl.when(pl.col("weeks") >= _FEWEST).then(pl.col("average"))
    return (
        now.join(means, on="date", how="left", maintain_order="left")
        .with_columns(average=average)
        .select(
            "date",
            "visitors",
            "average",
            low=pl.col("average") * (1 - share),
            high=pl.col("average") * (1 + share),
            deviation=pl.when(pl.col("average") > 0).then(pl.col("visitors") / pl.col("average") - 1),
        )
        .with_columns(outside=(pl.col("deviation").abs() > share).fill_null(False))
        .collect()
    )


def _shown(one: View) -> Window:
    """The days of the charts by hour are the last there are: more hours than that cannot be told apart."""
    window = one.filters.window
    if one.filters.option(DETAIL) == "day":
        return window
    last = min(window.last, one.facts.span.last)
    return Window(max(window.first, last - timedelta(days=HOURS_OF_DAYS - 1)), last)


def _by(one: View, rows: pl.DataFrame) -> pl.DataFrame:
    midnight = pl.col("date").cast(pl.Datetime("us"))
    if one.filters.option(DETAIL) == "day":
        return rows.with_columns(at=midnight)
    return rows.with_columns(at=midnight + pl.duration(hours=pl.col("hour").cast(pl.Int64)))


def _readings(one: View) -> pl.DataFrame:
    return _rows(one, "footfall_readings", ("date", "hour", "store_id", "sensor_id", "visitors"), _shown(one))


def _footfall(one: View, window: Window) -> pl.DataFrame:
    return _rows(one, "footfall", _FOOTFALL, window)


def _rows(one: View, table: str, columns: tuple[str, ...], window: Window | None) -> pl.DataFrame:
    store = one.filters.stores[0]

    def compute() -> pl.DataFrame:
        return collected(one.data, table, columns, lambda rows: rows.filter(pl.col("store_id") == store), window)

    return one.data.tables.result(table, ("footfall page", store, window), compute)
