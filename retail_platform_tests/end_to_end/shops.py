"""A small retailer described by a mapping: three shops with tills, door counters and a file of each a day.

Only describing and delivering belongs here; what becomes of it is the tests' business.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from retail_platform_tests.platform import Platform

FIRST_DAY = date(2026, 3, 1)
LAST_DAY = date(2026, 4, 30)
SHOPS = ("A", "B", "C")
LINES = "day,time,shop,receipt,line,article,customer,pieces,price,amount\n"
COUNTS = "day,hour,shop,visitors\n"

_MAPPING = f"""
name = "corner"
title = "Corner shops"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
span = {{ first = {FIRST_DAY}, last = {LAST_DAY} }}
max_visitors_per_hour = 500

[inputs.shops]
path = "shops.csv"
columns = ["id", "name"]

[inputs.articles]
path = "articles.csv"
columns = ["id", "name", "price", "cost"]

[inputs.customers]
path = "customers.csv"
columns = ["id", "name", "age"]

[inputs.lines]
path = "sales/{{date}}.csv"
columns = {LINES.strip().split(",")}

[inputs.counts]
path = "doors/{{date}}.csv"
columns = {COUNTS.strip().split(",")}

[datasets.stores]
delivery = "snapshot"
driving = "shops"
identity = ["store_id"]

[datasets.products]
delivery = "snapshot"
driving = "articles"
identity = ["product_id"]

[datasets.clients]
delivery = "snapshot"
driving = "customers"
identity = ["client_id"]

[datasets.sales]
delivery = "store_day"
driving = "lines"
identity = ["store_id", "sale_id", "line_number"]

[datasets.footfall]
delivery = "store_day"
driving = "counts"
identity = ["store_id", "hour"]
"""
_SQL = {
    "stores": "SELECT id AS store_id, name FROM shops\n",
    "products": "SELECT id AS product_id, name, price AS unit_price, cost AS unit_cost FROM articles\n",
    "clients": "SELECT id AS client_id, name, age FROM customers\n",
    "sales": """SELECT
    day AS date,
    shop AS store_id,
    receipt AS sale_id,
    line AS line_number,
    day || ' ' || time AS sold_at,
    article AS product_id,
    customer AS client_id,
    pieces AS quantity,
    price AS unit_price,
    amount AS net_amount
FROM lines
""",
    "footfall": "SELECT day AS date, hour, shop AS store_id, shop AS sensor_id, visitors FROM counts\n",
}


class Shops:
    """The retailer's mapping and files.

    Args:
        folder: where both lie.
    """

    def __init__(self, folder: Path) -> None:
        self.mapping, self.files = folder / "corner", folder / "deliveries"
        self.write("shops.csv", "id,name\n" + "".join(f"{shop},Shop {shop}\n" for shop in SHOPS))
        self.write("articles.csv", "id,name,price,cost\napple,Apple,1.50,0.60\npear,Pear,2.00,1.10\n")
        self.write("customers.csv", "id,name,age\nc1,Ada,36\nc2,Bo,52\n")
        self.mapping.mkdir(parents=True)
        (self.mapping / "mapping.toml").write_text(_MAPPING)
        for dataset, query in _SQL.items():
            self.sql(dataset, query)

    def platform(self, folder: Path) -> Platform:
        """A platform on these files."""
        return Platform(folder, source=self.mapping, source_dir=self.files)

    def sql(self, dataset: str, query: str) -> Path:
        """Write a dataset's SQL."""
        path = self.mapping / f"{dataset}.sql"
        path.write_text(query)
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a delivered file."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def sales(self, day: date, lines: Iterable[str]) -> Path:
        """Deliver a day's sale lines, each as `time,shop,receipt,line,article,customer,pieces,price,amount`."""
        return self.write(f"sales/{day}.csv", LINES + "".join(f"{day},{line}\n" for line in lines))

    def doors(self, day: date, counts: Iterable[str]) -> Path:
        """Deliver a day's counts, each as `hour,shop,visitors`."""
        return self.write(f"doors/{day}.csv", COUNTS + "".join(f"{day},{count}\n" for count in counts))

    def deliver(self, days: int, first: date = FIRST_DAY) -> list[date]:
        """Deliver everything of some days; the numbers differ from shop to shop and from day to day."""
        dates = [first + timedelta(days=offset) for offset in range(days)]
        for day in dates:
            self.sales(day, usual_lines(day))
            self.doors(day, (f"{hour},{shop},{40 + hour + day.day % 9}" for shop in SHOPS for hour in (9, 10, 11)))
        return dates


def usual_lines(day: date) -> list[str]:
    """Two receipts a shop: apples for a customer, pears for anybody."""
    lines = []
    for number, shop in enumerate(SHOPS):
        apples, pears = 1 + (day.day + number) % 4, 1 + day.toordinal() % 3
        lines.append(f"09:30:00,{shop},r1,1,apple,c{1 + number % 2},{apples},1.50,{apples * 1.5:.2f}")
        lines.append(f"10:15:00,{shop},r2,1,pear,,{pears},2.00,{pears * 2:.2f}")
    return lines
