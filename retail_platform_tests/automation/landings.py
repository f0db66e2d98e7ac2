"""The landing sensor of a platform, looked through tick by tick.

Only evaluating it and reading what it requested belongs here.
"""

from pathlib import Path

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from retail_platform_tests.end_to_end.shops import Shops
from retail_platform_tests.platform import Platform


class Landings:
    """What the sensor asked for, by raw table; each look sees only what was asked since the one before."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._known: set[str] = set()

    def tick(self) -> str | None:
        """Evaluate the sensor once, as the daemon would; what it says."""
        with self.platform.environment():
            repository = self.platform.repository.get_definition()
            context = dg.build_sensor_context(instance=self.platform.instance, repository_def=repository)
            return repository.get_sensor_def("landing").evaluate_tick(context).skip_message

    def asked(self) -> list[dict[str, list[str]]]:
        """Days of the raw tables that each new backfill asks for, none for whole tables; they count as done then."""
        found = []
        instance = self.platform.instance
        for one in sorted(instance.get_backfills(), key=lambda one: one.backfill_timestamp):
            if one.backfill_id in self._known:
                continue
            self._known.add(one.backfill_id)
            subset = one.get_asset_backfill_data(self.platform.graph).target_subset
            days = {
                key.path[-1]: sorted(days.get_partition_keys())
                for key, days in subset.partitions_subsets_by_asset_key.items()
            }
            days |= {key.path[-1]: [] for key in subset.non_partitioned_asset_keys}
            found.append({name: of for name, of in days.items() if name.startswith("raw_")})
            for table in subset.non_partitioned_asset_keys:
                instance.report_runless_asset_event(dg.AssetMaterialization(table))
            done: PartitionBackfill = one.with_status(BulkActionStatus.COMPLETED_SUCCESS)  # type: ignore[no-untyped-call]
            instance.update_backfill(done)
        return found

    def known(self, request: PartitionBackfill) -> None:
        """A request is as the test leaves it, and none to count."""
        self._known.add(request.backfill_id)

    def settle(self) -> list[dict[str, list[str]]]:
        """Look until nothing is new; all that was asked for."""
        asked = []
        for _ in range(20):
            said = self.tick()
            asked += self.asked()
            if said is not None and said.endswith("nothing new"):
                return asked
        raise AssertionError(f"still {said}")


def described(shops: Shops, *changes: tuple[str, str]) -> Shops:
    """A retailer whose `mapping.toml` says something else."""
    path = shops.mapping / "mapping.toml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return shops


def platform(shops: Shops, folder: Path, **settings: object) -> Platform:
    """A platform on a retailer's files."""
    return Platform(folder, source=shops.mapping, source_dir=shops.files, **settings)  # type: ignore[arg-type]
