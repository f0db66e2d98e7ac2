"""What runs print: lines for people, or JSON for machines, each with its run, asset, days and source.

Only the form of a line belongs here; what is worth saying is said where it happens.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.log_manager import get_log_record_metadata, has_log_record_metadata

from retail_platform.retailer import Retailer

_OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_MASK = "***"


def build(retailer: Retailer) -> dict[str, dg.LoggerDefinition]:
    """The loggers of the code location: RETAIL_LOG_FORMAT says how they print."""
    if retailer.settings.log_format == "text":
        return {}  # Dagster's own, in colours
    formatter = JsonLines(source=retailer.source.name, masked=retailer.settings.secrets())
    levels = {"log_level": dg.Field(str, default_value="INFO", is_required=False)}

    @dg.logger(config_schema=levels, description="One JSON object a line, on standard error.")
    def console(context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("retail_platform.runs", context.logger_config["log_level"])
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        return logger

    return {"console": console}


class JsonLines(logging.Formatter):
    """A record as one line of JSON.

    The keys are `time` (UTC, ISO 8601), `level`, `message`, `source`; of a run `run_id`, `job`, `asset`, `partition`
    and `event`; of a failure `error`; and whatever the record was given as `extra`, as `rows` and `seconds` of a fetch.

    Args:
        source: name of the retailer's source.
        masked: secrets that are never shown, wherever they come from.
    """

    def __init__(self, *, source: str, masked: list[str]) -> None:
        super().__init__()
        self._source, self._masked = source, [json.dumps(secret)[1:-1] for secret in masked if secret]

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            "source": self._source,
        }
        if has_log_record_metadata(record):
            line |= _of_the_run(record)
        line |= {
            name: value
            for name, value in vars(record).items()
            if name not in _OF_A_RECORD and not name.startswith("dagster_") and name not in line
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        text = json.dumps({name: value for name, value in line.items() if value is not None}, default=str)
        for secret in self._masked:
            text = text.replace(secret, _MASK)
        return text


def _of_the_run(record: logging.LogRecord) -> dict[str, Any]:
    told = get_log_record_metadata(record)
    tags, event = told["job_tags"], told["dagster_event"]
    first, last = tags.get("dagster/asset_partition_range_start"), tags.get("dagster/asset_partition_range_end")
    error = getattr(event.event_specific_data, "error", None) if event else None
    return {
        "message": told["orig_message"],
        "run_id": told["run_id"],
        "job": told["job_name"],
        "asset": event.asset_key.to_user_string() if event and event.asset_key else told["step_key"],
        "partition": (event.partition if event else None)
        or tags.get("dagster/partition")
        or (f"{first}..{last}" if first else None),
        "event": event.event_type_value if event else None,
        "error": error.to_string() if error else None,
    }
