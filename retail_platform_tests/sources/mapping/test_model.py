"""What `mapping.toml` may say, and what is told of one that says something else."""

import pytest

from retail_platform.sources.base import Delivery, SourceContractError
from retail_platform.sources.mapping.model import load_mapping
from retail_platform_tests.sources.mapping.conftest import MAPPING, Retailer


def test_a_mapping_says_what_a_source_is(retailer: Retailer) -> None:
    source = retailer.source()

    assert (source.name, source.timezone, source.currency, source.country) == ("corner", "Europe/Paris", "EUR", "FR")
    assert (str(source.default_start), source.span, source.max_visitors_per_hour) == ("2026-03-01", None, None)
    assert source.datasets["stores"].identity == ("store_id",)
    assert source.datasets["sales"].delivery is Delivery.DAY


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ('currency = "EUR"', "", "currency: is missing"),
        ('currency = "EUR"', 'currency = "euro"', "currency: found 'euro'; string should match"),
        ('"Europe/Paris"', '"Europe/Pariss"', "did you mean Europe/Paris?"),
        ("title =", "tittle =", "tittle: unknown key; did you mean title?"),
        (
            'path = "shops.csv"',
            'path = "shops.csv"\ndelimiter = ";"',
            "inputs.shops.delimiter: unknown key; did you mean delim?",
        ),
        ('path = "shops.csv"', 'kind = "http"', "inputs.shops.path: is missing"),
        ('path = "shops.csv"', 'path = "../shops.csv"', "leaves RETAIL_SOURCE_DIR"),
        ('path = "shops.csv"', 'path = "{date:%Y/%m/%d}.csv"', "a day is part of one name, its form holds no '/'"),
        ('path = "shops.csv"', 'path = "shops.dat"', "the format of 'shops.dat' is not told by its ending"),
        ('path = "shops.csv"', 'path = "shops.csv"\nencoding = "utf-9"', "found 'utf-9'; a text encoding is expected"),
        ('path = "shops.csv"', 'path = "shops.csv"\nheader = false', "need their columns named"),
        ('driving = "shops"', 'driving = "shop"', "datasets.stores: driving is 'shop', which is no input; did you"),
        ('driving = "shops"', "", "datasets.stores: driving is missing: name the input whose rows the SQL delivers"),
        (
            "[datasets.sales]",
            '[datasets.opening_hours]\ndelivery = "snapshot"\ndriving_key = ["id"]\n[datasets.sales]',
            "datasets.opening_hours: driving_key names columns of the driving input, and driving is missing",
        ),
        ("[datasets.sales]", "[datasets.sale]", "datasets.sale: unknown dataset; did you mean sales?"),
        ('delivery = "day"', 'delivery = "snapshot"', "delivery is 'snapshot', store_day, day or archive is expected"),
        ('delivery = "day"', 'delivery = "archive"', "needs a span"),
        ('delivery = "day"', 'delivery = "dayly"', "datasets.sales.delivery: found 'dayly'; input should be"),
        (
            '["store_id"]',
            '["storeid"]',
            "identity or ordered_by names 'storeid', which is no column; did you mean store_id?",
        ),
        (
            'delivery = "day"',
            'delivery = "day"\nmatch_stores = { against = "name", least_similarty = 0.9 }',
            "datasets.sales.match_stores.least_similarty: unknown key; did you mean least_similarity?",
        ),
        (
            'delivery = "day"',
            'delivery = "day"\nmatch_stores = { against = "name", least_similarity = 0.3 }',
            "datasets.sales.match_stores.least_similarity: found 0.3; input should be greater than 0.5",
        ),
        (
            'identity = ["store_id"]',
            'match_stores = { against = "name", least_similarity = 0.9 }',
            "datasets.stores: match_stores is for the datasets that name stores",
        ),
        ('delivery = "day"', 'delivery = "day"\nbeyond_span = true', "beyond_span is for an archive"),
        ("default_start = 2026-03-01", "", "default_start: a mapping without span"),
        ("[inputs.shops]", "[inputs.shops", "mapping.toml is no TOML: "),
    ],
)
def test_a_wrong_description_names_file_key_and_what_is_expected(
    retailer: Retailer, found: str, instead: str, told: str
) -> None:
    assert found in MAPPING
    retailer.describe(MAPPING.replace(found, instead))

    with pytest.raises(SourceContractError) as raised:
        load_mapping(retailer.mapping)

    message = str(raised.value)
    assert message.startswith(f"{retailer.mapping}/mapping.toml")
    assert told in message


def test_all_that_is_wrong_is_told_at_once(retailer: Retailer) -> None:
    retailer.describe(MAPPING.replace('"EUR"', '"euro"').replace('"FR"', '"France"'))

    with pytest.raises(SourceContractError, match=r"(?s)currency: .*country: "):
        load_mapping(retailer.mapping)


def test_a_dataset_without_sql_is_refused(retailer: Retailer) -> None:
    (retailer.mapping / "sales.sql").unlink()

    with pytest.raises(SourceContractError, match=r"datasets.sales needs .*sales.sql, which is not there"):
        retailer.source()
