"""A day in short, for those who look at a run: its key figures as a small table, and as Markdown with a plot.

Only the wording belongs here; what is counted and chosen is `material`'s business.
"""

from retail_platform.language.formats import Formats
from retail_platform.reports import trust
from retail_platform.reports.figures import BASES, Basis
from retail_platform.reports.material import Material
from retail_platform.reports.svg import Chart, data_uri, drawn, is_large
from retail_platform.reports.texts import text

_SAID = 3  # key figures in a sentence
_WIDTH, _HEIGHT = 560, 150


def table(material: Material, *, language: str) -> list[dict[str, str]]:
    """The key figures, one a row: its name, value, and change against those days that it can be compared with."""
    formats, of = Formats(language, material.currency), material.figures
    bases = _known(material)
    return [
        {
            text(language, "measure"): text(language, name),
            text(language, "value"): formats.measure(name, of.total.get(name)),
            **{text(language, f"versus_{basis}"): formats.change(of.changes[basis][name].per_cent) for basis in bases},
        }
        for name in material.shown
    ]


def markdown(material: Material, *, language: str) -> str:
    """A sentence, a plot of the weeks up to the day, and what is doubtful. No name of a store or product is in it."""
    formats = Formats(language, material.currency)
    doubts = [line for line, good in trust.of_sums(material, formats) if not good]
    lines = [_headline(material, formats), *_plot(material, formats), "\n".join(f"- {line}" for line in doubts)]
    return "\n\n".join(line for line in lines if line)


def _headline(material: Material, formats: Formats) -> str:
    of, said = material.figures, []
    for name in [name for name in _ORDER if name in material.shown][:_SAID]:
        shown = f"{text(formats.language, name).lower()} **{formats.measure(name, of.total.get(name))}**"
        change = of.changes["average"][name].per_cent
        versus = text(formats.language, "versus_average")
        said.append(shown if change is None else f"{shown} ({formats.change(change)} · {versus})")
    count = material.rows["store_id"].n_unique()
    stores = text(formats.language, "stores_count", count=formats.number(count))
    if count == 1:
        stores = text(formats.language, "stores_one")
    return f"**{formats.window(material.window)}** · {stores}: {', '.join(said)}"


_ORDER = ("revenue", "visitors", "conversion_rate", "transactions")


def _plot(material: Material, formats: Formats) -> list[str]:
    """What is plotted, and the plot as an image: on white, as the page around it may be dark."""
    measure = material.measure
    if measure is None:
        return []
    rows = material.over_time
    title = text(formats.language, f"by_{material.grain}", measure=text(formats.language, measure))
    values = rows[measure].to_list()
    compact = is_large(values)
    chart = Chart(
        title,
        [formats.day(day, year=False) for day in rows["period"]],
        values,
        lambda value: formats.measure(measure, value, compact=compact),
        strong=int(rows["own"].arg_max() or 0),
    )
    return [f"{title}:", f"![{title}]({data_uri(drawn(chart, width=_WIDTH, height=_HEIGHT, ground='#ffffff'))})"]


def _known(material: Material) -> list[Basis]:
    of = material.figures
    return [basis for basis in BASES if any(change.per_cent is not None for change in of.changes[basis].values())]
