"""A lake in a bucket that fails on purpose."""

from pathlib import Path

from benchmarks.drills.common import Drill, Site, Verdict, same
from benchmarks.drills.kills import RANGE
from retail_platform_tests.s3 import moto_server, new_bucket, s3_variables
from retail_platform_tests.s3_faults import KINDS, faulty_s3

RATE = 0.05


def _s3_faults(folder: Path) -> Verdict:
    calm = Site(folder / "calm")
    calm.retail("backfill", *RANGE)
    with moto_server() as endpoint, faulty_s3(endpoint, rate=RATE) as proxy:
        site = Site(
            folder / "bucket", {"RETAIL_LAKE_URI": f"s3://{new_bucket(endpoint)}/lake"} | s3_variables(proxy.endpoint)
        )
        site.retail("backfill", *RANGE)
        counts = proxy.change(rate=0)
        with_faults = sum(counts.get(kind, 0) for kind in KINDS)
        equal, words = same(site, calm)
    return Verdict(equal and with_faults > 0, f"{with_faults} of {counts['requests']} requests failed; {words}")


s3_faults = Drill(
    "s3-faults",
    "S3 faults of 5 % of the requests during a 31-day backfill: 503, resets, lost and cut answers, silence",
    "ends right; content-identical to a lake in a folder",
    _s3_faults,
)
