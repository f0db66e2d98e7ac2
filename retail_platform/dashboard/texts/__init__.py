"""The catalogue: every text of the dashboard by key, in English and French. A page keeps its own in a module here."""

from collections.abc import Mapping

from retail_platform.dashboard.texts import footfall, overview, products, quality, shell, store, stores
from retail_platform.language import findings, measures

CATALOGUE: dict[str, tuple[str, str]] = {}
for module in (shell, measures, findings, overview, stores, store, footfall, products, quality):
    assert not CATALOGUE.keys() & module.TEXTS.keys(), f"{module.__name__} has keys that another module has"
    CATALOGUE |= module.TEXTS

LANGUAGES = {"en": "English", "fr": "Français"}


def text(language: str, key: str, facts: Mapping[str, str] | None = None) -> str:
    """A text of the catalogue, with what it names put in.

    Raises:
        KeyError: there is no such text.
    """
    found = CATALOGUE[key][list(LANGUAGES).index(language)]
    return found.format_map(facts) if facts else found
