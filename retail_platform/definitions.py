"""Assembles the code location: the only module that sees everything."""

import warnings
from collections.abc import Callable
from functools import lru_cache

import dagster as dg

from retail_platform.automation import healing, jobs, landing, liveness, logs, schedules
from retail_platform.automation.alerts import sensor as alerts
from retail_platform.domains.anomalies import assets as anomaly_assets
from retail_platform.domains.anomalies import checks as anomaly_checks
from retail_platform.domains.calendar import assets as calendar_assets
from retail_platform.domains.calendar import checks as calendar_checks
from retail_platform.domains.clients import assets as client_assets
from retail_platform.domains.clients import checks as client_checks
from retail_platform.domains.footfall import assets as footfall_assets
from retail_platform.domains.footfall import checks as footfall_checks
from retail_platform.domains.forecast import assets as forecast_assets
from retail_platform.domains.forecast import checks as forecast_checks
from retail_platform.domains.metrics import assets as metric_assets
from retail_platform.domains.metrics import checks as metric_checks
from retail_platform.domains.products import assets as product_assets
from retail_platform.domains.products import checks as product_checks
from retail_platform.domains.reports import assets as report_assets
from retail_platform.domains.sales import assets as sale_assets
from retail_platform.domains.sales import checks as sale_checks
from retail_platform.domains.stores import assets as store_assets
from retail_platform.domains.stores import checks as store_checks
from retail_platform.domains.warehouse import assets as warehouse_assets
from retail_platform.domains.weather import assets as weather_assets
from retail_platform.domains.weather import checks as weather_checks
from retail_platform.retailer import Retailer
from retail_platform.settings import Settings, load_settings
from retail_platform.sources.registry import open_source
from retail_platform.storage import documents
from retail_platform.storage.io_manager import LakeIOManager
from retail_platform.storage.objects import ObjectIOManager

_ASSETS: list[Callable[[Retailer], list[dg.AssetsDefinition]]] = [
    calendar_assets.build,
    client_assets.build,
    product_assets.build,
    store_assets.build,
    sale_assets.build,
    footfall_assets.build,
    anomaly_assets.build,
    forecast_assets.build,
    metric_assets.build,
    report_assets.build,
    weather_assets.build,
    warehouse_assets.build,
]
_CHECKS: list[Callable[[Retailer], list[dg.AssetChecksDefinition]]] = [
    calendar_checks.build,
    client_checks.build,
    product_checks.build,
    store_checks.build,
    sale_checks.build,
    footfall_checks.build,
    anomaly_checks.build,
    forecast_checks.build,
    metric_checks.build,
    weather_checks.build,
]

_ACCEPTED = (
    "Parameter `backfill_policy` of function",
    "Parameter `allow_nonexistent_upstream_partitions` of initializer",
    "Specifying a partitions_def on an AssetCheckSpec",
)
"""Dagster's beta and preview features that the platform rests on; any other such warning is shown."""


def open_retailer(settings: Settings) -> Retailer:
    """The retailer that the settings describe."""
    return Retailer(settings, open_source(settings))


def assemble(retailer: Retailer) -> dg.Definitions:
    """The graph of one retailer: assets, checks, jobs, schedules and the lake they live in."""
    with warnings.catch_warnings():
        for message in _ACCEPTED:
            warnings.filterwarnings("ignore", message=message)
        return _assemble(retailer)


def _assemble(retailer: Retailer) -> dg.Definitions:
    assets = [asset for build in _ASSETS for asset in build(retailer)]
    daily = [key for asset in assets if asset.partitions_def is not None for key in asset.keys]
    return dg.Definitions(
        assets=assets,
        asset_checks=[check for build in _CHECKS for check in build(retailer)],
        jobs=jobs.build(retailer, daily),
        schedules=schedules.build(retailer),
        sensors=[healing.build(retailer), alerts.build(retailer), *landing.build(retailer)],
        resources={
            "io_manager": LakeIOManager(lake_uri=retailer.settings.lake_uri),
            "objects": ObjectIOManager(lake_uri=retailer.settings.lake_uri),
            documents.KEY: documents.DocumentIOManager(lake_uri=retailer.settings.lake_uri),
        },
        executor=liveness.executor,
        loggers=logs.build(retailer),
    )


@lru_cache(maxsize=1)
def _assembled(settings: Settings) -> dg.Definitions:
    """Dagster loads the code location several times a run: the same settings give the same graph."""
    return assemble(open_retailer(settings))


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of the retailer named by the `RETAIL_*` settings."""
    return _assembled(load_settings())
