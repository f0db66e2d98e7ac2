"""What DuckDB and others say of a file or a query, without the values of a row that it quotes.

Only words belong here. Messages go to logs, the event log and alerts, and any row may be a person's: of what can
quote one, only those parts are told that cannot hold a value, and a value as its shape.
"""

import re
from difflib import get_close_matches

import duckdb

SURELY_NEAR = 0.75  # how like a declared name at least; a value of a row that lacks its header is not

_OF_MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException)
_OF_SQL = (duckdb.ParserException, duckdb.SyntaxException, duckdb.CatalogException, duckdb.BinderException)
_OF_CSV = re.compile(
    r"^(Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote found"
    r"|Maximum line size of \d+ bytes exceeded\. Actual Size: ?\d+ bytes)",
    re.MULTILINE,
)
_OF_JSON = re.compile(
    r"Malformed JSON in file .*?, at byte \d+ in (?:line|record/value) \d+: [\w ,-]+"
    r'|"maximum_object_size" of \d+ bytes exceeded'
    r"|JSON transform error in file .*?, in (?:line|record/value) \d+",
)
_OF_QUERY = re.compile(
    r"Malformed JSON at byte \d+ of input: [\w ,-]+"
    r"|Overflow in \w+ of \w+"
    r"|More than one row returned by a subquery used as an expression"
    r"|Failed to read file \"[^\"\n]+\""
    r"|Invalid string encoding found in Parquet file \"[^\"\n]+\""
    r"|(?:Date|Time|Timestamp|Epoch seconds) out of range"
    r"|TProtocolException: [A-Za-z ]+"
    r"|An error occurred while trying to automatically install the required extension '\w+"
)
_VALUE = re.compile(
    r"(?:Could not convert string|invalid \w+ field format:|\w+ field value out of range:|Could not parse string)"
    r" (['\"])(?P<value>.*)\1(?: to |, expected | according to )",
    re.DOTALL,
)
_TYPES = (
    r"U?INT\d+|INTEGER|BIGINT|U?HUGEINT|BIGNUM|BOOL|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|UUID|INTERVAL|BIT|ENUM|STRUCT|MAP"
)
_TYPE = re.compile(
    rf".*(?:['\"\d] to|destination type) (?P<type>(?:{_TYPES})(?:\[\])*)(?!\w)"
    r"|(?:invalid )?(?P<of_time>date|time|timestamp) field",
    re.DOTALL,
)
_FORM = re.compile(r".*\" according to format specifier \"(?P<form>(?:%-?[A-Za-z]|[-/:., TZ])+)\"", re.DOTALL)
_COLUMN = re.compile(r".* when casting from source column (?P<column>\w+)\s*$", re.DOTALL)


def of_csv(error: duckdb.Error) -> str:
    """Why a line of a CSV file cannot be read."""
    if isinstance(error, _OF_MACHINE):
        return str(error)
    found = _OF_CSV.findall(str(error).partition("Original Line:")[2])
    return str(found[-1]) if found else "the line does not follow the delim and quote of the input"


def of_json(error: duckdb.Error) -> str:
    """Why a JSON file cannot be read, and where."""
    if isinstance(error, _OF_MACHINE):
        return str(error)
    found = _OF_JSON.search(str(error))
    if not found:
        return "it is no list of objects, nor an object a line"
    twice = " has the same key twice" if "has duplicate key" in str(error) else ""
    return found[0].strip() + twice


def of_excel(error: Exception) -> str:
    """Why an Excel file cannot be read."""
    return " ".join(re.sub(r"(cell error value) '.*'", r"\1", str(error), flags=re.DOTALL).split())


def of_query(error: duckdb.Error) -> str:
    """Why a query fails: of what may quote a value, the column, the type and the value's shape."""
    text = str(error)
    if isinstance(error, (*_OF_SQL, *_OF_MACHINE)):
        return _surely_near(re.split(r"\n\s*LINE \d+:", text)[0])
    kind, _, told = text.rpartition("\n\nLINE ")[0].partition(": ") if "\n\nLINE " in text else text.partition(": ")
    if not kind.endswith(" Error"):
        kind, told = "Error", text
    if fixed := _OF_QUERY.match(told):
        return f"{kind}: {fixed[0].strip()}"
    value, column, meant = _VALUE.match(told), _COLUMN.match(told), _meant(told)
    if not (value or meant):
        return f"{kind}: what DuckDB says of it is left out, as it may quote a row"
    like = f" like {shape(value['value'])!r}" if value else ""
    of = f" of column {column['column']}" if column else ""
    return (
        f"{kind}: a value{like}{of} is no {meant or 'such value'}; deliver it as the text it is, so that it is judged "
        "row by row, or use TRY_CAST"
    )


def shape(value: str, longest: int = 40) -> str:
    """A value without what it says: letters as A and a, digits as 9, signs of ASCII as they are."""
    signs = []
    for sign in value[:longest]:
        if sign.isalpha():
            signs.append("A" if sign.isupper() else "a")
        elif sign.isdigit():
            signs.append("9")
        else:
            signs.append(sign if sign.isascii() and sign.isprintable() else "?")
    return "".join(signs) + ("…" if len(value) > longest else "")


def _meant(told: str) -> str | None:
    """The type, or the form, that a value was expected to be of."""
    if found := _FORM.match(told):
        return f"time written {found['form']}"
    if found := _TYPE.match(told):
        return str(found["type"] or found["of_time"].upper())
    return None


def _surely_near(told: str) -> str:
    """Columns that a query may have meant: those of a file without its header line are values of its first row."""
    told, _, candidates = told.partition("Candidate bindings: ")
    unknown = re.search(r"column \"(.*?)\"", told)
    if not (unknown and candidates):
        return told
    names = re.findall(r"\"(.*?)\"(?:, |\s*$)", candidates)
    near = get_close_matches(unknown[1].lower(), names, n=1, cutoff=SURELY_NEAR)
    return told.rstrip("!\n ") + (f"; did you mean {near[0]}?" if near else "")
