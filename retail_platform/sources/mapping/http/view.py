"""An HTTP input as a view of text columns, beside those of file inputs.

What is asked and landed is `fetch`'s business.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from retail_platform.sources.base import SourceContractError
from retail_platform.sources.mapping.http.client import Api
from retail_platform.sources.mapping.http.model import HttpInput
from retail_platform.windows import Window


@dataclass(frozen=True)
class Answers:
    """An HTTP input's answers for a read.

    Attributes:
        stamp: another one for each read: nobody knows whether a server would answer the same again.
        missing: always empty; a day that is not answered is an error before.
    """

    name: str
    layout: HttpInput
    stamp: str
    missing: tuple[date, ...] = ()


def create_answers(
    connection: duckdb.DuckDBPyConnection,
    api: Api,
    name: str,
    layout: HttpInput,
    window: Window | None,
    *,
    folder: Path,
    may_be_absent: Collection[date] | None,
) -> Answers:
    """Ask for an input and make its view: the columns of its answers, all text, and what was asked for.

    Args:
        connection: where; the inputs whose values are asked for are there.
        api: that is asked.
        name: of the input.
        layout: what it says.
        window: the days wanted of an endpoint that has days.
        folder: below which the answers land.
        may_be_absent: days for which the server may have nothing; None: any.

    Raises:
        SourceUnavailable: an answer did not come.
        SourceContractError: an answer is not what the input says.
    """
    from retail_platform.sources.mapping.http.fetch import fetch
    from retail_platform.sources.mapping.inputs import quoted
    from retail_platform.sources.mapping.readers import one_file

    if window is None and layout.dated:
        raise SourceContractError(f"input {name}: {layout.shown} is asked for by day, a snapshot has no days")
    values = {key: _values(connection, name, *one.source) for key, one in layout.for_each.items() if one.source}
    landed = Path(mkdtemp(dir=folder))
    files = fetch(api, name, layout, window, values, folder=landed, may_be_absent=may_be_absent)
    listed = ", ".join(one_file(file) for file in files)
    options = "union_by_name = true, hive_partitioning = false"
    connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM read_parquet([{listed}], {options})")
    return Answers(name, layout, str(landed))


def _values(connection: duckdb.DuckDBPyConnection, name: str, other: str, column: str) -> list[str]:
    from retail_platform.sources.mapping.inputs import quoted

    value = f"{quoted(column)}::VARCHAR"
    try:
        found = connection.execute(
            f"SELECT DISTINCT {value} FROM {quoted(other)} WHERE trim({value}) <> '' ORDER BY 1"
        ).fetchall()
    except duckdb.BinderException:
        raise SourceContractError(f"input {name}: for_each names {other}.{column}, which is no column") from None
    return [str(row[0]) for row in found]
