"""A retailer whose every delivery is hostile; each must be refused by name, or accounted for row by row.

Only delivering, judging and counting belongs here; which deliveries there are is `hostile`'s business.
"""

import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from retail_platform.domains.calendar.contract import CalendarEvent
from retail_platform.domains.clients.contract import Client
from retail_platform.domains.footfall.contract import FootfallReading
from retail_platform.domains.footfall.transform import judged_readings
from retail_platform.domains.products.contract import Product, ProductPrice
from retail_platform.domains.sales.contract import Sale, StoreTotal
from retail_platform.domains.sales.transform import sale_lines
from retail_platform.domains.stores.contract import OpeningHours, OpeningPattern, Store
from retail_platform.domains.stores.transform import with_defaults
from retail_platform.domains.weather.contract import Weather
from retail_platform.quality.validate import COPIES, Validated, validate
from retail_platform.settings import Settings
from retail_platform.sources.base import DAILY_DATASETS, DELIVERIES, Source, SourceError
from retail_platform.sources.deliver import deliver
from retail_platform.sources.registry import open_source
from retail_platform.windows import Window
from retail_platform_tests.domains.frames import frame
from retail_platform_tests.sources.mapping.hostile import DATASETS, DAY, Body, bodies, for_each
from retail_platform_tests.sources.mapping.http.server import Asked, Reply, serving

FORMS = {"csv": "csv", "json": "json", "parquet": "parquet", "http": "json"}
SPAN = Window(date(2026, 3, 1), date(2026, 3, 3))
ANY_DAY = frozenset({"footfall", "store_totals"})  # whose files hold any days of the span
_HEAD = """name = "hostile"
title = "Hostile shops"
timezone = "Europe/Paris"
currency = "EUR"
country = "FR"
span = {{ first = {}, last = {} }}
"""
_FILES = '[inputs.{name}]\npath = "{path}.{form}"\ncolumns = {columns}\n'
_HTTP = """[inputs.{name}]
kind = "http"
path = "{path}"
columns = {required}
optional = {optional}
rows = "{rows}"
retry_seconds = 0
timeout = 5
{dated}
"""
_DATED = 'params = { date = "{date}" }\npaginator = { kind = "cursor", next = "next" }'
_DATASET = '[datasets.{name}]\ndelivery = "{delivery}"\ndriving = "{name}_rows"\nidentity = {identity}\n'
_IDENTITY: Mapping[str, list[str]] = {
    "clients": ["client_id"],
    "products": ["product_id"],
    "stores": ["store_id"],
    "sales": ["store_id", "sale_id", "line_number"],
    "footfall": ["store_id", "sensor_id", "hour"],
    "store_totals": ["store_id"],
    "weather": ["store_id"],
}
_STORES = frame(
    Store, {"store_id": "A"}, {"store_id": "B"}, format="shop", timezone="Europe/Paris", currency="EUR", capacity=50
)
_SHOPS, _PRODUCTS = _STORES["store_id"], pl.Series(["p1"])
_RULES: Mapping[str, dict[str, Any]] = {
    "clients": {"contract": Client},
    "products": {"contract": Product},
    "product_prices": {"contract": ProductPrice, "known": {"product_id": _PRODUCTS}},
    "stores": {
        "contract": Store,
        "derive": partial(with_defaults, country="FR", timezone="Europe/Paris", currency="EUR"),
    },
    "opening_hours": {"contract": OpeningPattern, "known": {"store_id": _SHOPS}},
    "sales": {
        "contract": Sale,
        "known": {"store_id": _SHOPS},
        "derive": lambda rows: sale_lines(rows, _STORES, pl.Series(["c1"]), _PRODUCTS),
    },
    "store_totals": {"contract": StoreTotal, "known": {"store_id": _SHOPS}},
    "footfall": {
        "contract": FootfallReading,
        "known": {"store_id": _SHOPS},
        "derive": lambda rows: judged_readings(rows, _STORES.lazy(), OpeningHours.create_empty(lazy=True), None),
    },
    "calendar_events": {"contract": CalendarEvent, "known": {"store_id": _SHOPS}},
    "weather": {"contract": Weather, "known": {"store_id": _SHOPS}},
}


def by_day(form: str, dataset: str) -> bool:
    """Whether a delivery holds one day, the one it is named for or asked for."""
    return dataset in DAILY_DATASETS and (form == "http" or dataset not in ANY_DAY)


@dataclass
class Count:
    """What became of deliveries.

    Attributes:
        refused: deliveries, by kind of error.
        problems: what must not be, each with the delivery's form, dataset and beginning.
    """

    inputs: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    accepted: int = 0
    quarantined: int = 0
    problems: list[str] = field(default_factory=list)


class Ordeal:
    """The retailer.

    Args:
        folder: where its mappings and files lie; nothing else is written to.
        url: of the server that gives the answers.
        kept: gets what was accepted and quarantined.
    """

    def __init__(
        self, folder: Path, url: str, kept: Callable[[str, pl.DataFrame, Validated], None] = lambda *_: None
    ) -> None:
        self.count = Count()
        self.answer = Body(b"[]")
        self._files, self._kept = folder / "files", kept
        for dataset in DELIVERIES:
            (self._files / dataset).mkdir(parents=True)
        self._sources = {form: _described(folder / f"hostile_{form}", form, self._files, url) for form in FORMS}

    def face_many(self, form: str, inputs: int, chance: int) -> None:
        """Deliver so many bodies of a form, of all datasets; the same for the same chance."""
        strategy = st.sampled_from(DATASETS).flatmap(
            lambda dataset: st.tuples(st.just(dataset), bodies(form, dataset, wrapped=by_day(form, dataset)))
        )
        for_each(strategy, inputs, chance, lambda case: self.face(form, *case))

    def face(self, form: str, dataset: str, body: Body) -> None:
        """Deliver, read, judge and count one body."""
        self.count.inputs += 1
        try:
            self._face(form, dataset, body)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # a panic of Polars is no Exception
            told = traceback.format_exc().strip().splitlines()
            self._problem(form, dataset, body, " | ".join(told[-9:]))

    def _face(self, form: str, dataset: str, body: Body) -> None:
        window = SPAN if dataset in DAILY_DATASETS else None
        window = Window(DAY, DAY) if by_day(form, dataset) else window
        with self._laid_out(form, dataset, body):
            try:
                delivered = deliver(self._sources[form], dataset, window).collect()
            except SourceError as error:
                self.count.refused[type(error).__name__] += 1
                if not str(error) or len(str(error)) > 20_000:
                    self._problem(form, dataset, body, f"refused in {len(str(error)):,} letters")
                return
        if body.rows is not None and (told := _differing(delivered, body, by_day=by_day(form, dataset))):
            self._problem(form, dataset, body, told)
        verdict = judged(dataset, delivered)
        copies = [int(part[COPIES].sum()) for part in (verdict.accepted, verdict.quarantined)]
        if sum(copies) != delivered.height:
            self._problem(form, dataset, body, f"{delivered.height} rows delivered, {copies} accepted and quarantined")
        self.count.delivered += delivered.height
        self.count.accepted += copies[0]
        self.count.quarantined += copies[1]
        self._kept(dataset, delivered, verdict)

    @contextmanager
    def _laid_out(self, form: str, dataset: str, body: Body) -> Iterator[None]:
        if form == "http":
            self.answer = body
            yield
            return
        name = f"{dataset}/{DAY}.{form}" if by_day(form, dataset) else f"{dataset}.{form}"
        path = self._files / (name + (".gz" if body.zipped else ""))
        path.write_bytes(body.content)
        try:
            yield
        finally:
            path.unlink()

    def _problem(self, form: str, dataset: str, body: Body, told: str) -> None:
        self.count.problems.append(f"{form} {dataset} {body.content[:600]!r}: {told}")


@contextmanager
def ordeal(folder: Path, kept: Callable[[str, pl.DataFrame, Validated], None] = lambda *_: None) -> Iterator[Ordeal]:
    """The retailer, with a server that answers what it is to be asked."""

    def answer(_: Asked) -> Reply:
        server.asked.clear()
        body = one.answer
        return Reply(body.content, body.status, body.headers, body.cut)

    with serving(answer) as server:
        one = Ordeal(folder, server.url, kept)
        yield one


def judged(dataset: str, delivered: pl.DataFrame) -> Validated:
    """Delivered rows, judged as the assets do."""
    identity = _IDENTITY.get(dataset, [])
    if identity and dataset in DAILY_DATASETS:
        identity = ["date", *identity]
    return validate(delivered, delivery=DELIVERIES[dataset], identity=identity, **_RULES[dataset])


def outside(folder: Path, *inside: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file and folder below a folder, but for those below some others."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) not in inside]
        for name in files:
            status = os.lstat(os.path.join(place, name))
            found[os.path.join(place, name)] = (status.st_size, status.st_mtime_ns)
        found |= {os.path.join(place, name): (0, 0) for name in folders}
    return found


def _described(folder: Path, form: str, files: Path, url: str) -> Source:
    folder.mkdir(parents=True)
    text = [_HEAD.format(SPAN.first, SPAN.last)]
    for name, schema in DELIVERIES.items():
        columns, dated = schema.column_names(), by_day(form, name)
        required = [one for one, column in schema.columns().items() if not column.nullable]
        text.append(
            (_HTTP if form == "http" else _FILES).format(
                name=f"{name}_rows",
                path=f"{name}/{{date}}" if dated and form != "http" else name,
                form=form,
                columns=columns,
                required=required,
                optional=[one for one in columns if one not in required],
                rows="rows" if dated else "",
                dated=_DATED if dated else "",
            )
        )
        daily = "day" if dated else "archive"
        delivery = daily if name in DAILY_DATASETS else "snapshot"
        text.append(_DATASET.format(name=name, delivery=delivery, identity=_IDENTITY.get(name, [])))
        selected = ["file_date AS date" if dated and one == "date" else one for one in columns]
        (folder / f"{name}.sql").write_text(f"SELECT {', '.join(selected)} FROM {name}_rows\n")
    (folder / "mapping.toml").write_text("\n".join(text))
    return open_source(Settings(source=str(folder), source_dir=str(files), source_url=url))


def _differing(delivered: pl.DataFrame, body: Body, *, by_day: bool) -> str:
    """What of the rows as they were written is not as it was delivered; empty: nothing."""
    assert body.rows is not None
    if delivered.height != len(body.rows):
        return f"{delivered.height} rows delivered of {len(body.rows)}"
    for column in delivered.columns:
        if column == "date":
            continue
        for have, row in zip(delivered[column], body.rows, strict=True):
            if have != row[column]:
                return f"{column} is delivered as {str(have)[:80]!r}, it was {str(row[column])[:80]!r}"
    return ""
