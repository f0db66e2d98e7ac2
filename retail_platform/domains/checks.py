"""Which rules every validated table has, whatever its domain."""

from collections.abc import Sequence

import dagster as dg
import dataframely as dy

from retail_platform.quality import rules
from retail_platform.quality.checks import table_checks
from retail_platform.quality.rules import Rule
from retail_platform.retailer import Retailer
from retail_platform.sources.base import DAILY_DATASETS, Delivery


def validated_checks(
    retailer: Retailer,
    dataset: str,
    contract: type[dy.Schema],
    *,
    table: str | None = None,
    more: Sequence[Rule] = (),
    warn: float = 0.01,
    error: float = 0.1,
) -> dg.AssetChecksDefinition:
    """Conservation, quarantine rate, uniqueness, misspelt stores; of daily tables volume and, by store, completeness.

    Args:
        retailer: whose source says how the dataset arrives.
        dataset: what was delivered.
        contract: of the table; its primary key is unique.
        table: its name, if another than the dataset's.
        more: rules of the domain's own.
        warn: share of quarantined rows above which a day warns.
        error: share above which it is an error.
    """
    table = table or dataset
    found = [rules.conservation(table, f"raw_{dataset}"), rules.quarantine_rate(table, warn=warn, error=error)]
    if key := contract.primary_key():
        found.append(rules.uniqueness(table, key))
    daily, delivered = dataset in DAILY_DATASETS, retailer.source.datasets[dataset]
    if matching := delivered.match_stores:
        found.append(rules.store_names(f"raw_{dataset}", matching))
    if daily:
        found.append(rules.volume(table))
        if delivered.delivery is Delivery.STORE_DAY:
            doors = dataset == "footfall"
            found.append(
                rules.completeness(f"raw_{dataset}", with_doors_only=doors, today=retailer.today, matching=matching)
            )
    return table_checks(retailer, table, [*found, *more], daily=daily)
