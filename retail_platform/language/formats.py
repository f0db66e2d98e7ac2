"""Numbers, amounts, changes and dates as people of a language write them.

Babel says how; numbers are put together here, for Babel takes eight times as long and a page has thousands.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import NumberPattern, format_compact_decimal, get_currency_symbol

from retail_platform.domains.metrics.contract import OF_MONEY, RATES, UNKNOWN_CURRENCY
from retail_platform.windows import Window

_LOCALES = {"en": "en_GB", "fr": "fr_FR"}
NONE = "–"
_TWO_DECIMALS = ("atv", "aur", "upt", "sales_per_visitor", "margin_per_visitor")
_COMPACT_FROM = 100_000
_STILL = 0.05  # per cent below which a change is written as none


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES[language])


@dataclass(frozen=True)
class Formats:
    """How values are written; an unknown one is a dash.

    Args:
        language: `en` or `fr`.
        currency: ISO 4217, of amounts.
        timezone: IANA name, of instants.
    """

    language: str
    currency: str | None = None
    timezone: str = "UTC"

    @property
    def around_money(self) -> tuple[str, str]:
        """What stands before and after an amount that is not negative; nothing where no currency is known."""
        return _around(self.language, "currency", self.currency)[:2] if self.currency else ("", "")

    def measure(self, name: str, value: float | None, *, compact: bool = False) -> str:
        """A measure in its unit: amounts with the currency, rates in per cent.

        Args:
            name: of the metrics domain.
            value: in units of the currency; a rate as a fraction.
            compact: amounts and counts from 100,000 on as `1.2M`.
        """
        if value is None:
            return NONE
        if name in OF_MONEY:
            return self.money(value, compact=compact, cents=name in _TWO_DECIMALS)
        if name in RATES:
            return self.per_cent(100 * value)
        return self.number(value, decimals=2 if name in _TWO_DECIMALS else 0, compact=compact)

    def number(self, value: float | None, *, decimals: int = 0, compact: bool = False) -> str:
        """A number with thousands separators."""
        if value is None:
            return NONE
        if compact and abs(value) >= _COMPACT_FROM:
            return format_compact_decimal(value, locale=_locale(self.language), fraction_digits=2)
        return _written(value, decimals, self.language, _around(self.language, "decimal"))

    def money(self, value: float | None, *, compact: bool = False, cents: bool = False) -> str:
        """An amount with its currency."""
        if value is None:
            return NONE
        around = _around(self.language, "currency", self.currency or UNKNOWN_CURRENCY)
        if compact and abs(value) >= _COMPACT_FROM:
            short = format_compact_decimal(abs(value), locale=_locale(self.language), fraction_digits=2)
            before, after = around[2:] if value < 0 else around[:2]
            return before + short + after
        return _written(value, 2 if cents else 0, self.language, around)

    def per_cent(self, value: float | None, *, decimals: int = 1) -> str:
        """Hundredths, as `12.3%`."""
        if value is None:
            return NONE
        return _written(value, decimals, self.language, _around(self.language, "percent"))

    def change(self, per_cent: float | None) -> str:
        """A change with its sign, as `+1.2%`; without, where it is none."""
        if per_cent is None:
            return NONE
        if abs(per_cent) < _STILL:
            return self.per_cent(0.0)
        shown = self.per_cent(abs(per_cent))
        return ("+" if per_cent >= 0 else "−") + shown

    def day(self, day: date, *, year: bool = True) -> str:
        """A date, as `31 Jan 2026`."""
        return _date(day, "d MMM y" if year else "d MMM", self.language)

    def weekday(self, day: date) -> str:
        """A date with its weekday, as `Sat 31 Jan 2026`."""
        return _date(day, "EEE d MMM y", self.language)

    def window(self, window: Window) -> str:
        """Days from one to another."""
        if window.first == window.last:
            return self.weekday(window.first)
        return f"{self.day(window.first, year=window.first.year != window.last.year)} – {self.day(window.last)}"

    def period(self, first: date, grain: str) -> str:
        """The name of a period by its first day, as `Jan 2026`."""
        if grain == "week":
            week = first.isocalendar()
            return f"{'S' if self.language == 'fr' else 'W'}{week.week:02} {week.year}"
        if grain == "month":
            return _month(first, self.language)
        if grain == "quarter":
            return f"{'T' if self.language == 'fr' else 'Q'}{(first.month + 2) // 3} {first.year}"
        return str(first.year) if grain == "year" else self.weekday(first)

    def instant(self, at: datetime | None) -> str:
        """An instant in the retailer's zone, to the minute."""
        if at is None:
            return NONE
        return format_datetime(at.astimezone(ZoneInfo(self.timezone)), "d MMM y, HH:mm", locale=_locale(self.language))

    def separators(self) -> str:
        """Decimal and thousands sign, as Plotly wants them."""
        decimal, group = _signs(self.language)
        return decimal + group


@cache
def _signs(language: str) -> tuple[str, str]:
    symbols = _locale(language).number_symbols["latn"]
    return str(symbols["decimal"]), str(symbols["group"])


@cache
def _around(language: str, kind: str, currency: str = "") -> tuple[str, str, str, str]:
    """What stands before and after a number: of one that is not negative, and of one that is."""
    locale = _locale(language)
    pattern: NumberPattern
    if kind == "currency":
        pattern, symbol = locale.currency_formats["standard"], get_currency_symbol(currency, locale)
        if pattern.prefix[0].endswith("¤") and symbol[-1].isalpha():
            symbol += "\N{NO-BREAK SPACE}"  # as CLDR has it, unlike Babel: a number does not follow letters at once
    else:
        pattern, symbol = (locale.percent_formats if kind == "percent" else locale.decimal_formats)[None], ""
    parts = (pattern.prefix[0], pattern.suffix[0], pattern.prefix[1], pattern.suffix[1])
    before, after, before_negative, after_negative = (part.replace("¤", symbol) for part in parts)
    return before, after, before_negative, after_negative


def _written(value: float, decimals: int, language: str, around: tuple[str, str, str, str]) -> str:
    decimal, group = _signs(language)
    digits = f"{abs(value):,.{decimals}f}".replace(",", "\0").replace(".", decimal).replace("\0", group)
    before, after = around[2:] if value < 0 else around[:2]
    return before + digits + after


@lru_cache(maxsize=20_000)
def _date(day: date, pattern: str, language: str) -> str:
    return format_date(day, pattern, locale=_locale(language))


@lru_cache(maxsize=2_000)
def _month(first: date, language: str) -> str:
    return format_skeleton("yMMM", datetime(first.year, first.month, 1), locale=_locale(language))
