"""Store names as a source writes them, and the stores they mean: matched where nothing else can be meant.

Only how alike names are, and when that is enough, belongs here. What becomes of rows is `validate`'s business.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

MARGIN = 0.1  # by which the likest store is liker than the next: less, and either could be meant
_EXACT = 1e-9  # similarities are fractions: 0.9 - 0.8 is a little less than 0.1
_NO_LETTERS = "CPSZ"  # general categories: controls, punctuation, symbols, separators
_SCHEMA = pl.Schema({"delivered": pl.String, "store_id": pl.String, "similarity": pl.Float64, "equal": pl.Boolean})


@dataclass(frozen=True)
class StoreMatching:
    """How a dataset names its stores, where it does not do so by their ids.

    Attributes:
        against: the column of `stores` that it writes.
        least_similarity: of two names, from 0 to 1; below it a name is nobody's.
    """

    against: Literal["store_id", "name"]
    least_similarity: float


def stores_meant(delivered: pl.Series, stores: pl.DataFrame, matching: StoreMatching) -> pl.DataFrame:
    """The stores that delivered names stand for.

    A name equal to a store's is that store's. Of any other the likest store is meant, if it reaches
    `least_similarity`, is `MARGIN` liker than the next, and has the same numbers in its name: shop 12 is no misspelt
    shop 13. Similarity is 1 less the share of letters to add, drop, change or swap with the next (optimal string
    alignment, by the longer name), capital letters, accents and punctuation aside.

    Args:
        delivered: names, in any number and order.
        stores: `Store` rows.
        matching: against what, and how alike names must be.

    Returns:
        `delivered`, `store_id`, `similarity` and `equal` (to the store's own, letter by letter), one row for each name
        that means a store and is not its id.
    """
    named = stores.select("store_id", name=matching.against).drop_nulls()
    once = named.filter(pl.col("name").is_unique())
    equal = (
        once.rename({"name": "delivered"})
        .filter(pl.col("delivered").is_in(delivered.implode()))
        .with_columns(similarity=pl.lit(1.0), equal=pl.lit(value=True))
    )
    known = pl.concat([named["name"], stores["store_id"]])
    strange = delivered.drop_nulls().unique().sort()
    likest = pl.DataFrame(
        list(_likest(strange.filter(~strange.is_in(known.implode())), named, matching.least_similarity)),
        _SCHEMA,
        orient="row",
    )
    found = pl.concat([equal.select(_SCHEMA.names()), likest])
    return found.filter(pl.col("delivered") != pl.col("store_id")).sort("delivered")


def with_store_ids(rows: pl.DataFrame, stores: pl.DataFrame, matching: StoreMatching) -> pl.DataFrame:
    """Rows with the ids of the stores meant; a name that means none stays as it is."""
    meant = stores_meant(rows["store_id"], stores, matching)
    return rows.with_columns(pl.col("store_id").replace(meant["delivered"], meant["store_id"]))


def _likest(strange: pl.Series, named: pl.DataFrame, least: float) -> Iterator[tuple[str, str, float, bool]]:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    by_numbers: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for store_id, name in named.iter_rows():
        by_numbers.setdefault(_numbers(name), {}).setdefault(_plain(name), []).append(store_id)
    for name in strange:
        candidates = by_numbers.get(_numbers(name), {})
        plain = _plain(name)
        near = process.extract(plain, list(candidates), scorer=OSA.normalized_similarity, limit=2) if plain else []
        if not near or near[0][1] < least - _EXACT:
            continue
        likest, similarity, _ = near[0]
        alone = len(near) == 1 or similarity - near[1][1] >= MARGIN - _EXACT
        if alone and len(candidates[likest]) == 1:
            yield name, candidates[likest][0], similarity, False


def _plain(name: str) -> str:
    """A name without capitals, accents and punctuation, words parted by one blank."""
    bare = (one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    words = "".join(" " if unicodedata.category(one)[0] in _NO_LETTERS else one for one in bare)
    return unicodedata.normalize("NFC", " ".join(words.split()))


def _numbers(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", unicodedata.normalize("NFKC", name)))
