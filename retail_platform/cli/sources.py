"""`retail sources` and `retail settings`: where rows come from, and how the platform is set up."""

from pathlib import Path
from typing import Annotated

import typer

from retail_platform.cli.common import FAILED, SourceDir, configured, console, shown_table, told

sources = typer.Typer(help="Where rows come from.", no_args_is_help=True)
_STYLE = {"error": "red", "warning": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    sources.command("list")(list_sources)
    sources.command("check")(check_source)
    app.add_typer(sources, name="sources")
    app.command("settings")(show_settings)


@told
def list_sources() -> None:
    """List the sources that come with the platform.

    Example: `retail sources list`
    """
    from retail_platform.sources.mapping.model import load_mapping
    from retail_platform.sources.registry import built_in_mappings
    from retail_platform.sources.simulator import Simulator

    table = shown_table("RETAIL_SOURCE", ("Name", "What", "Datasets", "Days"))
    table.add_row(
        "simulator", "A made-up retailer, with faults on purpose", ", ".join(Simulator(1, "tiny").datasets), "any"
    )
    for name, title, folder in built_in_mappings():
        mapping = load_mapping(folder)
        table.add_row(
            name,
            title,
            ", ".join(mapping.datasets),
            f"{mapping.span.first}..{mapping.span.last}" if mapping.span else "any",
        )
    table.add_row("a folder", "Your own: mapping.toml and one SQL file a dataset", "", "")
    console.print(table)


@told
def check_source(
    folder: Annotated[str, typer.Argument(help="A mapping's folder, or the name of a built-in one.")],
    source_dir: SourceDir = None,
) -> None:
    """Validate a mapping against its inputs: what is missing, unknown or mistyped, column by column.

    Example: `retail sources check my_mapping --source-dir deliveries`
    """
    from retail_platform.sources.mapping.check import check_mapping
    from retail_platform.sources.registry import mapping_folder

    settings = configured(source_dir=source_dir)
    findings = check_mapping(
        mapping_folder(folder),
        settings.source_dir,
        source_url=settings.source_url,
        source_token=settings.source_token,
        day=settings.end_date,
    )
    for finding in findings:
        place = ".".join(part for part in (finding.dataset, finding.column) if part)
        console.print(
            f"{finding.level:<8} {place}{': ' if place else ''}{finding.message}",
            style=_STYLE.get(finding.level, ""),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    levels = [finding.level for finding in findings]
    errors, warnings = levels.count("error"), levels.count("warning")
    told = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    console.print(f"{'not ready' if errors else 'ready to use'}: {told}", highlight=False)
    if errors:
        raise typer.Exit(FAILED)


@told
def show_settings() -> None:
    """Show every setting, its value (secrets masked) and what it is for.

    Example: `RETAIL_SOURCE=olist retail settings`
    """
    from retail_platform.definitions import open_retailer

    settings = configured()
    table = shown_table("Settings", ("Variable", "Value", "What"))
    for variable, value, description in settings.variables():
        table.add_row(variable, value, description)
    console.print(table)
    retailer = open_retailer(settings)
    console.print(
        f"In effect: {retailer.source.name}, {retailer.span()}, {retailer.timezone}, {retailer.currency}, "
        f"{retailer.country}; lake {settings.lake_uri} ({Path(settings.lake_uri).resolve()})"
        if "://" not in settings.lake_uri
        else f"In effect: {retailer.source.name}, {retailer.span()}, lake {settings.lake_uri}"
    )
