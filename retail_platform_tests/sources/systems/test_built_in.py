"""The built-in mappings on the real data they describe: rows, amounts, and what each column holds."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from retail_platform.settings import Settings
from retail_platform.sources.base import Delivery, Source, SourceUnavailable
from retail_platform.sources.mapping.check import check_mapping
from retail_platform.sources.registry import SYSTEMS, open_source
from retail_platform.windows import Window


def source_of(name: str, folder: Path) -> Source:
    return open_source(Settings(source=name, source_dir=str(folder)))


def whole(source: Source, dataset: str, window: Window | None = None) -> pl.DataFrame:
    if source.datasets[dataset].delivery is Delivery.SNAPSHOT:
        return source.read(dataset).collect()
    return source.read(dataset, window or source.span).collect()


def total(rows: pl.DataFrame, column: str) -> Decimal:
    return Decimal(rows.select(pl.col(column).cast(pl.Decimal(18, 2)).sum()).item())


def days(first: str, last: str) -> Window:
    return Window(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("bank_footfall", "bank_footfall"),
        ("jaffle_shop", "jaffle_shop"),
        ("leeds_footfall", "leeds_footfall"),
        ("olist", "olist"),
        ("retailinsights", "retailinsights/week"),
        ("retailinsights", "retailinsights/json"),
        ("rossmann", "rossmann"),
    ],
)
def test_a_built_in_mapping_has_no_faults(test_data: Path, name: str, folder: str) -> None:
    findings = check_mapping(SYSTEMS / name, str(test_data / folder))

    assert [one for one in findings if one.level != "info"] == []


class TestRetailInsights:
    @pytest.mark.parametrize(
        ("folder", "window", "lines", "hours"),
        [
            ("week", days("2024-12-02", "2024-12-08"), 338_108, 1_680),
            ("month", days("2024-11-04", "2024-12-03"), 315_756, 7_200),
            ("json", days("2024-12-02", "2024-12-02"), 46_816, 240),
        ],
    )
    def test_every_line_and_hour_arrives(
        self, test_data: Path, folder: str, window: Window, lines: int, hours: int
    ) -> None:
        source = source_of("retailinsights", test_data / "retailinsights" / folder)

        sales, footfall = whole(source, "sales", window), whole(source, "footfall", window)

        assert (sales.height, footfall.height) == (lines, hours)
        assert sales["store_id"].n_unique() == 10
        assert footfall.select("date", "store_id").n_unique() == 10 * len(window)

    def test_amounts_are_the_sources_to_the_cent(self, test_data: Path) -> None:
        folder = test_data / "retailinsights" / "week"

        sales = whole(source_of("retailinsights", folder), "sales", days("2024-12-02", "2024-12-08"))

        files = sorted(folder.glob("sales/*/*.parquet"))
        cents = sum(
            pl.read_parquet(file, columns=["sale_amount"]).select((pl.col("sale_amount") * 100).round().sum()).item()
            for file in files
        )
        assert total(sales, "net_amount") * 100 == int(cents)

    def test_json_and_parquet_of_one_day_are_the_same_sales(self, test_data: Path) -> None:
        day = days("2024-12-02", "2024-12-02")
        keys = ["store_id", "sale_id", "product_id"]
        json, parquet = (
            whole(source_of("retailinsights", test_data / "retailinsights" / layout), "sales", day).sort(keys)
            for layout in ("json", "week")
        )

        amount = pl.col("net_amount").cast(pl.Decimal(18, 2))
        assert json.with_columns(amount).equals(parquet.with_columns(amount))

    def test_opening_hours_and_ages_are_as_delivered(self, test_data: Path) -> None:
        source = source_of("retailinsights", test_data / "retailinsights" / "json")

        hours = source.read("opening_hours").collect()
        ages = source.read("clients").collect()["age"].cast(pl.Int32)

        assert hours.row(0)[1:] == ("daily", "true", "07:00", "20:00")
        assert hours["closes"].str.contains(r"^\d\d:00$").all()
        assert ages.filter(ages > 120).is_between(200, 1000).all()
        assert (ages > 120).sum() == 2

    @pytest.mark.parametrize(
        ("folder", "window", "aberrant"),
        [
            ("week", days("2024-12-02", "2024-12-08"), [10_167]),
            ("month", days("2024-11-04", "2024-12-03"), [18_070, 24_605]),
        ],
    )
    def test_capacity_tells_aberrant_hours_from_true_ones(
        self, test_data: Path, folder: str, window: Window, aberrant: list[int]
    ) -> None:
        source = source_of("retailinsights", test_data / "retailinsights" / folder)
        capacity = source.read("stores").collect().select("store_id", pl.col("capacity").cast(pl.Float64))

        hours = whole(source, "footfall", window).with_columns(pl.col("visitors").cast(pl.Float64))
        hours = hours.join(capacity, on="store_id")

        over = hours.filter(pl.col("visitors") > 12 * pl.col("capacity"))
        assert sorted(over["visitors"].to_list()) == aberrant
        rest = hours.filter(pl.col("visitors") <= 12 * pl.col("capacity"))
        assert rest.filter(pl.col("visitors") > 1.01 * pl.col("capacity")).is_empty()

    def test_a_day_beyond_the_files_is_no_delivery(self, test_data: Path) -> None:
        source = source_of("retailinsights", test_data / "retailinsights" / "json")

        with pytest.raises(SourceUnavailable, match=r"sales_\{date\}.json in .*: no delivery for 2024-12-03"):
            source.read("sales", days("2024-12-02", "2024-12-03"))
        with pytest.raises(SourceUnavailable, match=r"retail_data.json in .*: no delivery for 2024-12-09"):
            source.read("footfall", days("2024-12-08", "2024-12-09"))


class TestOlist:
    def test_every_order_line_arrives_with_its_money(self, test_data: Path) -> None:
        sales = whole(source_of("olist", test_data / "olist"), "sales")

        assert sales.height == 112_650
        assert total(sales, "net_amount") == Decimal("13591643.70")
        assert total(sales, "freight_amount") == Decimal("2251909.54")
        cancelled = sales.filter(pl.col("status") == "cancelled")
        assert cancelled.height == 542 + 7
        assert total(cancelled, "net_amount") == Decimal("95235.27") + Decimal("2007.69")
        assert sales.select("sale_id", "line_number").is_duplicated().sum() == 0
        assert sales["client_id"].null_count() == 0
        assert sales["payment_method"].null_count() == 3  # one order has no payment

    def test_days_add_up_to_the_week(self, test_data: Path) -> None:
        source = source_of("olist", test_data / "olist")
        week = days("2017-11-20", "2017-11-26")

        parts = [whole(source, "sales", Window(day, day)) for day in week.days()]

        keys = ["sale_id", "line_number"]
        assert pl.concat(parts).sort(keys).equals(whole(source, "sales", week).sort(keys))

    def test_rows_of_one_client_are_copies(self, test_data: Path) -> None:
        clients = source_of("olist", test_data / "olist").read("clients").collect()

        assert clients.height == 99_441
        assert clients.n_unique() == clients["client_id"].n_unique() == 96_096

    def test_categories_are_english_where_there_is_a_word(self, test_data: Path) -> None:
        products = source_of("olist", test_data / "olist").read("products").collect()

        assert products.height == 32_951
        assert products["category"].null_count() == 610
        assert {"health_beauty", "pc_gamer"} <= set(products["category"])
        assert "beleza_saude" not in set(products["category"])


class TestJaffleShop:
    def test_every_item_arrives_with_its_price_and_share_of_tax(self, test_data: Path) -> None:
        sales = whole(source_of("jaffle_shop", test_data / "jaffle_shop"), "sales")
        orders = pl.read_csv(test_data / "jaffle_shop/raw_orders.csv.gz").with_columns(
            (pl.col("subtotal", "tax_paid").cast(pl.Decimal(18, 2)) * Decimal("0.01")).cast(pl.Decimal(18, 2))
        )

        assert sales.height == 106_912
        assert total(sales, "net_amount") == Decimal("752709.00")
        by_order = sales.group_by(id="sale_id").agg(
            pl.col("net_amount", "tax_amount").cast(pl.Decimal(18, 2)).sum().cast(pl.Decimal(18, 2))
        )
        both = by_order.join(orders, on="id")
        assert both.height == by_order.height
        assert both.filter(pl.col("net_amount") != pl.col("subtotal")).is_empty()
        assert both.filter(pl.col("tax_amount") != pl.col("tax_paid")).is_empty()
        assert sales.select("sale_id", "line_number").is_duplicated().sum() == 0

    def test_a_product_costs_its_supplies(self, test_data: Path) -> None:
        products = source_of("jaffle_shop", test_data / "jaffle_shop").read("products").collect()

        assert products.filter(pl.col("product_id") == "JAF-001").rows() == [
            ("JAF-001", "nutellaphone who dis?", "jaffle", "11.00", "1.21", "true")
        ]

    def test_stores_know_their_first_day(self, test_data: Path) -> None:
        stores = source_of("jaffle_shop", test_data / "jaffle_shop").read("stores").collect()

        assert stores.height == 6
        assert stores["opened_on"].min() == "2018-09-01"


class TestBankFootfall:
    def test_every_sensor_day_arrives(self, test_data: Path) -> None:
        source = source_of("bank_footfall", test_data / "bank_footfall")

        hours, stores = whole(source, "footfall"), source.read("stores").collect()

        assert hours.height == 30_744
        assert hours.select("sensor_id", "date").n_unique() == 1_281
        assert hours.select("store_id", "date").n_unique() == 61 * 11
        assert set(hours["store_id"]) == set(stores["store_id"])
        assert dict(hours.group_by("status").len().rows()) == {"closed": 23_440, "broken": 96, None: 7_208}
        assert hours.filter(pl.col("visitors").is_null() != pl.col("status").is_not_null()).is_empty()
        assert list(source.datasets) == ["stores", "footfall"]

    def test_a_broken_counter_is_so_all_day_and_a_zero_is_of_an_open_hour(self, test_data: Path) -> None:
        source = source_of("bank_footfall", test_data / "bank_footfall")

        hours = whole(source, "footfall").with_columns(pl.col("hour", "visitors").cast(pl.Int64))

        broken = hours.filter(pl.col("status") == "broken").group_by("sensor_id", "date").len().sort("date")
        assert broken.rows() == [
            ("Lyon_2/1", date(2024, 11, 5), 24),
            ("Grenoble_1/2", date(2024, 11, 10), 24),
            ("Lyon_2/0", date(2024, 11, 19), 24),
            ("Chambery_1/1", date(2024, 12, 22), 24),
        ]
        counted = hours.drop_nulls("visitors")
        assert set(counted["hour"]) == {9, 10, 11, 13, 14, 15, 16, 17}
        assert set(counted["date"].dt.weekday()) == {1, 2, 3, 4, 5}
        assert counted.filter(pl.col("visitors") == 0).height == 554
        christmas = counted.filter(pl.col("date") == date(2024, 12, 25))
        assert (christmas["sensor_id"].n_unique(), christmas["visitors"].sum()) == (21, 2_479)

    def test_counters_that_count_a_fifth_of_a_day_say_nothing(self, test_data: Path) -> None:
        source = source_of("bank_footfall", test_data / "bank_footfall")

        hours = whole(source, "footfall").with_columns(pl.col("visitors").cast(pl.Int64)).drop_nulls("visitors")
        sums = hours.group_by("sensor_id", "date").agg(pl.col("visitors").sum())
        usual = pl.col("visitors").median().over("sensor_id", pl.col("date").dt.weekday())

        low = sums.filter(pl.col("visitors") <= usual / 4)
        assert sorted(low["sensor_id"]) == [
            *("Chambery_1/0", "Cognin_1/0", "Grenoble_1/1", "Grenoble_1/2"),
            *("Lyon_1/0", "Lyon_1/1", "Lyon_2/1", "Lyon_3/0"),
        ]


class TestRossmann:
    def test_every_store_day_arrives(self, test_data: Path) -> None:
        source = source_of("rossmann", test_data / "rossmann")

        totals = whole(source, "store_totals")

        assert totals.height == 1_017_209
        assert total(totals, "revenue") == 5_873_180_623
        assert total(totals, "transactions") == 644_041_755

    def test_opening_days_are_known_and_hours_are_not(self, test_data: Path) -> None:
        hours = source_of("rossmann", test_data / "rossmann").read("opening_hours").collect()

        assert dict(hours.group_by("open").len().rows()) == {"true": 844_392, "false": 172_817}
        assert hours.columns == ["store_id", "day", "open"]

    def test_a_month_is_its_own_days(self, test_data: Path) -> None:
        month = days("2014-07-01", "2014-07-31")

        totals = whole(source_of("rossmann", test_data / "rossmann"), "store_totals", month)

        assert totals["date"].n_unique() == 31
        assert totals.height == 31 * 935  # 180 stores are closed for half a year
