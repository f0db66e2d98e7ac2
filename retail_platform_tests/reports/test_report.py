"""The printable report: the numbers of its days, nothing from outside, every text escaped, what lacks said."""

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from retail_platform.language.formats import Formats
from retail_platform.reports import report
from retail_platform.reports.figures import BASES
from retail_platform.reports.material import of_each_day
from retail_platform.windows import Window
from retail_platform_tests.dashboard import lakes
from retail_platform_tests.reports.materials import DAY, LABELS, WEEKS, anomalies, material, sensors, sold
from retail_platform_tests.reports.pages import Shown, shown

HOSTILE = "<script>alert('x')</script>\"&' onload=\"alert(1)"
MONEY = ("revenue", "cost", "margin", "cost_known_revenue")


def read(language: str = "en", **others: object) -> Shown:
    return shown(report.html(material(**others), language=language))  # type: ignore[arg-type]


def without(*columns: str) -> pl.DataFrame:
    return lakes.days().with_columns(pl.lit(None).cast(lakes.days()[name].dtype).alias(name) for name in columns)


@pytest.mark.parametrize(("language", "revenue"), [("en", "Revenue"), ("fr", "Chiffre d’affaires")])
def test_key_figures_and_changes_are_written_as_in_the_dashboard(language: str, revenue: str) -> None:
    figures, formats = material().figures, Formats(language, "EUR")

    tiles = read(language).tiles

    value, *changes = tiles[revenue]
    assert value == formats.measure("revenue", figures.total["revenue"])
    said = [formats.change(figures.changes[basis]["revenue"].per_cent) for basis in BASES]
    assert [change.lstrip("▲▼ ") for change in changes] == said
    assert len(tiles) == 7


def test_french_is_french() -> None:
    found = read("fr")

    assert "Rapport" in found.text
    assert "4 janv. – 31 janv. 2026" in found.text
    assert re.search(r"\d\s€", found.text)
    assert "Can I" not in found.text


def test_a_report_stands_alone() -> None:
    html = report.html(material(), language="en")

    assert set(shown(html).tags).isdisjoint({"script", "link", "img", "iframe", "object", "base", "form"})
    addresses = re.findall(r"(?:https?:|//)[^\s\"']*", html.replace("http://www.w3.org/2000/svg", ""))
    assert addresses == []
    assert not re.search(r"\son\w+=|url\(|@import|src=", html)


def test_no_half_of_the_page_is_empty_where_a_list_lacks() -> None:
    lacking = report.html(material(), language="en")
    complete = report.html(material(sold=sold(("Tea", 3, 9.5))), language="en")

    assert '<section class="trust">' in lacking.partition('<div class="two">')[2].partition("</div>")[0]
    assert '</div><section class="trust">' in complete


def test_the_same_material_gives_the_same_bytes() -> None:
    backwards = material(days=lakes.days().reverse())

    assert report.html(material(), language="en") == report.html(backwards, language="en")


def test_no_text_becomes_markup() -> None:
    hostile = dict.fromkeys(lakes.STORES, HOSTILE)

    html = report.html(
        material(
            labels=hostile,
            subject=HOSTILE,
            all_stores=False,
            sold=sold((HOSTILE, 3, 9.5)),
            sensors=sensors((DAY.last, "S1", HOSTILE, "dead")),
            anomalies=anomalies((DAY.last, "S1", "day", 3, 9.0, "major", "unexplained", -9.0)),
        ),
        language="en",
    )

    found = shown(html)
    assert "script" not in found.tags
    assert "<script" not in html
    assert 'onload="' not in html
    assert found.tables["Best sellers"][1][0] == HOSTILE
    assert HOSTILE in found.text


def test_stores_are_ranked_by_revenue_and_all_named_where_they_are_few() -> None:
    revenue = material().rows.group_by("store_id").agg(pl.col("revenue").sum()).sort("revenue", descending=True)

    head, *rows = read().tables["Stores"]

    assert head == ["Store", "Revenue", "Conversion rate", "vs average"]
    assert [row[0] for row in rows] == [LABELS[store] for store in revenue["store_id"]]
    assert rows[0][1] == Formats("en", "EUR").money(float(revenue["revenue"][0]))


def test_stores_that_are_no_longer_known_are_in_the_heading_as_in_the_figures() -> None:
    known = pl.DataFrame({"store_id": ["S1", "S9"], "label": ["Paris", "Berlin"]})
    days = lakes.days().filter(pl.col("store_id").is_in(["S1", "S2"]))

    (of_a_run,) = of_each_day(days, DAY, known)

    found = shown(report.html(of_a_run, language="en"))
    assert "All stores" in found.text
    assert "2 stores" in found.text
    assert {row[0] for row in found.tables["Stores"][1:]} == {"Paris", "S2"}


def test_one_measure_is_shown_beside_names_that_leave_no_room_for_two() -> None:
    named = dict.fromkeys(lakes.STORES, "Lyon Part-Dieu centre commercial")

    assert read(labels=named).tables["Stores"][0] == ["Store", "Revenue", "vs average"]
    assert read("fr").tables["Magasins"][0] == ["Magasin", "Chiffre d’affaires", "Taux de transfo.", "vs moyenne"]


def test_millions_are_ranked_in_short() -> None:
    days = lakes.days().with_columns(revenue=(pl.col("revenue") * 100).cast(pl.Decimal(18, 2)))

    found = [row[1] for row in read(days=days).tables["Stores"][1:]]

    assert all(re.fullmatch(r"€\d+\.\d+M", amount) for amount in found)


def test_one_store_has_its_best_and_last_days_instead() -> None:
    found = read(stores=("S2",))

    days = material(stores=("S2",)).rows.sort("revenue", descending=True)["date"]
    assert found.tables["Best days"][1][0] == Formats("en").weekday(days[0])
    assert found.tables["Last days"][1][0] == Formats("en").weekday(days[-1])
    assert "Lyon" in found.text
    assert "Stores" not in found.tables


def test_days_of_which_the_measure_is_not_known_are_among_neither_the_best_nor_the_last() -> None:
    unknown = [date(2026, 1, 10), date(2026, 1, 20)]
    visitors = pl.when(pl.col("date").is_in(unknown)).then(None).otherwise(pl.col("visitors"))
    days = without(*MONEY, "transactions", "store_transactions", "units").with_columns(visitors=visitors)

    found = read(days=days, stores=("S2",))

    shown_days = [row[0] for title in ("Best days", "Last days") for row in found.tables[title][1:]]
    assert len(shown_days) == 6
    assert set(shown_days).isdisjoint(Formats("en").weekday(day) for day in unknown)


def test_of_a_day_there_are_the_weeks_before_in_the_charts() -> None:
    html = report.html(material(DAY), language="en")

    assert "Daily report" in html
    assert "Sat 31 Jan 2026" in html
    assert "pale: the days before" in html


def test_what_is_doubtful_is_said() -> None:
    last = DAY.last
    found = read(
        sensors=sensors((last, "S1", "D1", "dead"), (last, "S1", "D2", "ok"), (last, "S2", "D1", "unjudged")),
        anomalies=anomalies(
            (last, "S2", "day", 300, 120.4, "major", "event", 5.0),
            (last, "S2", "hour", 300, 120.4, "major", "event", 9.0),
        ),
    )

    assert found.trust == [
        "No day is missing.",
        "1 day is not final (Sat 31 Jan 2026): its figures will change.",
        "10.0% of visitors are estimated.",
        "4 open hours of stores have neither count nor estimate: their visitors are not in the sums.",
        "1 door counter is suspect: Paris D1 (dead).",
        "1 unusual day: Lyon on 31 Jan 2026, 300 visitors where 120 were to be expected (event).",
    ]


@pytest.mark.parametrize(
    ("language", "hours", "told"),
    [
        ("en", 0, "No day or hour is unusual."),
        ("en", 1, "No day as a whole is unusual, but 1 hour of a store is."),
        ("en", 2, "No day as a whole is unusual, but 2 hours of stores are."),
        ("fr", 1, "Aucun jour entier n’est inhabituel, mais 1 heure l’est."),
        ("fr", 2, "Aucun jour entier n’est inhabituel, mais 2 heures le sont."),
    ],
)
def test_unusual_hours_are_counted_where_no_day_is_unusual(language: str, hours: int, told: str) -> None:
    hour = (DAY.last, "S2", "hour", 300, 120.4, "major", "unexplained", 9.0)

    html = report.html(material(anomalies=anomalies(*[hour] * hours)), language=language)

    assert shown(html).trust[-1] == told
    assert (f'<li class="doubt">{told}' in html) == (hours > 0)


def test_days_that_are_missing_are_named() -> None:
    gone = [date(2026, 1, 10), date(2026, 1, 11), date(2026, 1, 20)]

    found = read(days=lakes.days().filter(~pl.col("date").is_in(gone)))

    assert "3 days are missing: 10 Jan – 11 Jan 2026; Tue 20 Jan 2026." in found.trust


def test_a_day_that_was_made_without_rows_is_not_missing() -> None:
    day = date(2026, 1, 10)
    days = lakes.days().filter(pl.col("date") != day)

    found = read(days=days, made=frozenset(WEEKS.days()))

    assert "No day is missing." in found.trust


def test_without_footfall_nothing_is_said_per_visitor() -> None:
    found = read(days=without("visitors", "visitors_imputed_share", "hours_without_count"))

    assert {"Visitors", "Conversion rate"}.isdisjoint(found.tiles)
    assert "Revenue" in found.tiles
    assert "Visitors are not known on these days: nothing is said per visitor." in found.trust


def test_without_money_visitors_and_transactions_are_shown() -> None:
    found = read(days=without(*MONEY))

    assert {"Visitors", "Transactions", "Conversion rate"} <= found.tiles.keys()
    assert {"Revenue", "Margin", "Average transaction value"}.isdisjoint(found.tiles)
    assert "Revenue is not known on these days." in found.trust
    assert "amounts in" not in found.text
    assert found.tables["Stores"][0][1] == "Transactions"


def test_amounts_of_several_currencies_are_shown_apart_and_never_added() -> None:
    days = lakes.days(currency="CHF")
    found = read(days=days, sold=sold(("Tea", 3, 9.5)))

    assert {"Revenue", "Margin"}.isdisjoint(found.tiles)
    assert "These stores trade in CHF, EUR: amounts in several currencies are not added." in found.trust
    chf = days.filter(pl.col("date").is_between(WEEKS.first, WEEKS.last), store_id="S2")
    rows = {row[0]: row[1:] for row in found.tables["By currency"][1:]}
    assert rows.keys() == {"CHF", "EUR"}
    assert rows["CHF"][0] == Formats("en", "CHF").money(float(chf["revenue"].sum()))
    assert found.tables["Best sellers"] == [["Product", "Units"], ["Tea", "3"]]


def test_an_unknown_currency_is_said() -> None:
    found = read(days=lakes.days().with_columns(currency=pl.lit(None, dtype=pl.String)))

    assert "Revenue" not in found.tiles
    assert "The currency of some stores is not known: amounts are not added." in found.trust


def test_days_without_rows_say_so() -> None:
    found = read(days=lakes.days().filter(pl.col("date") < WEEKS.first))

    assert "There are no rows of these stores on these days" in found.text
    assert found.tiles == {}


def test_when_the_data_are_of_is_said_where_it_is_known() -> None:
    at = datetime(2026, 2, 1, 4, 30, tzinfo=UTC)

    html = report.html(material(at=at), language="en", timezone="Europe/Paris")

    assert "data of 1 Feb 2026, 05:30" in html
    assert "Made from the tables of 4 Jan – 31 Jan 2026, compared with days from 5 Jan 2025 on" in html


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Made from the tables of Sat 31 Jan 2026, compared with days from 1 Feb 2025 on."),
        ("fr", "Établi à partir des tables : sam. 31 janv. 2026, comparés à des jours depuis le 1 févr. 2025."),
    ],
)
def test_the_first_day_compared_with_is_that_of_last_year(language: str, told: str) -> None:
    (of_a_run,) = of_each_day(lakes.days(), DAY)

    for one in (material(DAY), of_a_run):
        assert told in shown(report.html(one, language=language)).text


def test_without_last_year_the_first_day_compared_with_is_of_the_weeks_before() -> None:
    (of_a_run,) = of_each_day(lakes.days().filter(pl.col("date") > date(2025, 12, 1)), DAY)

    assert "compared with days from 3 Jan 2026 on." in shown(report.html(of_a_run, language="en")).text


@pytest.mark.parametrize(("days", "title"), [(60, "by day"), (200, "by week"), (400, "by month")])
def test_long_periods_are_drawn_by_week_and_month(days: int, title: str) -> None:
    window = Window(lakes.LAST - timedelta(days=days - 1), lakes.LAST)

    assert f"Revenue {title}" in read(window=window).text
