"""`retail alerts`: trying the channels that alerts go to."""

import typer

from retail_platform.cli.common import FAILED, Misuse, configured, console, retailer_of, told


def register(app: typer.Typer) -> None:
    """Add the commands."""
    alerts = typer.Typer(help="Where alerts go.", no_args_is_help=True)
    alerts.command()(test)
    app.add_typer(alerts, name="alerts")


@told
def test() -> None:
    """Send a test message to every channel of RETAIL_ALERT_URLS, and say which took it; exit code 1 if one did not.

    Example: `retail alerts test`
    """
    from retail_platform.automation.alerts.messages import test_message
    from retail_platform.automation.alerts.send import channels, deliver

    settings = configured()
    to = channels(settings.alert_addresses)
    if not to:
        raise Misuse("RETAIL_ALERT_URLS is not set: there is nowhere to send alerts to; docs/operating.md shows how")
    message = test_message(retailer_of(settings).source.name, settings.ui_url)
    failed = False
    for channel in to:
        taken = deliver(message, channel)
        failed = failed or not taken
        said = "took the message" if taken else "took no message: check address, password and network"
        console.print(f"{channel.label} {said}", style="" if taken else "red", highlight=False)
    if failed:
        raise typer.Exit(FAILED)
