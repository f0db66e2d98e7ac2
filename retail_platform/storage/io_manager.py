"""How Dagster's assets and checks read and write the lake.

Only the translation between runs and tables belongs here: partitions to windows, annotations to frames,
what was written to metadata. Storing is `lake`'s business, what a row means the domains'.
"""

from datetime import date
from typing import Any, get_origin

import dagster as dg
import narwhals as nw
import polars as pl
from dagster._core.execution.context.system import StepExecutionContext

from retail_platform.partitions import materialized_days
from retail_platform.storage.lake import Lake, LakeError, Written
from retail_platform.storage.overtaken import note, own_days, require_as_read
from retail_platform.windows import Window, unbroken

PERSONAL_COLUMNS = "personal_columns"
"""Key of an asset's definition metadata: names of columns that no preview may show."""

LEAVES_OUT_ABSENT_DAYS = "leaves_out_absent_days"
"""Key of an asset's definition metadata: a backfill may ask for days of it that cannot be, as Dagster adds the later
days that it reaches. Those absent upstream are left out, not recorded, and said; the days beside them are made."""

_BACKFILL_TAG = "dagster/backfill"
_PREVIEW_ROWS, _PREVIEW_COLUMNS = 5, 14
_SHOWN_DAYS = 10

Frame = pl.LazyFrame | pl.DataFrame | nw.LazyFrame[Any] | nw.DataFrame[Any]


class LakeIOManager(dg.ConfigurableIOManager):
    """Stores each asset as the table of its name; a partitioned asset's days are days of the table.

    An asset returns `pl.LazyFrame`, `pl.DataFrame`, or Narwhals' over them. An input is loaded as what its
    annotation says: `pl.LazyFrame` (also without annotation), `pl.DataFrame`, `nw.LazyFrame` or `nw.DataFrame`.
    """

    lake_uri: str

    @property
    def lake(self) -> Lake:
        """The lake behind it."""
        return Lake(self.lake_uri)

    def handle_output(self, context: dg.OutputContext, obj: Frame) -> None:
        """Replace the run's days of the asset's table, or the whole table, and report what was written."""
        absent = absent_days(context.step_context, context.asset_key) if context.has_asset_partitions else set()
        if absent:
            self._store_others(context, _polars(context.asset_key.path[-1], obj), absent)
        else:
            self._store(context, obj)
        require_as_read(context.step_context)

    def _store(self, context: dg.OutputContext, obj: Frame) -> None:
        table = context.asset_key.path[-1]
        window = _window(context.asset_partition_key_range) if context.has_asset_partitions else None
        commit = {"run_id": context.run_id, "asset": context.asset_key.to_user_string()}
        written = self.lake.replace(table, _polars(table, obj), window, commit=commit)
        context.log.info("%s: %s rows of %s", table, f"{written.rows:,}", window or "the whole table")
        context.add_output_metadata(self._metadata(context, table, window, written))
        for day, rows in written.rows_by_day.items():
            context.step_context.add_asset_metadata(
                {"dagster/partition_row_count": rows}, asset_key=context.asset_key, partition_key=str(day)
            )

    def _store_others(self, context: dg.OutputContext, frame: pl.LazyFrame, absent: set[date]) -> None:
        """Replace and report the run's days but those that are absent upstream."""
        table, window = context.asset_key.path[-1], _window(context.asset_partition_key_range)
        commit = {"run_id": context.run_id, "asset": context.asset_key.to_user_string()}
        record_others(context, absent)
        parts = unbroken(day for day in window.days() if day not in absent)
        if not parts and not self.lake.exists(table):  # what comes after it in the run reads it
            self.lake.replace(table, frame.filter(pl.lit(False)), window, commit=commit)
        for part in parts:
            rows = frame.filter(pl.col("date").is_between(part.first, part.last))
            written = self.lake.replace(table, rows, part, commit=commit)
            for day, count in written.rows_by_day.items():
                metadata = {"dagster/partition_row_count": count, "version": written.version}
                context.step_context.add_asset_metadata(metadata, asset_key=context.asset_key, partition_key=str(day))
        context.log.warning(
            f"{len(absent)} days from {min(absent)} to {max(absent)} were left out: what {table} is made from was "
            "never materialized for them"
        )

    def load_input(self, context: dg.InputContext) -> Frame:
        """Scan the upstream partitions of the run, lazily, as the frame the input is annotated with.

        Raises:
            dg.Failure: days of the run itself were never materialized upstream; not worth a retry.
            LakeError: there is no such table.
        """
        table = context.asset_key.path[-1]
        if not context.has_asset_partitions:
            return _as_annotated(context, self.lake.scan(table))
        _require_same_days(context)
        note(context)
        if _reads_everything(context):
            return _as_annotated(context, self.lake.scan(table))
        if not context.asset_partition_keys:
            return _as_annotated(context, self.lake.scan(table).filter(pl.lit(False)))
        return _as_annotated(context, self.lake.scan(table, _window(context.asset_partition_key_range)))

    def _metadata(
        self, context: dg.OutputContext, table: str, window: Window | None, written: Written
    ) -> dict[str, dg.MetadataValue[Any]]:
        preview = self.lake.first_rows(table, written, _PREVIEW_ROWS, columns=_PREVIEW_COLUMNS)
        personal = _names(context.definition_metadata.get(PERSONAL_COLUMNS))
        metadata: dict[str, dg.MetadataValue[Any]] = {
            "dagster/uri": dg.MetadataValue.text(self.lake.table_uri(table)),
            "version": dg.MetadataValue.int(written.version),
            "bytes of the run": dg.MetadataValue.int(written.bytes),
            "preview": dg.MetadataValue.md(_markdown(preview, personal)),
        }
        if window is None:
            metadata["dagster/row_count"] = dg.MetadataValue.int(written.rows)
        return metadata


def _window(keys: dg.PartitionKeyRange) -> Window:
    return Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def _polars(table: str, frame: object) -> pl.LazyFrame:
    native = nw.to_native(frame, pass_through=True)
    if isinstance(native, (pl.LazyFrame, pl.DataFrame)):
        return native.lazy()
    mend = "an empty frame with its columns" if native is None else "a Polars or Narwhals frame"
    raise LakeError(f"asset {table} returned {type(native).__qualname__}: return {mend}")


def _as_annotated(context: dg.InputContext, frame: pl.LazyFrame) -> Frame:
    annotation = context.dagster_type.typing_type
    wanted = get_origin(annotation) or annotation
    if wanted is Any:
        return frame
    if isinstance(wanted, type):
        if issubclass(wanted, pl.LazyFrame):
            return frame
        if issubclass(wanted, pl.DataFrame):
            return frame.collect()
        if issubclass(wanted, nw.LazyFrame):
            return nw.from_native(frame)
        if issubclass(wanted, nw.DataFrame):
            return nw.from_native(frame.collect())
    raise LakeError(
        f"input {context.name} of {context.step_context.step.key} is annotated {annotation}: "
        "pl.LazyFrame, pl.DataFrame, nw.LazyFrame or nw.DataFrame is expected"
    )


def _reads_everything(context: dg.InputContext) -> bool:
    step = context.step_context
    if step.entity_partitions_def is None or step.assets_def is None:
        return True
    mapping = step.assets_def.get_partition_mapping_for_dep(context.asset_key)
    return isinstance(mapping, dg.AllPartitionMapping)


def _require_same_days(context: dg.InputContext) -> None:
    """Empty is not absent: the upstream days equal to the run's own must have been materialized.

    Other days of a window may be missing: they are the edge of history. An upstream of the same run has
    been materialized just now, its events perhaps not stored yet.
    """
    step, upstream = context.step_context, context.asset_key
    if step.entity_partitions_def is None or upstream in step.job_def.asset_layer.selected_asset_keys:
        return
    if step.is_sda_step and any(_leaves_out_absent_days(step, key) for key in step.get_output_asset_keys()):
        return
    needed = own_days(step) & set(context.asset_partition_keys)
    if not needed:
        return
    missing = sorted(needed - materialized_days(context.instance, upstream, needed))
    if missing:
        name = upstream.to_user_string()
        shown = ", ".join(missing[:_SHOWN_DAYS])
        more = f" and {len(missing) - _SHOWN_DAYS} days more" if len(missing) > _SHOWN_DAYS else ""
        raise dg.Failure(
            f"{step.step.key} needs {name} of {shown}{more}, never materialized. Run "
            f"`retail materialize --select {name} --from {missing[0]} --to {missing[-1]}` first",
            metadata={"asset": name, "missing_days": missing},
            allow_retries=False,
        )


def _leaves_out_absent_days(step: StepExecutionContext, asset: dg.AssetKey) -> bool:
    """Whether Dagster's daemon chose the days of the run, and the asset leaves out those that cannot be."""
    by_daemon = _BACKFILL_TAG in step.dagster_run.tags
    return by_daemon and bool(step.job_def.asset_layer.get(asset).metadata.get(LEAVES_OUT_ABSENT_DAYS))


def absent_days(step: StepExecutionContext, asset: dg.AssetKey) -> set[date]:
    """Days of the run that an asset leaves out: those absent of what it, or what the run makes for it, is made from."""
    if not _leaves_out_absent_days(step, asset):
        return set()
    layer, days, absent = step.job_def.asset_layer, own_days(step), set[str]()
    known, waiting = {asset}, [asset]
    while waiting:
        for parent in layer.get(waiting.pop()).parent_keys - known:
            known.add(parent)
            if parent in layer.selected_asset_keys:  # its events are perhaps not stored yet
                waiting.append(parent)
            elif layer.get(parent).partitions_def is not None:
                absent |= days - materialized_days(step.instance, parent, days)
    return {date.fromisoformat(day) for day in absent}


def record_others(context: dg.OutputContext, absent: set[date]) -> None:
    """Let Dagster record the run's days but these; it offers no other way than to change what it takes for them."""
    days = context.asset_partitions_def
    there = [key for key in context.asset_partition_keys if date.fromisoformat(key) not in absent]
    context._asset_partitions_subset = days.empty_subset().with_partition_keys(there)
    if not there:  # of no days it would record one without a name
        context._asset_key = None


def _names(metadata: object) -> set[str]:
    value = metadata.value if isinstance(metadata, dg.MetadataValue) else metadata
    return {str(name) for name in value} if isinstance(value, (list, tuple, set, frozenset)) else set()


def _markdown(frame: pl.DataFrame, hidden: set[str]) -> str:
    """A small Markdown table of a frame's rows, hidden columns' values starred."""
    shown = frame.with_columns(
        pl.when(pl.col(name).is_not_null()).then(pl.lit("***")).alias(name) for name in frame.columns if name in hidden
    )
    lines = [frame.columns, ["---"] * frame.width, *shown.iter_rows()]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:60]
