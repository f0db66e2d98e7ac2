"""What `mapping.toml` may say, and how it is read.

Only the description of a retailer's systems belongs here: no file of the source is touched, nothing is queried.
"""

import codecs
import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from retail_platform.quality.store_names import StoreMatching
from retail_platform.settings import Country, Currency, TimeZoneName
from retail_platform.sources.base import DAILY_DATASETS, DELIVERIES, Dataset, Delivery, SourceContractError
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.sources.mapping.http.order import problems_of
from retail_platform.windows import Window

FILE_NAME = "mapping.toml"
FORMATS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
FORMATS |= {".parquet": "parquet", ".xlsx": "excel", ".xls": "excel", ".xlsb": "excel", ".ods": "excel"}
DATE = re.compile(r"\{date(?::([^}]+))?\}")
DAY_FORM = "%Y-%m-%d"
_SOME_DAYS = (date(2026, 3, 5), date(2027, 11, 23))
DERIVED = frozenset({"opening_hours", "calendar_events"})  # whose rows SQL may make: a weekly pattern, several lists
RESULT = "delivered"  # name of the view of a mapping's SQL


def nearest(name: str, names: Iterable[str]) -> str:
    """`; did you mean x?` for the nearest of `names`, else a full stop: the end of a sentence."""
    by_lower = {one.lower(): one for one in names}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f"; did you mean {by_lower[near[0]]}?" if near else "."


def some(values: Sequence[object], shown: int = 5) -> str:
    """The first few values, and how many more there are."""
    more = f" and {len(values) - shown} more" if len(values) > shown else ""
    return ", ".join(str(value) for value in values[:shown]) + more


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError("a text encoding is expected, as utf-8, latin-1 or cp1252") from None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _tells_a_day(form: str) -> bool:
    """Whether a day can be read from what a form makes of it."""
    if not set(re.findall("%(.)", form)) <= set("YmdyjGVubBaA%") or re.search(r"[*?[]", form):
        return False
    try:
        return all(datetime.strptime(day.strftime(form), form).date() == day for day in _SOME_DAYS)
    except ValueError:
        return False


class FilesInput(_Strict):
    """Files that together are one table of text.

    Attributes:
        path: of the files below RETAIL_SOURCE_DIR, with `*` for any part of a name and `{date}` (or
            `{date:%Y%m%d}`) for the day a file holds. A gzipped file is found by the name without `.gz`.
        format: what the files are; default: by the path's ending.
        columns: that must be there (with header), or their names (without).
        nulls: texts of a CSV file that stand for no value, besides the empty one.
        sheet: name of an Excel file's sheet; default: the first.
    """

    kind: Literal["files"] = "files"
    path: Annotated[str, AfterValidator(lambda path: path.removesuffix(".gz"))] = Field("", min_length=1)
    format: Literal["csv", "json", "excel", "parquet"] | None = None
    columns: tuple[str, ...] = ()
    delim: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', max_length=1)
    header: bool = True
    skip: int = Field(0, ge=0, description="lines above the header")
    encoding: Annotated[str, AfterValidator(_codec)] = "utf-8"
    nulls: tuple[str, ...] = ()
    sheet: str | None = None

    @model_validator(mode="after")
    def _can_be_read(self) -> "FilesInput":
        if not self.path:
            raise ValueError('a path below RETAIL_SOURCE_DIR is expected, as path = "sales/{date}.csv"')
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError(f"path {self.path!r} leaves RETAIL_SOURCE_DIR; a path below it is expected")
        if len(DATE.findall(self.path)) > 1:
            raise ValueError(f"path {self.path!r} holds {{date}} more than once")
        if "/" in "".join(DATE.findall(self.path)):
            raise ValueError(f"path {self.path!r}: a day is part of one name, its form holds no '/'")
        if not all(_tells_a_day(form) for form in DATE.findall(self.path) if form):
            raise ValueError(
                f"path {self.path!r}: the form of a day is expected to tell year, month and day of fixed width, as "
                "{date:%Y%m%d}"
            )
        if self.format is None and self.ending not in FORMATS:
            raise ValueError(
                f"the format of {self.path!r} is not told by its ending; say format = csv, json, excel or parquet"
            )
        if not self.header and not self.columns and self.kind_of_file in ("csv", "excel"):
            raise ValueError("files without header need their columns named, in order")
        return self

    @property
    def ending(self) -> str:
        """The path's ending."""
        return Path(self.path).suffix.lower()

    @property
    def kind_of_file(self) -> str:
        """The format, declared or told by the ending."""
        return self.format or FORMATS[self.ending]

    @property
    def dated(self) -> bool:
        """Whether each file holds one day, named by its path."""
        return DATE.search(self.path) is not None

    def path_of(self, day: date) -> str:
        """The path of one day's files."""
        return DATE.sub(lambda found: day.strftime(found[1] or DAY_FORM), self.path)

    @property
    def any_path(self) -> str:
        """The path of the files of all days."""
        return DATE.sub("*", self.path)


class MatchStores(_Strict):
    """How a dataset's `store_id` names stores: by what is like a column of `stores`, and how like at least."""

    against: Literal["store_id", "name"]
    least_similarity: float = Field(gt=0.5, le=1)


class DatasetEntry(_Strict):
    """How one dataset arrives.

    Attributes:
        driving: the input whose rows the dataset's SQL delivers, one to one; None: it derives its rows.
        driving_key: columns of it; with them the SQL delivers one row for each distinct value of them.
        beyond_span: whether an archive may hold days outside the mapping's span; they are never asked for.
    """

    delivery: Delivery
    driving: str | None = None
    driving_key: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    ordered_by: str | None = None
    match_stores: MatchStores | None = None
    beyond_span: bool = False


class Span(_Strict):
    """First and last day of a historical archive."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if self.first > self.last:
            raise ValueError(f"first day {self.first} is after last day {self.last}")
        return self


class MappingFile(_Strict):
    """The content of `mapping.toml`.

    Attributes:
        inputs: of files; each is a list of layouts of which the files follow one.
        http: the inputs of kind http; a mapping.toml has them beside the others.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    timezone: TimeZoneName
    currency: Currency
    country: Country
    span: Span | None = None
    default_start: date | None = None
    max_visitors_per_hour: int | None = Field(None, gt=0)
    inputs: dict[str, list[FilesInput]]
    http: dict[str, HttpInput] = {}
    datasets: dict[str, DatasetEntry] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_layout_is_a_list_of_one(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(inputs := value.get("inputs"), dict):
            if "http" in value:
                raise ValueError('http: unknown key; an HTTP input is one of inputs, with kind = "http"')
            listed = {name: one if isinstance(one, list) else [one] for name, one in inputs.items()}
            http = {name: one[0] for name, one in listed.items() if len(one) == 1 and _is_http(one[0])}
            files = {name: one for name, one in listed.items() if name not in http}
            return value | {"inputs": files, "http": http}
        return value

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "MappingFile":
        problems = problems_of(self.http, self.names)
        if not self.names:
            problems.append("inputs: at least one is needed")
        if self.span is None and self.default_start is None:
            problems.append("default_start: a mapping without span needs the first day to load by default")
        for name in self.names:
            if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
                problems.append(f"inputs.{name}: a name of small letters, digits and _ is expected")
            if name == RESULT:
                problems.append(f"inputs.{name}: the name is taken by what the SQL delivers; choose another")
        for name, entry in self.datasets.items():
            problems += [f"datasets.{name}: {text}" for text in self._problems_of(name, entry)]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _problems_of(self, name: str, entry: DatasetEntry) -> list[str]:
        if name not in DELIVERIES:
            return [f"unknown dataset{nearest(name, DELIVERIES)} Known are {', '.join(DELIVERIES)}"]
        problems = []
        if entry.driving is None:
            if name not in DERIVED:
                problems.append(
                    "driving is missing: name the input whose rows the SQL delivers, one row for each; "
                    f"only {' and '.join(sorted(DERIVED))} can do without"
                )
            if entry.driving_key:
                problems.append("driving_key names columns of the driving input, and driving is missing")
        elif entry.driving not in self.names:
            found = nearest(entry.driving, self.names)
            problems.append(f"driving is {entry.driving!r}, which is no input{found}")
        if (name in DAILY_DATASETS) == (entry.delivery is Delivery.SNAPSHOT):
            allowed = "store_day, day or archive" if name in DAILY_DATASETS else "snapshot"
            problems.append(f"delivery is {entry.delivery.value!r}, {allowed} is expected")
        if entry.delivery is Delivery.ARCHIVE and self.span is None:
            problems.append("delivery is 'archive', which needs a span of the mapping")
        if entry.beyond_span and entry.delivery is not Delivery.ARCHIVE:
            problems.append("beyond_span is for an archive: what else arrives has no span")
        columns = DELIVERIES[name].column_names()
        for column in (*entry.identity, *([entry.ordered_by] if entry.ordered_by else [])):
            if column not in columns:
                problems.append(
                    f"identity or ordered_by names {column!r}, which is no column{nearest(column, columns)}"
                )
        if entry.match_stores and (name == "stores" or "store_id" not in columns):
            problems.append("match_stores is for the datasets that name stores; stores itself names them by store_id")
        return problems

    @property
    def names(self) -> list[str]:
        """Of all inputs."""
        return [*self.inputs, *self.http]

    @property
    def window(self) -> Window | None:
        """The span as a window."""
        return Window(self.span.first, self.span.last) if self.span else None

    def dataset(self, name: str) -> Dataset:
        """What the platform is told of one dataset."""
        entry = self.datasets[name]
        matching = StoreMatching(**entry.match_stores.model_dump()) if entry.match_stores else None
        return Dataset(name, entry.delivery, entry.identity, entry.ordered_by, matching)


def _is_http(layout: Any) -> bool:
    return isinstance(layout, dict) and layout.get("kind") == "http"


def load_mapping(folder: Path) -> MappingFile:
    """Read a folder's `mapping.toml`.

    Raises:
        SourceContractError: naming the file, each wrong key, what was found and what is expected.
    """
    path = folder / FILE_NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceContractError(f"{path} is not there: a mapping's folder holds {FILE_NAME}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceContractError(f"{path} is no TOML: {error}") from None
    try:
        mapping = MappingFile.model_validate(content)
    except ValidationError as error:
        problems = "\n".join(f"  {_explain(dict(problem), content)}" for problem in error.errors())
        raise SourceContractError(f"{path}:\n{problems}") from None
    for name in mapping.datasets:
        if not (folder / f"{name}.sql").is_file():
            raise SourceContractError(f"{path}: datasets.{name} needs {folder / name}.sql, which is not there")
    return mapping


def _explain(problem: dict[str, Any], content: dict[str, Any]) -> str:
    loc = problem["loc"]
    if loc[:1] == ("inputs",) and isinstance(content["inputs"], dict) and isinstance(content["inputs"][loc[1]], dict):
        loc = (*loc[:2], *loc[3:])  # the only layout is not written as a list
    if loc[:1] == ("http",):
        loc = ("inputs", *loc[1:])
    place = ".".join(str(part) for part in loc)
    message = str(problem["msg"]).removeprefix("Value error, ").replace("\n", "\n  ")
    if problem["type"] == "value_error" and not isinstance(problem["input"], str):
        return f"{place}: {message}" if place else message
    if problem["type"] == "missing":
        return f"{place}: is missing"
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown key{nearest(str(problem['loc'][-1]), _keys_beside(problem['loc']))}"
    return f"{place}: found {problem['input']!r}; {message[0].lower()}{message[1:]}"


def _keys_beside(place: tuple[Any, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {"inputs": FilesInput, "http": HttpInput}
    models |= {"datasets": MatchStores if place[-2:-1] == ("match_stores",) else DatasetEntry, "span": Span}
    return list((models[str(place[0])] if len(place) > 1 else MappingFile).model_fields)
