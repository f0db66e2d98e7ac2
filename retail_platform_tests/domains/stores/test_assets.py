"""Opening hours in the graph: whom they let a day miss."""

from pathlib import Path

from retail_platform_tests.platform import Platform, described

MAPPING = """
name = "borders"
title = "A shop on each side of the Rhine"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
default_start = 2026-07-01

[inputs.shops]
path = "shops.csv"

[inputs.lines]
path = "tills.csv"

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.opening_hours]
delivery = "snapshot"
identity = ["store_id", "day"]

[datasets.sales]
delivery = "store_day"
driving = "lines"
"""
STORES = "SELECT id AS store_id, country FROM shops"
HOURS = """
SELECT id AS store_id, 'daily' AS day, 'true' AS open, '09:00' AS opens, '19:00' AS closes FROM shops
UNION ALL SELECT id, 'holiday', 'false', NULL, NULL FROM shops
"""
SALES = """
SELECT
    day AS date, shop AS store_id, receipt AS sale_id, 'pen' AS product_id, '1' AS quantity, '2.00' AS net_amount
FROM lines
"""
TILLS = """day,shop,receipt
2026-07-13,paris,1
2026-07-13,berlin,2
2026-07-14,berlin,3
2026-10-03,paris,4
"""


def borders(folder: Path) -> Platform:
    """Two shops that are closed on public holidays, and tills that deliver each day they are open."""
    sql = {"stores": STORES, "opening_hours": HOURS, "sales": SALES}
    files = {"shops.csv": "id,country\nparis,FR\nberlin,DE\n", "tills.csv": TILLS}
    return described(folder, MAPPING, sql=sql, files=files, end_date="2026-10-31")


def test_a_store_is_not_missed_on_a_holiday_of_its_country_and_is_on_that_of_another(tmp_path: Path) -> None:
    with borders(tmp_path) as platform:
        bastille = platform.materialize("2026-07-13", "2026-07-14", select="+sales")
        unity = platform.materialize("2026-10-03", select="+sales")

        assert (bastille.failures, unity.failures) == ([], [])
        assert platform.table("sales").select("date", "store_id").sort("date", "store_id").unique().height == 4

        missing = (tmp_path / "files" / "tills.csv").read_text().replace("2026-07-14,berlin", "2026-07-15,berlin")
        (tmp_path / "files" / "tills.csv").write_text(missing)
        assert platform.materialize("2026-07-14", select="+sales").failures != []
