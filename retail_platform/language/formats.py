"""Numbers, amounts, changes and dates as people of a language write them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent, get_currency_symbol

from retail_platform.domains.metrics.contract import OF_MONEY, RATES, UNKNOWN_CURRENCY
from retail_platform.windows import Window

_LOCALES = {"en": "en_GB", "fr": "fr_FR"}
NONE = "–"
_TWO_DECIMALS = ("atv", "aur", "upt", "sales_per_visitor", "margin_per_visitor")
_COMPACT_FROM = 100_000


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
    def symbol(self) -> str:
        """The currency's symbol."""
        return get_currency_symbol(self.currency, _locale(self.language)) if self.currency else ""

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
        digits = f".{'0' * decimals}" if decimals else ""
        return format_decimal(value, f"#,##0{digits}", locale=_locale(self.language))

    def money(self, value: float | None, *, compact: bool = False, cents: bool = False) -> str:
        """An amount with its currency."""
        if value is None:
            return NONE
        locale = _locale(self.language)
        if compact and abs(value) >= _COMPACT_FROM:
            short = format_compact_decimal(value, locale=locale, fraction_digits=2)
            return f"{short} {self.symbol}" if self.language == "fr" else f"{self.symbol}{short}"
        pattern = locale.currency_formats["standard"].pattern
        if not cents:
            pattern = pattern.replace("0.00", "0")
        return format_currency(value, self.currency or UNKNOWN_CURRENCY, pattern, locale=locale, currency_digits=False)

    def per_cent(self, value: float | None, *, decimals: int = 1) -> str:
        """Hundredths, as `12.3%`."""
        if value is None:
            return NONE
        return format_percent(value / 100, _percent_pattern(self.language, decimals), locale=_locale(self.language))

    def change(self, per_cent: float | None) -> str:
        """A change with its sign, as `+1.2%`."""
        if per_cent is None:
            return NONE
        shown = self.per_cent(abs(per_cent))
        return ("+" if per_cent >= 0 else "−") + shown

    def day(self, day: date, *, year: bool = True) -> str:
        """A date, as `31 Jan 2026`."""
        return format_date(day, "d MMM y" if year else "d MMM", locale=_locale(self.language))

    def weekday(self, day: date) -> str:
        """A date with its weekday, as `Sat 31 Jan 2026`."""
        return format_date(day, "EEE d MMM y", locale=_locale(self.language))

    def window(self, window: Window) -> str:
        """Days from one to another."""
        if window.first == window.last:
            return self.weekday(window.first)
        return f"{self.day(window.first, year=window.first.year != window.last.year)} – {self.day(window.last)}"

    def period(self, first: date, grain: str) -> str:
        """The name of a period by its first day, as `Jan 2026`."""
        locale = _locale(self.language)
        if grain == "week":
            week = first.isocalendar()
            return f"{'S' if self.language == 'fr' else 'W'}{week.week:02} {week.year}"
        if grain == "month":
            return format_skeleton("yMMM", datetime(first.year, first.month, 1), locale=locale)
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
        symbols = _locale(self.language).number_symbols["latn"]
        return str(symbols["decimal"]) + str(symbols["group"])


@cache
def _percent_pattern(language: str, decimals: int) -> str:
    pattern: str = _locale(language).percent_formats[None].pattern
    at = pattern.rindex("0") + 1
    return pattern[:at] + (f".{'0' * decimals}" if decimals else "") + pattern[at:]
