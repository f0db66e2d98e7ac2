"""What a visitor has chosen, and its form in the address of the page.

Only the values, their reading and writing belong here. All that an address says is checked against what there
is; nothing of it is ever used as SQL, as a path or as markup.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, Self, cast, get_args
from urllib.parse import parse_qsl, urlencode

import polars as pl

from retail_platform.dashboard.data.measures import Grain
from retail_platform.dashboard.periods import CUSTOM, DEFAULT, PRESETS, preset
from retail_platform.reports.figures import Basis
from retail_platform.windows import Window

Language = Literal["en", "fr"]
Theme = Literal["light", "dark"]
Channel = Literal["store", "online"]

MOST_STORES = 200
_LONGEST = 16_000  # characters of a query that are read
_SHOWN = 60  # characters of a wrong value that a message repeats


@dataclass(frozen=True)
class Message:
    """A text of the catalogue, with what it names."""

    key: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """A choice of one page alone, kept in the address under its name.

    Attributes:
        name: lower case letters, as `tolerance`; no name of a filter.
        default: what holds where the address says nothing, and what is then left out of it.
        choices: the values allowed; None: whatever `pattern` matches whole.
        pattern: a regular expression, as `\\d{1,2}`.
    """

    name: str
    default: str
    choices: tuple[str, ...] | None = None
    pattern: str = r"[\w .-]{1,60}"

    def allows(self, value: str) -> bool:
        """Whether the value may be chosen."""
        if self.choices is not None:
            return value in self.choices
        return re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True)
class Known:
    """What there is to choose from.

    Attributes:
        span: the days there are.
        anchor: the last day that is over: presets end there.
        stores: `Facts.stores`.
        categories: of products, in order.
    """

    span: Window
    anchor: date
    stores: pl.DataFrame
    categories: tuple[str, ...] = ()

    def values(self, column: str) -> tuple[str, ...]:
        """What a column of the stores holds, in order."""
        return tuple(self.stores[column].drop_nulls().unique().sort().to_list())


@dataclass(frozen=True)
class Filters:
    """Everything a visitor has chosen; a value, equal if all is equal.

    Attributes:
        window: the days, also where `period` names a preset.
        period: a preset of `periods`, or `custom`.
        options: choices of the page, those that differ from their defaults.
    """

    window: Window
    period: str = DEFAULT
    grain: Grain = "day"
    stores: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    channel: Channel | None = None
    currency: str | None = None
    categories: tuple[str, ...] = ()
    basis: Basis = "previous"
    language: Language = "en"
    theme: Theme = "light"
    options: tuple[tuple[str, str], ...] = ()

    def option(self, option: Option) -> str:
        """What is chosen of a page's option."""
        return dict(self.options).get(option.name, option.default)

    def but(self, **changes: Any) -> Self:
        """The same with other values; a `window` makes the period a custom one."""
        if "window" in changes and "period" not in changes:
            changes["period"] = CUSTOM
        return replace(self, **changes)

    def with_option(self, option: Option, value: str) -> Self:
        """The same with another choice of a page's option."""
        rest = tuple(pair for pair in self.options if pair[0] != option.name)
        chosen = () if value == option.default else ((option.name, value),)
        return replace(self, options=tuple(sorted(rest + chosen)))

    def query(self, default_language: Language = "en") -> str:
        """Its form in an address, with the question mark; empty where all is as by default."""
        pairs: list[tuple[str, str]] = []
        if self.period == CUSTOM:
            pairs += [("from", self.window.first.isoformat()), ("to", self.window.last.isoformat())]
        elif self.period != DEFAULT:
            pairs.append(("period", self.period))
        if self.grain != "day":
            pairs.append(("by", self.grain))
        for name, attribute in _SEVERAL.items():
            pairs += [(name, value) for value in getattr(self, attribute)]
        pairs += [(name, value) for name in ("channel", "currency") if (value := getattr(self, name))]
        if self.basis != "previous":
            pairs.append(("against", self.basis))
        if self.language != default_language:
            pairs.append(("lang", self.language))
        if self.theme != "light":
            pairs.append(("theme", self.theme))
        pairs += self.options
        return f"?{urlencode(pairs)}" if pairs else ""


_SEVERAL = {"store": "stores", "region": "regions", "format": "formats", "category": "categories"}
_ONE: dict[str, tuple[str, tuple[str, ...]]] = {
    "by": ("grain", get_args(Grain)),
    "against": ("basis", get_args(Basis)),
    "lang": ("language", get_args(Language)),
    "theme": ("theme", get_args(Theme)),
    "channel": ("channel", get_args(Channel)),
}
NAMES = frozenset({*_SEVERAL, *_ONE, "period", "from", "to", "currency"})
"""The names a query may have beside a page's options."""


@dataclass(frozen=True)
class Parsed:
    """An address as read.

    Attributes:
        filters: what of it can be used, else the defaults.
        problems: what cannot be used and why; with any, no numbers are shown.
    """

    filters: Filters
    problems: tuple[Message, ...] = ()


def parse(query: str | None, known: Known, options: Sequence[Option] = (), default_language: Language = "en") -> Parsed:
    """Read the query of an address, strictly.

    Args:
        query: with or without the question mark.
        known: what there is.
        options: of the page.
        default_language: where the address names none.
    """
    text = (query or "").removeprefix("?")
    problems: list[Message] = []
    if len(text) > _LONGEST:
        problems.append(Message("problem_too_long"))
        text = ""
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=False):
        given.setdefault(name, []).append(value)
    by_name = {option.name: option for option in options}
    for name in given.keys() - NAMES - by_name.keys():
        problems.append(Message("problem_name", {"name": _short(name)}))
    chosen: dict[str, Any] = {"language": default_language}
    chosen |= _one_of_few(given, problems)
    chosen |= _places(given, known, problems)
    chosen |= _days(given, known, problems)
    taken = []
    for name in sorted(given.keys() & by_name.keys()):
        value = given[name][-1]
        if not by_name[name].allows(value):
            problems.append(Message("problem_value", {"name": name, "value": _short(value)}))
        elif value != by_name[name].default:
            taken.append((name, value))
    return Parsed(Filters(**chosen, options=tuple(taken)), tuple(problems))


def chosen_stores(filters: Filters, known: pl.DataFrame) -> pl.DataFrame:
    """The rows of `Facts.stores` that the filters leave: all conditions hold at once."""
    rows = known
    for values, column in ((filters.stores, "store_id"), (filters.regions, "region"), (filters.formats, "format")):
        if values:
            rows = rows.filter(pl.col(column).is_in(values))
    if filters.channel:
        rows = rows.filter(pl.col("channel") == filters.channel)
    if filters.currency:
        rows = rows.filter(pl.col("currency") == filters.currency)
    return rows


def _one_of_few(given: Mapping[str, list[str]], problems: list[Message]) -> dict[str, str]:
    chosen = {}
    for name, (attribute, allowed) in _ONE.items():
        if name in given:
            value = given[name][-1]
            if value in allowed:
                chosen[attribute] = value
            else:
                problems.append(Message("problem_value", {"name": name, "value": _short(value)}))
    return chosen


def _places(given: Mapping[str, list[str]], known: Known, problems: list[Message]) -> dict[str, Any]:
    there = {
        "store": known.values("store_id"),
        "region": known.values("region"),
        "format": known.values("format"),
        "category": known.categories,
    }
    chosen: dict[str, Any] = {}
    for name, attribute in _SEVERAL.items():
        wanted = tuple(dict.fromkeys(given.get(name, [])))
        held = set(there[name])
        for value in [value for value in wanted if value not in held][:3]:
            problems.append(Message(f"problem_{name}", {"value": _short(value)}))
        chosen[attribute] = tuple(value for value in wanted if value in held)
    if len(chosen["stores"]) > MOST_STORES:
        problems.append(Message("problem_many", {"most": str(MOST_STORES)}))
        chosen["stores"] = chosen["stores"][:MOST_STORES]
    if "currency" in given:
        value = given["currency"][-1]
        if value in known.values("currency"):
            chosen["currency"] = value
        else:
            problems.append(Message("problem_value", {"name": "currency", "value": _short(value)}))
    return chosen


def _days(given: Mapping[str, list[str]], known: Known, problems: list[Message]) -> dict[str, Any]:
    period = given.get("period", [DEFAULT])[-1]
    if period not in PRESETS:
        problems.append(Message("problem_value", {"name": "period", "value": _short(period)}))
        period = DEFAULT
    usual = {"period": period, "window": preset(period, known.anchor, known.span)}
    if "from" not in given and "to" not in given:
        return usual
    ends = []
    for name, default in (("from", known.span.first), ("to", known.span.last)):
        value = given[name][-1] if name in given else default.isoformat()
        try:
            ends.append(date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else None)
        except ValueError:
            ends.append(None)
        if ends[-1] is None:
            problems.append(Message("problem_date", {"value": _short(value)}))
    if None in ends:
        return usual
    first, last = cast(list[date], ends)
    if first > last:
        problems.append(Message("problem_order", {"from": str(first), "to": str(last)}))
        return usual
    if last < known.span.first or first > known.span.last:
        problems.append(
            Message("problem_span", {"first": str(known.span.first), "last": str(known.span.last)}),
        )
        return usual
    reach = _reach(known.span)
    for day in (first, last):
        if day not in reach:
            facts = {"value": str(day), "first": str(reach.first), "last": str(reach.last)}
            problems.append(Message("problem_far", facts))
    return {"period": CUSTOM, "window": Window(max(first, reach.first), min(last, reach.last))}


def _reach(span: Window) -> Window:
    """The days that can be chosen: the years of the data, with one before and one after to compare and to plan."""
    return Window(date(span.first.year - 1, 1, 1), date(span.last.year + 1, 12, 31))


def _short(value: str) -> str:
    clean = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in value)
    return clean if len(clean) <= _SHOWN else clean[:_SHOWN] + "…"
