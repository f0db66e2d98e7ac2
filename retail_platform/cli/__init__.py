"""The `retail` command. Each module holds the commands of one concern; `common` what they share."""

import typer

from retail_platform.cli import alerts, backfill, check, dashboard, dev, inspect, materialize, serve, sources, status

app = typer.Typer(
    name="retail",
    help="A Dagster asset-graph data platform for retail. Settings are RETAIL_* variables or a .env file.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for module in (materialize, backfill, check, status, inspect, sources, serve, alerts, dashboard, dev):
    module.register(app)
