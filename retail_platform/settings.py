"""Every setting of the platform, typed and documented.

Values come from `RETAIL_*` variables or a `.env` file in the working folder. Only `load_settings` reads
the environment; everything else is handed the `Settings` it uses.
"""

import os
import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "RETAIL_"
_TEST_DATA = "RETAIL_TEST_DATA"  # read by the project's tests alone


class SettingsError(ValueError):
    """A setting has a value that is not allowed; the message names variable, value and mend."""


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        near = get_close_matches(name, available_timezones(), n=1)
        raise ValueError(
            "an IANA time zone is expected, as Europe/Paris" + (f"; did you mean {near[0]}?" if near else "")
        )
    return name


def _lake_uri(uri: str) -> str:
    if "://" in uri and not uri.startswith("s3://"):
        raise ValueError("a folder or s3://bucket/prefix is expected")
    if uri.startswith("s3://") and not uri.removeprefix("s3://").split("/")[0]:
        raise ValueError("an s3:// address needs a bucket: s3://bucket/prefix")
    return uri.rstrip("/") if len(uri) > 1 else uri


_BETWEEN_URLS = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")  # a comma within a URL stays


def _split(urls: SecretStr) -> tuple[str, ...]:
    return tuple(_BETWEEN_URLS.split(urls.get_secret_value().strip(" ,\t\n")))


def _alert_urls(urls: SecretStr) -> SecretStr:
    """Refuse what Apprise cannot read, without telling what it is: it holds tokens and passwords."""
    import logging

    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs whole addresses
    given = _split(urls)
    for number, url in enumerate(given, 1):
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url)
        if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None:
            raise ValueError(
                f"number {number} of {len(given)}, {scheme[0] + '…' if scheme else 'which has no scheme://'}, "
                "is no Apprise URL, as mailtos://user:password@example.com?to=you@example.com; see docs/operating.md"
            )
    return urls


TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, as EUR")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2 code, as FR")]


class Settings(BaseSettings):
    """The settings; a field `x` is the variable `RETAIL_X`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    lake_uri: Annotated[str, AfterValidator(_lake_uri)] = Field(
        "data/lake", description="where the tables lie: a folder, or s3://bucket/prefix"
    )
    warehouse: Path | None = Field(None, description="the DuckDB file of finished tables; default: beside the lake")
    dagster_dir: Path | None = Field(
        None, description="where Dagster keeps the lake's history; default: data/dagster/…"
    )
    source: str = Field(
        "simulator", description="`simulator`, a built-in mapping's name, or a mapping's folder", min_length=1
    )
    source_dir: str | None = Field(None, description="where the source's files lie: a folder, or s3://bucket/prefix")
    source_url: str | None = Field(
        None, description="address of the source's API, for mappings with HTTP inputs", pattern=r"^https?://[^@?#\s]+$"
    )
    source_token: SecretStr | None = Field(None, description="what the source's API knows us by, as a bearer token")
    seed: int = Field(1, ge=0, lt=2**32, description="the simulator's seed")
    scale: Literal["tiny", "demo", "large"] = Field("demo", description="the simulator's size")
    start_date: date | None = Field(None, description="first day, YYYY-MM-DD; default: the source's")
    end_date: date | None = Field(None, description="last day, YYYY-MM-DD; default: the source's, else today")
    timezone: TimeZoneName | None = Field(None, description="IANA time zone; default: the source's")
    currency: Currency | None = Field(None, description="ISO 4217 code; default: the source's")
    country: Country | None = Field(None, description="ISO 3166 alpha-2 code; default: the source's")
    calendar_events: Path | None = Field(
        None,
        description="CSV of special days: kind (school_holiday, promotion, strike, works, event, public_holiday), "
        "name, first_day, last_day; store_id or region, where they are not those of all stores",
    )
    weather: Literal["none", "open-meteo"] = Field(
        "none", description="who tells the weather at the stores where the source delivers none: open-meteo, over HTTP"
    )
    weather_url: str = Field(
        "https://archive-api.open-meteo.com",
        description="address of Open-Meteo's archive of past weather",
        pattern=r"^https?://[^@?#\s]+$",
    )
    visitors_per_employee: float | None = Field(
        None, description="visitors one employee serves in an hour, for suggested staff; default: none suggested", gt=0
    )
    engine: Literal["polars"] = Field("polars", description="what reduces row-level tables")
    source_retries: int = Field(2, ge=0, le=20, description="how often an unavailable source is tried again in a run")
    days_per_run: int = Field(31, ge=1, le=366, description="days that one run of a backfill holds at most")
    heal_days: int = Field(35, ge=1, le=3660, description="how many days back healing looks for what is not ok")
    heal_attempts: int = Field(
        30, ge=1, le=1000, description="how often healing tries a day that fails before it gives up and says so"
    )
    heal_backoff: float = Field(
        60, ge=0, le=86400, description="seconds until a day that failed is tried again; doubles up to 4 hours"
    )
    alert_urls: Annotated[SecretStr, AfterValidator(_alert_urls)] | None = Field(
        None, description="where alerts go: Apprise URLs, separated by blanks or commas; none: no alerts"
    )
    log_format: Literal["text", "json"] = Field("text", description="how runs print what they do: text, or json lines")
    ui_url: str = Field(
        "http://127.0.0.1:3000",
        description="address of the Dagster UI, without a password, for links in alerts",
        pattern=r"^https?://[^@\s]+$",
    )

    language: Literal["en", "fr"] = Field(
        "en", description="language of reports, and of the dashboard where a visitor chooses none"
    )
    dashboard_user: str | None = Field(None, description="who may look at the dashboard, with a password", min_length=1)
    dashboard_password: SecretStr | None = Field(None, description="the password of RETAIL_DASHBOARD_USER")
    dashboard_proxy_header: str | None = Field(
        None,
        description="header in which a trusted proxy names whom it let through to the dashboard, as X-Forwarded-User",
        pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
    )

    @model_validator(mode="after")
    def _user_has_a_password(self) -> "Settings":
        if (self.dashboard_user is None) != (self.dashboard_password is None):
            raise ValueError(
                "RETAIL_DASHBOARD_USER and RETAIL_DASHBOARD_PASSWORD belong together: set both, or neither"
            )
        if self.dashboard_user and ":" in self.dashboard_user:
            raise ValueError("RETAIL_DASHBOARD_USER holds a colon, which basic authentication does not allow")
        return self

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> "Settings":
        if self.start_date and self.end_date and self.start_date > self.end_date:
            raise ValueError(
                f"RETAIL_START_DATE {self.start_date} is after RETAIL_END_DATE {self.end_date}: swap them or drop one"
            )
        return self

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file of finished tables: as set, else beside a local lake, else in data/."""
        if self.warehouse is not None:
            return self.warehouse
        return Path("data" if "://" in self.lake_uri else Path(self.lake_uri).parent, f"{self._lake_name}.duckdb")

    @property
    def history_dir(self) -> Path:
        """Where Dagster keeps the history of this lake: as set, else a folder of the lake's own."""
        return self.dagster_dir or Path("data", "dagster", re.sub(r"[^A-Za-z0-9]+", "-", self.lake_uri).strip("-"))

    def secrets(self) -> list[str]:
        """What must never be shown."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)] + [*self.alert_addresses]

    @property
    def alert_addresses(self) -> tuple[str, ...]:
        """The Apprise URLs, one by one; secret."""
        return _split(self.alert_urls) if self.alert_urls else ()

    @property
    def _lake_name(self) -> str:
        return self.lake_uri.rstrip("/").rsplit("/", 1)[-1]

    def variables(self) -> list[tuple[str, str, str]]:
        """Name, value and description of each variable, secrets masked."""
        return [
            (
                PREFIX + name.upper(),
                "" if (value := getattr(self, name)) is None else str(value),
                field.description or "",
            )
            for name, field in type(self).model_fields.items()
        ]


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises:
        SettingsError: naming each variable that has a wrong value, the value, and what is allowed; or a `RETAIL_*`
            variable that is no setting.
    """
    return _settings(_ours(dotenv_values(".env")), _ours(os.environ))


_Given = tuple[tuple[str, str | None], ...]


def _ours(variables: Mapping[str, str | None]) -> _Given:
    return tuple(sorted((name, value) for name, value in variables.items() if name.upper().startswith(PREFIX)))


@lru_cache(maxsize=1)
def _settings(in_file: _Given, in_environment: _Given) -> Settings:
    """The settings are read for each step of a run: the same variables give the same."""
    _refuse_unknown({name.upper() for name, _ in (*in_file, *in_environment)})
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(problem) for problem in error.errors())) from None


def _refuse_unknown(given: set[str]) -> None:
    """A misspelt variable would leave the default in force in silence."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(given):
        if name not in known and name != _TEST_DATA:
            near = get_close_matches(name, known, n=1)
            raise SettingsError(
                f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else f": known are {', '.join(known)}")
            )


def _explain(problem: object) -> str:
    assert isinstance(problem, dict)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = str(problem["loc"][0])
    field = Settings.model_fields[name]
    given = re.sub(r"(?<=//)[^/\s]*(?=@)", "***", repr(problem["input"]))  # a password in an address
    shown = "***" if "SecretStr" in str(field.annotation) else given
    return f"{PREFIX}{name.upper()} is {shown}: {message} ({field.description})"
