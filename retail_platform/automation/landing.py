"""The landing sensor: new and changed files of a mapping's inputs, and the days they touch are made again.

Here the files are listed, compared and remembered, and backfills are requested. What is remembered is `landed`'s
business, what a change reaches `reach`'s. A day that fails is not requested again: that is healing's business.

A tick can die anywhere. What is to be requested is kept with the listing in one write; a request is written down with
its id before it is made. So nothing is lost, and nothing is requested twice.
"""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from threading import Lock
from typing import TypeVar

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES, BulkActionStatus
from dagster._core.utils import make_new_backfill_id

from retail_platform.automation.landed import (
    Memory,
    first_look,
    from_text,
    look,
    owe,
    progress_of,
    settle,
    take,
    to_text,
)
from retail_platform.automation.reach import backfill, targets
from retail_platform.automation.requests import held
from retail_platform.partitions import materialized_days
from retail_platform.retailer import Retailer
from retail_platform.sources.base import DAILY_DATASETS, Delivery, SourceContractError, SourceUnavailable
from retail_platform.sources.deliver import deliver
from retail_platform.sources.mapping.changes import Touch, changed_days, file_inputs, listing
from retail_platform.sources.mapping.source import Mapping
from retail_platform.storage.lake import Lake
from retail_platform.windows import Window, chunks

NAME = "landing"
SECONDS_BETWEEN_LOOKS = 30
_COMPARING_SECONDS = 20  # of the 60 a tick has
_RUNS_AT_ONCE = 12  # so that today's file never waits for years of others
_RUNS_LOOKED_UP = 500
_PAUSE_SECONDS = 600  # until a request is made again that Dagster gave up
_Id = TypeVar("_Id", str, int)


def build(retailer: Retailer) -> list[dg.SensorDefinition]:
    """The sensor, where the source is a mapping that reads files."""
    source = retailer.source
    if not isinstance(source, Mapping) or not file_inputs(source):
        return []
    one_at_a_time = Lock()  # a tick that Dagster has given up may still go on in this process

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        asset_selection=[raw_key(dataset) for dataset in source.datasets],
        description=f"New or changed files in {source.source_folder.name}: the days they touch are made again.",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        assert context.repository_def is not None
        if not one_at_a_time.acquire(blocking=False):
            return dg.SensorResult(skip_reason="the look before this one is not over yet")
        try:
            tick = Tick(retailer, source, context.instance, context.repository_def.asset_graph)
            said, problems = tick.run()
        except SourceUnavailable as error:
            return dg.SensorResult(skip_reason=f"{error}; nothing is lost, the next look sees what came")
        finally:
            one_at_a_time.release()
        if problems:
            raise SourceContractError("\n".join([*problems, f"The other files: {said}"]))
        return dg.SensorResult(skip_reason=said, cursor=said)

    return [landing]


def raw_key(dataset: str) -> dg.AssetKey:
    """The asset of a dataset's rows as delivered."""
    return dg.AssetKey(f"raw_{dataset}")


@dataclass(frozen=True)
class Tick:
    """One look at the files, and what follows from it."""

    retailer: Retailer
    source: Mapping
    instance: dg.DagsterInstance
    graph: AssetGraph

    def run(self) -> tuple[str, list[str]]:
        """Look, compare, request.

        Returns:
            What was found and done, and what is wrong with files so that they could not be looked at.

        Raises:
            SourceUnavailable: the files cannot be listed now.
        """
        memory = self._recall()
        if memory is not None and memory.asked is not None:
            memory = self._ask(memory)
        if memory is not None and memory.made:
            memory = self._settle(memory)
        try:
            there = listing(self.source)
        except OSError as error:  # a file was moved away while it was looked at
            raise SourceUnavailable(f"{self.source.source_folder.name}: {error}") from error
        if memory is None:
            memory = self._begin(there.touches)
        problems, span = list(there.problems), self.retailer.span()
        seen, to_compare = look(memory, there.touches, span, complete=not problems)
        if seen != memory:
            self._remember(seen)
        later: list[str] = []
        memory = self._compare_all(seen, to_compare, span, problems, later)
        return "; ".join([self._request(memory, len(there.touches)), *later]), problems

    def _begin(self, touches: Iterable[Touch]) -> Memory:
        """The first memory: files that came before the days they touch were last made need no request."""
        there = list(touches)
        made = {dataset: self._made_at(dataset) for dataset in {touch.dataset for touch in there}}

        def made_since(touch: Touch) -> bool:
            of = made[touch.dataset]
            if touch.dataset not in DAILY_DATASETS:
                return of.get("", 0.0) > touch.arrived
            days = [touch.day] if touch.day else list(self.retailer.span().days())
            return min(of.get(str(day), 0.0) for day in days) > touch.arrived

        memory = first_look(there, made_since)
        self._remember(memory)
        return memory

    def _made_at(self, dataset: str) -> dict[str, float]:
        """When the run began that made each day of a raw table, or the whole one (a day of no name) last."""
        key, storage = raw_key(dataset), self.instance.event_log_storage
        if dataset not in DAILY_DATASETS:
            event = self.instance.get_latest_materialization_event(key)
            runs = {"": event.run_id} if event else {}
        else:
            newest = storage.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
            day_of, runs = {id: day for day, id in newest.items()}, {}
            for ids in _in_parts(sorted(day_of)):
                wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=ids)
                for record in self.instance.fetch_materializations(wanted, limit=len(ids)).records:
                    runs[day_of[record.storage_id]] = record.run_id
        began = {
            record.dagster_run.run_id: record.start_time or 0.0
            for ids in _in_parts(sorted(set(runs.values())))
            for record in self.instance.get_run_records(dg.RunsFilter(run_ids=ids))
        }
        return {day: began.get(run_id, 0.0) for day, run_id in runs.items()}

    def _compare_all(
        self, memory: Memory, to_compare: dict[str, list[Touch]], span: Window, problems: list[str], later: list[str]
    ) -> Memory:
        """Find the days whose rows differ, of each dataset that files hold for all days.

        One that is wrong waits, and one that cannot be read now, as an API is down that its SQL joins.
        """
        end = time.monotonic() + _COMPARING_SECONDS
        for dataset, files in sorted(to_compare.items()):
            try:
                memory = self._compare(memory, dataset, files, span, end)
            except SourceContractError as error:
                problems.append(str(error))
            except SourceUnavailable as error:
                later.append(f"{dataset} cannot be compared now: {error}")
        return memory

    def _compare(self, memory: Memory, dataset: str, files: list[Touch], span: Window, end: float) -> Memory:
        progress = progress_of(memory, files, span.first)
        while progress.next <= span.last:
            if time.monotonic() > end:
                return memory
            part = next(chunks(Window(progress.next, span.last), self.retailer.settings.days_per_run))
            found = progress.found | self._changed(dataset, part)
            following = date.fromordinal(part.last.toordinal() + 1)
            progress = replace(progress, next=following, found=frozenset(found))
            memory = replace(memory, compared={**memory.compared, dataset: progress})
            self._remember(memory)
        memory = owe(memory, files, days=progress.found)
        self._remember(memory)
        return memory

    def _changed(self, dataset: str, window: Window) -> set[date]:
        """Days of which the lake has other rows than are delivered now, or none though they are delivered."""
        table, lake = f"raw_{dataset}", Lake(self.retailer.settings.lake_uri)
        delivered = deliver(self.source, dataset, window, may_be_absent=list(window.days())).collect()
        known = lake.scan(table, window) if lake.exists(table) else delivered.clear().lazy()
        changed = changed_days(delivered.lazy(), known)
        if self.source.datasets[dataset].delivery is not Delivery.ARCHIVE:
            return changed & set(delivered["date"])  # a file that is gone delivers nothing
        made = self._days_there(raw_key(dataset), list(window.days()))
        return changed | {day for day in window.days() if day not in made}

    def _request(self, memory: Memory, files: int) -> str:
        """Ask for what waits and is free, and tell how it stands."""
        if not memory.days and not memory.tables:
            if memory.compared:
                compared = ", ".join(f"{name} from {one.next} on" for name, one in sorted(memory.compared.items()))
                return f"{files} files, still to compare: {compared}"
            waiting = len(memory.waiting)
            return f"{files} files, " + (f"{waiting} wait for a second look" if waiting else "nothing new")
        busy = held(self.instance, self.graph)
        if busy.whole:
            return f"{_told(memory)} wait until the runs under way are over"
        at_most = _RUNS_AT_ONCE * self.retailer.settings.days_per_run
        taken = take(memory, make_new_backfill_id(), but=busy.days, at_most=at_most)
        if taken.asked is None:
            return f"{_told(memory)} wait until the runs under way are over"
        self._remember(taken)
        return self._told_after(self._ask(taken), taken)

    def _told_after(self, memory: Memory, taken: Memory) -> str:
        assert taken.asked is not None
        asked = Memory(days=taken.asked.days, tables=taken.asked.tables)
        left = f"; {_told(memory)} wait" if memory.days else ""
        return f"backfill {taken.asked.id}: {_told(asked)}{left}"

    def _ask(self, memory: Memory) -> Memory:
        """Make the request that is written down, unless it was made already, and cross it out."""
        asked = memory.asked
        assert asked is not None
        if self.instance.get_backfill(asked.id) is None:
            span = self.retailer.span()
            of = targets(
                self.graph,
                {raw_key(dataset): {day for day in days if day in span} for dataset, days in asked.days.items()},
                {raw_key(dataset) for dataset in asked.tables},
                days_there=self._days_there,
                ever_made=lambda key: self.instance.get_latest_materialization_event(key) is not None,
            )
            why = f"New or changed files: {_told(Memory(days=asked.days, tables=asked.tables))}"
            if of.days or of.tables:  # not where the span was moved away from all of them
                self.instance.add_backfill(backfill(self.instance, self.graph, of, id=asked.id, asked_by=NAME, why=why))
        memory = replace(memory, asked=None, made=(*memory.made, asked))
        self._remember(memory)
        return memory

    def _settle(self, memory: Memory) -> Memory:
        """Look what became of requests: one that Dagster gave up, as it could not begin its runs, is made again later.

        What a run of it failed at is healing's business; one that somebody cancelled is not wanted.
        """
        over, lost = set[str](), set[str]()
        for one in memory.made:
            found = self.instance.get_backfill(one.id)
            if found is not None and found.status is BulkActionStatus.FAILED:
                if time.time() - (found.backfill_end_timestamp or found.backfill_timestamp) > _PAUSE_SECONDS:
                    lost.add(one.id)
            elif found is None or found.status in BULK_ACTION_TERMINAL_STATUSES:
                over.add(one.id)
        settled = settle(memory, over=over, lost=lost)
        if settled != memory:
            self._remember(settled)
        return settled

    def _days_there(self, key: dg.AssetKey, days: Collection[date]) -> set[date]:
        return {date.fromisoformat(day) for day in materialized_days(self.instance, key, map(str, days))}

    @property
    def _kept_as(self) -> str:
        """Where the memory is kept in Dagster's storage: one for each lake and source."""
        of = f"{self.retailer.settings.lake_uri}\n{self.retailer.identity}"
        return f"retail/{NAME}/{sha256(of.encode()).hexdigest()[:16]}"

    def _recall(self) -> Memory | None:
        text = self.instance.daemon_cursor_storage.get_cursor_values({self._kept_as}).get(self._kept_as)
        return from_text(text) if text else None

    def _remember(self, memory: Memory) -> None:
        """One value, in one write: half a memory is never kept."""
        self.instance.daemon_cursor_storage.set_cursor_values({self._kept_as: to_text(memory)})


def _told(memory: Memory) -> str:
    days = sorted({day for days in memory.days.values() for day in days})
    parts = [f"{len(days)} days ({days[0]}..{days[-1]}) of {', '.join(sorted(memory.days))}"] if days else []
    return " and ".join([*parts, *([f"the tables {', '.join(sorted(memory.tables))}"] if memory.tables else [])])


def _in_parts(values: list[_Id]) -> Iterable[list[_Id]]:
    for start in range(0, len(values), _RUNS_LOOKED_UP):
        yield values[start : start + _RUNS_LOOKED_UP]
