"""`retail alerts test` tells which channels work; no command shows an alert's address."""

from pathlib import Path

from retail_platform_tests.automation.alerts.servers import free_port, webhook
from retail_platform_tests.platform import Platform, message


def test_each_channel_is_tried_and_told(tmp_path: Path) -> None:
    dead = f"json://127.0.0.1:{free_port()}/hunter3"
    with webhook() as hook, Platform(tmp_path) as platform:
        good = platform.retail("alerts", "test", alert_urls=hook.url)
        mixed = platform.retail("alerts", "test", alert_urls=f"{hook.url}, {dead}")

    assert (good.exit_code, message(good)) == (0, "1:json took the message")
    assert mixed.exit_code == 1
    assert "1:json took the message 2:json took no message: check address, password and network" in message(mixed)
    assert hook.subjects == ["[simulator] test of the alerts"] * 2
    assert "hunter" not in good.output + mixed.output


def test_without_a_channel_there_is_nothing_to_test(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        result = platform.retail("alerts", "test")

    assert result.exit_code == 2
    assert "RETAIL_ALERT_URLS is not set" in message(result)


def test_an_address_that_apprise_cannot_read_is_told_without_it(tmp_path: Path) -> None:
    with Platform(tmp_path) as platform:
        result = platform.retail("settings", alert_urls="json://127.0.0.1/hunter2 nosuch://hunter3")

    assert result.exit_code == 2
    assert "RETAIL_ALERT_URLS is ***: number 2 of 2, nosuch://…, is no Apprise URL" in message(result)
    assert "hunter" not in result.output
