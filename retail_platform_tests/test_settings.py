"""A wrong setting is told by its variable, its value and what is allowed."""

import re
from pathlib import Path

import pytest

from retail_platform.settings import Settings, SettingsError, load_settings


def test_the_defaults_are_a_simulated_retailer_in_one_folder() -> None:
    settings = load_settings()

    assert (settings.source, settings.scale, settings.lake_uri) == ("simulator", "demo", "data/lake")
    assert settings.warehouse_file == Path("data/lake.duckdb")


def test_variables_go_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RETAIL_SEED=5\nRETAIL_SCALE=tiny\nOTHER=1\n")
    monkeypatch.setenv("RETAIL_SEED", "6")

    settings = load_settings()

    assert (settings.seed, settings.scale) == (6, "tiny")


def test_what_changes_later_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().seed == 1
    (tmp_path / ".env").write_text("RETAIL_SEED=5\n")
    assert load_settings().seed == 5
    (tmp_path / ".env").write_text("RETAIL_SEED=7\n")
    assert load_settings().seed == 7
    monkeypatch.setenv("RETAIL_SEED", "6")
    assert load_settings().seed == 6


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("RETAIL_LAKE_URI", "gs://bucket/lake", "a folder or s3://bucket/prefix is expected"),
        ("RETAIL_LAKE_URI", "s3://", "an s3:// address needs a bucket"),
        ("RETAIL_SOURCE_URL", "ftp://shop", "address of the source's API"),
        ("RETAIL_SEED", "-1", "greater than or equal to 0"),
        ("RETAIL_SEED", "one", "valid integer"),
        ("RETAIL_SCALE", "huge", "'tiny', 'demo' or 'large'"),
        ("RETAIL_START_DATE", "01/02/2026", "YYYY-MM-DD"),
        ("RETAIL_END_DATE", "2026-02-30", "YYYY-MM-DD"),
        (
            "RETAIL_TIMEZONE",
            "Europe/Pari",
            "an IANA time zone is expected, as Europe/Paris; did you mean Europe/Paris?",
        ),
        ("RETAIL_CURRENCY", "euro", "ISO 4217 code"),
        ("RETAIL_COUNTRY", "France", "ISO 3166 alpha-2 code"),
        ("RETAIL_ENGINE", "pandas", "'polars'"),
        ("RETAIL_SOURCE_RETRIES", "-1", "greater than or equal to 0"),
        ("RETAIL_DAYS_PER_RUN", "0", "greater than or equal to 1"),
        ("RETAIL_HEAL_DAYS", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value).startswith(f"{variable} is {value!r}: ")
    assert allowed in str(raised.value)


def test_a_password_in_an_address_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_SOURCE_URL", "https://bob:hunter2@till")

    with pytest.raises(SettingsError, match=r"RETAIL_SOURCE_URL is 'https://\*\*\*@till': "):
        load_settings()


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_SEED", "x")
    monkeypatch.setenv("RETAIL_SCALE", "y")

    with pytest.raises(SettingsError, match=r"RETAIL_SEED is 'x'.*\n.*RETAIL_SCALE is 'y'"):
        load_settings()


def test_a_start_after_the_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_START_DATE", "2026-02-01")
    monkeypatch.setenv("RETAIL_END_DATE", "2026-01-01")

    with pytest.raises(SettingsError, match="RETAIL_START_DATE 2026-02-01 is after RETAIL_END_DATE 2026-01-01: swap"):
        load_settings()


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a copy of `.env.example` whose lines are left open."""
    monkeypatch.setenv("RETAIL_START_DATE", "")
    monkeypatch.setenv("RETAIL_CURRENCY", "")

    settings = load_settings()

    assert (settings.start_date, settings.currency) == (None, None)


def test_a_variable_of_a_wrong_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_SOURC", "olist")

    with pytest.raises(SettingsError, match=r"RETAIL_SOURC is no setting; did you mean RETAIL_SOURCE\?"):
        load_settings()


def test_every_setting_is_described_and_secrets_are_masked() -> None:
    settings = Settings(source_token="hunter2", alert_urls="json://127.0.0.1/hunter2")  # type: ignore[arg-type]
    variables = settings.variables()

    assert [name for name, _, description in variables if not description] == []
    values = {name: value for name, value, _ in variables}
    assert values["RETAIL_SOURCE_TOKEN"] == values["RETAIL_ALERT_URLS"] == "**********"
    assert "hunter2" not in str(variables) + repr(settings)


def test_alert_urls_are_separated_by_blanks_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RETAIL_ALERT_URLS", "json://127.0.0.1/a?to=b,c, mailto://127.0.0.1?from=a@b.cc&to=c@d.ee,f@g.hh\nxml://h"
    )

    assert load_settings().alert_addresses == (
        "json://127.0.0.1/a?to=b,c",
        "mailto://127.0.0.1?from=a@b.cc&to=c@d.ee,f@g.hh",
        "xml://h",
    )


@pytest.mark.parametrize(
    ("urls", "says"),
    [
        ("json://127.0.0.1 nosuch://hunter2", "RETAIL_ALERT_URLS is ***: number 2 of 2, nosuch://…, is no Apprise URL"),
        ("hooks.example.com/hunter2", "RETAIL_ALERT_URLS is ***: number 1 of 1, which has no scheme://, is no Apprise"),
    ],
)
def test_a_wrong_alert_url_is_told_without_its_secret(monkeypatch: pytest.MonkeyPatch, urls: str, says: str) -> None:
    monkeypatch.setenv("RETAIL_ALERT_URLS", urls)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert str(raised.value).startswith(says)
    assert "hunter2" not in str(raised.value)


def test_the_example_file_names_settings_only() -> None:
    example = (Path(__file__).resolve().parents[1] / ".env.example").read_text()
    known = {name for name, _, _ in Settings().variables()}

    assert set(re.findall(r"RETAIL_\w+", example)) <= known
