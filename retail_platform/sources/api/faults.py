"""What the source API does wrong on purpose, and the switch that is turned while it runs.

Only which request is struck by what belongs here; how a broken answer looks is `responses`' business.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from retail_platform.sources.api.content import Asked
from retail_platform.sources.base import DAILY_DATASETS

Clock = Callable[[], datetime]
Rate = Annotated[float, Field(ge=0, le=1)]
_MAX_SECONDS = 3600
_WHERE = {"query", "body"}


def _daily(name: str) -> str:
    if name not in DAILY_DATASETS:
        raise ValueError(f"{name!r} is no dataset of stores and days: name some of {', '.join(sorted(DAILY_DATASETS))}")
    return name


_Daily = Annotated[str, AfterValidator(_daily)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _BusinessDays(_Model):
    first_day: date | None = Field(None, description="first business date it strikes; null: from the first on")
    last_day: date | None = Field(None, description="last business date it strikes; null: to the last")

    @model_validator(mode="after")
    def _in_order(self) -> "_BusinessDays":
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValueError(f"first_day {self.first_day} is after last_day {self.last_day}: swap them")
        return self

    def strikes_day(self, day: date | None) -> bool:
        """Whether a request for a business date is struck; one without a date only where no days are named."""
        if day is None:
            return self.first_day is None and self.last_day is None
        return (self.first_day or date.min) <= day <= (self.last_day or date.max)


class Outage(_BusinessDays):
    """Requests answered by 503: in a time by the wall clock, for business dates, or both; without either all."""

    begins: AwareDatetime | None = Field(None, description="wall time with its offset; null: at once")
    ends: AwareDatetime | None = Field(None, description="wall time with its offset; null: until cleared")

    def strikes(self, asked: Asked, now: datetime) -> bool:
        """Whether a request is struck."""
        begun = self.begins is None or self.begins <= now
        over = self.ends is not None and self.ends <= now
        return begun and not over and self.strikes_day(asked.day)


class StoreFault(_BusinessDays):
    """A store whose daily rows cannot be had."""

    store_id: str = Field(min_length=1)
    datasets: tuple[_Daily, ...] = Field((), description="which daily datasets; empty: all")
    until: AwareDatetime | None = Field(None, description="a late store: well from this wall time on")

    def strikes(self, asked: Asked, now: datetime) -> bool:
        """Whether the store's rows of a request are struck."""
        late = self.until is None or now < self.until
        return late and (not self.datasets or asked.dataset in self.datasets) and self.strikes_day(asked.day)


def _from_id(value: Any) -> Any:
    return {"store_id": value} if isinstance(value, str) else value


StoreFaults = tuple[Annotated[StoreFault, BeforeValidator(_from_id)], ...]


class Faults(_Model):
    """Everything the API can do wrong; rates are shares of requests, drawn anew for each request."""

    seed: int = Field(0, description="of the draws; the n-th request of a page fares the same in each run")
    outages: tuple[Outage, ...] = ()
    error_rate: Rate = Field(0, description="answered by one of `error_statuses`")
    error_statuses: tuple[Literal[429, 500, 502, 503, 504], ...] = Field((500, 502, 429), min_length=1)
    retry_after: int = Field(1, ge=0, le=_MAX_SECONDS, description="seconds in the Retry-After of a 429")
    latency: float = Field(0, ge=0, le=_MAX_SECONDS, description="seconds that each answer waits")
    truncate_rate: Rate = Field(0, description="answered by half of the JSON")
    drop_rate: Rate = Field(0, description="the connection ends within the answer")
    duplicate_rate: Rate = Field(0, description="the page's `next_cursor` leads to the same page again")
    missing_stores: StoreFaults = Field((), description="rows absent in silence; with `until` a late store")
    failing_stores: StoreFaults = Field((), description="answered by 500")
    corrected_days: frozenset[date] = Field(frozenset(), description="some amounts differ from the first version")

    @property
    def store_ids(self) -> set[str]:
        """The stores that are named."""
        return {fault.store_id for fault in self.missing_stores + self.failing_stores}


def explained(errors: Iterable[Mapping[str, Any]]) -> str:
    """What pydantic found wrong, field by field, in a line for people."""
    return "; ".join(map(_explained, errors))


def _explained(found: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in found["loc"] if part not in _WHERE)
    what = "is not known" if found["type"] == "extra_forbidden" else found["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


@dataclass(frozen=True)
class Strike:
    """What befalls one request.

    Attributes:
        name: for the access log; None: nothing.
        latency: seconds to wait.
        status: of the error that answers, None: none does.
        message: of that error.
        retry_after: seconds of its Retry-After.
        damage: of an answer that is given.
    """

    name: str | None = None
    latency: float = 0
    status: int | None = None
    message: str = ""
    retry_after: int | None = None
    damage: Literal["dropped", "truncated", "duplicated"] | None = None


class UnknownStore(ValueError):
    """Faults name a store that there is not; the message says which there are."""


class FaultSwitch:
    """The faults in force. Safe to use from any thread.

    Args:
        faults: at the start.
        store_ids: the stores there are.
        clock: the wall time, aware.

    Raises:
        UnknownStore: the faults name a store that there is not.
    """

    def __init__(self, faults: Faults, store_ids: frozenset[str], clock: Clock) -> None:
        self._store_ids = store_ids
        self._clock = clock
        self._asked: Counter[tuple[Asked, int]] = Counter()
        self._lock = threading.Lock()
        self.set(faults)

    @property
    def current(self) -> Faults:
        """The faults in force."""
        return self._faults

    def set(self, faults: Faults) -> None:
        """Put other faults in force, with fresh draws.

        Raises:
            UnknownStore: they name a store that there is not.
        """
        if unknown := faults.store_ids - self._store_ids:
            raise UnknownStore(
                f"the faults name the store {', '.join(sorted(unknown))}, which there is not: "
                f"there are {min(self._store_ids)} to {max(self._store_ids)}"
            )
        with self._lock:
            self._faults = faults
            self._asked.clear()

    def change(self, **fields: object) -> Faults:
        """Change some fields of `Faults`, given as in JSON, and leave the others.

        Raises:
            ValueError: a field or value is not allowed, or a store is unknown.
        """
        changed = Faults.model_validate(self._faults.model_dump() | fields)
        self.set(changed)
        return changed

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        self.set(Faults())

    def missing_stores(self, asked: Asked) -> frozenset[str]:
        """The stores whose rows are absent from an answer."""
        now = self._clock()
        return frozenset(fault.store_id for fault in self._faults.missing_stores if fault.strikes(asked, now))

    def is_corrected(self, asked: Asked) -> bool:
        """Whether an answer has the second version of its day."""
        return asked.day in self._faults.corrected_days

    def strike(self, asked: Asked, offset: int) -> Strike:
        """Decide what befalls the request of a page; each call is a request."""
        faults, now = self._faults, self._clock()
        if any(outage.strikes(asked, now) for outage in faults.outages):
            return Strike("outage", faults.latency, 503, "the back office is out of service")
        failing = sorted(fault.store_id for fault in faults.failing_stores if fault.strikes(asked, now))
        if asked.day and any(asked.store_id in (None, store) for store in failing):
            named = asked.store_id or ", ".join(failing)
            return Strike("failing store", faults.latency, 500, f"the rows of store {named} cannot be read")
        return self._drawn(faults, asked, offset)

    def _drawn(self, faults: Faults, asked: Asked, offset: int) -> Strike:
        rates = (faults.error_rate, faults.drop_rate, faults.truncate_rate, faults.duplicate_rate)
        if not any(rates):
            return Strike(latency=faults.latency)
        with self._lock:
            self._asked[asked, offset] += 1
            attempt = self._asked[asked, offset]
        # Keyed by page and attempt, so that the order in which parallel requests come in does not matter.
        drawn = random.Random(f"{faults.seed} {asked} {offset} {attempt}")
        if drawn.random() < faults.error_rate:
            status = drawn.choice(faults.error_statuses)
            wait = faults.retry_after if status == 429 else None
            return Strike(f"error {status}", faults.latency, status, _SAID[status], wait)
        if drawn.random() < faults.drop_rate:
            return Strike("dropped", faults.latency, damage="dropped")
        if drawn.random() < faults.truncate_rate:
            return Strike("truncated", faults.latency, damage="truncated")
        if drawn.random() < faults.duplicate_rate:
            return Strike("duplicated", faults.latency, damage="duplicated")
        return Strike(latency=faults.latency)


_SAID = {
    429: "too many requests: wait as long as Retry-After says",
    500: "the back office failed",
    502: "the back office gave no answer to its gateway",
    503: "the back office is out of service",
    504: "the back office did not answer its gateway in time",
}
