"""The simulated clients, and the impossible ages among them.

Only who they are belongs here; what they buy is `sales`'s business. Client number n lives where store n (modulo the
number of stores) stands, and mostly buys there.
"""

from datetime import date

import numpy as np
import polars as pl

from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.names import names_of
from retail_platform.sources.simulator.stores import Stores, days_since_epoch
from retail_platform.sources.simulator.streams import Ints, Mask, bits, field, key, share

_FIRST_CARD = date(2012, 1, 1)
_LAST_CARD = date(2025, 12, 31)


def client_ids(count: int) -> pl.Series:
    """`client_id` of each client."""
    return pl.select(
        client_id="C" + pl.int_range(1, count + 1).cast(pl.String).str.zfill(max(6, len(str(count))))
    ).to_series()


def impossible_ages(seed: int, count: int, faults: Faults) -> Mask:
    """Which clients have an impossible age."""
    return share(bits(key(seed, "client faults"), np.arange(count)), 0, 32) < faults.impossible_age


def client_frame(seed: int, count: int, stores: Stores, faults: Faults) -> pl.DataFrame:
    """The clients as delivered."""
    index = np.arange(count)
    drawn, more = bits(key(seed, "clients"), index), bits(key(seed, "more of clients"), index)
    names = names_of(stores.market.locale)
    first = pl.Series([*names.female, *names.male])
    female = field(drawn, 0, 8) < 135
    age = 16 + ((share(drawn, 8, 16) + share(drawn, 24, 16)) * 38).astype(np.int64)
    wrong = impossible_ages(seed, count, faults)
    age = np.where(wrong, 200 + (share(more, 0, 16) * 801).astype(np.int64), age)
    created = days_since_epoch(_FIRST_CARD) + (share(more, 16, 16) ** 0.7 * (_LAST_CARD - _FIRST_CARD).days).astype(
        np.int64
    )
    places = stores.market.places
    place = pl.Series(stores.place[index % len(stores)].astype(np.uint32))
    gender = np.where(field(more, 32, 8) < 8, 2, np.where(female, 0, 1))
    frame = pl.DataFrame(
        {
            "client_id": client_ids(count),
            "first": first.gather(_below(first.len() // 2, share(drawn, 40, 12)) + np.where(female, 0, 300)),
            "last": pl.Series(names.last).gather(_below(len(names.last), share(drawn, 52, 12))),
            "digits": field(more, 40, 24) + 100_000_000,
            "age": age.astype(np.int32),
            "gender": pl.Series(["female", "male", "other"]).gather(gender.astype(np.uint32)),
            "city": pl.Series([place.city for place in places]).gather(place),
            "region": pl.Series([place.region for place in places]).gather(place),
            "loyalty_card": field(drawn, 0, 5) > 5,
            "created_on": pl.Series(created.astype(np.int32)).cast(pl.Date),
        }
    )
    plain = [pl.col(name).str.normalize("NFD").str.replace_all(r"[^A-Za-z]", "") for name in ("first", "last")]
    return frame.select(
        "client_id",
        name=pl.concat_str("first", "last", separator=" "),
        email=pl.concat_str(*plain, pl.col("client_id").str.slice(1), separator=".").str.to_lowercase()
        + "@example.com",
        phone="06" + pl.col("digits").cast(pl.String).str.slice(-8),
        age="age",
        gender="gender",
        city="city",
        region="region",
        loyalty_card="loyalty_card",
        created_on="created_on",
    )


def _below(count: int, drawn: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Ints:
    return (drawn * count).astype(np.int64)


def client_truth(seed: int, count: int, faults: Faults) -> pl.DataFrame:
    """The faults among the clients: `fault` and `client_id`."""
    wrong = impossible_ages(seed, count, faults)
    ids = client_ids(count).filter(pl.Series(wrong))
    return pl.select(fault=pl.lit("impossible_age").repeat_by(len(ids)).explode(), client_id=ids)
