"""Where documents lie that people open, as a report: beside the tables, one HTML file a day.

Only writing and reading them belongs here; what they say is the assets' business.
"""

from collections.abc import Mapping
from datetime import date

import dagster as dg

from retail_platform.storage import places
from retail_platform.storage.io_manager import absent_days, record_others
from retail_platform.storage.objects import PREFIX
from retail_platform.storage.overtaken import require_as_read
from retail_platform.storage.places import LakeError

KEY = "documents"


class DocumentIOManager(dg.ConfigurableIOManager):
    """Stores each day of an asset as `_objects/<asset>/<day>.html` of the lake; what was there is replaced.

    An asset returns its documents by day, and asks for it by `io_manager_key="documents"`. Days of a run that it has
    no document of are an error, as a day without one would be taken for made.
    """

    lake_uri: str

    def handle_output(self, context: dg.OutputContext, obj: Mapping[date, str]) -> None:
        """Write the documents of the run's days, but those absent upstream, and report where each is."""
        asset, folder = context.asset_key, self._folder(context.asset_key)
        absent = absent_days(context.step_context, asset)
        wanted = [day for day in map(date.fromisoformat, context.asset_partition_keys) if day not in absent]
        if lost := [day for day in wanted if day not in obj]:
            raise LakeError(f"asset {asset.to_user_string()} made no document of {lost[0]}: one a day is expected")
        if absent:
            record_others(context, absent)
            context.log.warning(f"{len(absent)} days, {min(absent)} to {max(absent)}, were left out: absent upstream")
        for day in wanted:
            content = obj[day].encode()
            try:
                places.put(folder, _name(day), content)
            except OSError as error:
                reason = places.refusal(folder, error) or str(error)
                raise LakeError(f"{folder}/{_name(day)} cannot be written: {reason}. Check RETAIL_LAKE_URI") from error
            where = f"{folder}/{_name(day)}"
            shown = dg.MetadataValue.url(where) if places.is_remote(where) else dg.MetadataValue.path(where)
            metadata = {"report": shown, "bytes": len(content)}
            context.step_context.add_asset_metadata(metadata, asset_key=asset, partition_key=str(day))
        require_as_read(context.step_context)

    def load_input(self, context: dg.InputContext) -> dict[date, str]:
        """The documents of the days that an input asks for, those that there are."""
        folder = self._folder(context.asset_key)
        days = [date.fromisoformat(key) for key in context.asset_partition_keys]
        there = set(places.files(folder))
        return {day: places.read(folder, _name(day)).decode() for day in days if _name(day) in there}

    def _folder(self, key: dg.AssetKey) -> str:
        return f"{places.absolute(self.lake_uri)}/{PREFIX}/{'/'.join(key.path)}"


def _name(day: date) -> str:
    return f"{day}.html"
