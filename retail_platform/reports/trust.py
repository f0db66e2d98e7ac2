"""What one may trust of a report's figures, in sentences. Only their choice and wording belongs here."""

from collections.abc import Sequence
from datetime import date

from retail_platform.language.formats import Formats
from retail_platform.reports.material import Material
from retail_platform.reports.texts import text
from retail_platform.windows import unbroken

_NAMED, _NAMED_ANOMALIES = 4, 3
_MUCH_IMPUTED, _WHOLE = 0.05, 0.995  # shares

Sentence = tuple[str, bool]
"""What is said, and whether it is good."""


def sentences(material: Material, formats: Formats) -> list[Sentence]:
    """Everything that is known of how far the figures can be believed."""
    return [*of_sums(material, formats), *_counters(material, formats), *_unusual(material, formats)]


def of_sums(material: Material, formats: Formats) -> list[Sentence]:
    """What the sums themselves tell: missing and open days, amounts, estimated visitors; no names of stores."""
    return [*_days(material, formats), *_amounts(material, formats), *_visitors(material, formats)]


def _days(material: Material, formats: Formats) -> list[Sentence]:
    missing, open_days = material.missing(), material.not_final()
    found = [(text(formats.language, "trust_whole"), True)]
    if missing:
        found = [(_counted("trust_missing", formats, len(missing), days=_named_days(missing, formats)), False)]
    if open_days:
        days = _named_days(open_days, formats)
        found.append((_counted("trust_not_final", formats, len(open_days), days=days), False))
    return found


def _amounts(material: Material, formats: Formats) -> list[Sentence]:
    if not material.rows["revenue"].count():
        return [(text(formats.language, "trust_no_revenue"), False)]
    if None in material.currencies:
        return [(text(formats.language, "trust_currency_unknown"), False)]
    if not material.currency:
        named = ", ".join(str(one) for one in material.currencies)
        return [(text(formats.language, "trust_currencies", currencies=named), False)]
    share = material.figures.total.get("cost_known_share")
    if share is None or share >= _WHOLE or "margin" not in material.shown:
        return []
    return [(text(formats.language, "trust_cost", share=formats.per_cent(100 * share)), False)]


def _visitors(material: Material, formats: Formats) -> list[Sentence]:
    total = material.figures.total
    if total.get("visitors") is None:
        return [(text(formats.language, "trust_no_visitors"), False)]
    share, uncounted = total.get("visitors_imputed_share") or 0.0, total.get("hours_without_count") or 0.0
    found = [(text(formats.language, "trust_imputed", share=formats.per_cent(100 * share)), share < _MUCH_IMPUTED)]
    if uncounted:
        found.append((text(formats.language, "trust_uncounted", count=formats.number(uncounted)), False))
    else:
        found.append((text(formats.language, "trust_counted"), True))
    return found


def _counters(material: Material, formats: Formats) -> list[Sentence]:
    suspects = material.suspects()
    if suspects is None:
        return []
    if not suspects.height:
        return [(text(formats.language, "trust_sensors_good"), True)]
    named = [
        f"{material.label(store)} {sensor} ({text(formats.language, f'health_{status}')})"
        for store, sensor, status, _ in suspects.head(_NAMED).iter_rows()
    ]
    shown = _some(named, suspects.height, formats)
    return [(_counted("trust_sensors", formats, suspects.height, named=shown), False)]


def _unusual(material: Material, formats: Formats) -> list[Sentence]:
    days = material.unusual()
    if days is None:
        return []
    if not days.height:
        hours = material.unusual_hours()
        if hours:
            return [(_counted("trust_hours", formats, hours), False)]
        return [(text(formats.language, "trust_anomalies_none"), True)]
    named = [
        text(
            formats.language,
            "anomaly",
            store=material.label(row["store_id"]),
            day=formats.day(row["date"]),
            visitors=formats.number(row["visitors"]),
            expected=formats.number(row["expected"]),
            cause=text(formats.language, f"cause_{row['cause']}"),
        )
        for row in days.head(_NAMED_ANOMALIES).to_dicts()
    ]
    shown = _some(named, days.height, formats)
    return [(_counted("trust_anomalies", formats, days.height, named=shown), False)]


def _counted(key: str, formats: Formats, count: int, **facts: str) -> str:
    if count == 1:
        return text(formats.language, f"{key}_one", **facts)
    return text(formats.language, key, count=formats.number(count), **facts)


def _some(named: Sequence[str], count: int, formats: Formats) -> str:
    more = count - len(named)
    rest = [text(formats.language, "and_more", count=formats.number(more))] if more else []
    return "; ".join([*named, *rest])


def _named_days(days: Sequence[date], formats: Formats) -> str:
    windows = unbroken(days)
    return _some([formats.window(window) for window in windows[:_NAMED]], len(windows), formats)
