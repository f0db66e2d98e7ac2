"""The schedules: yesterday every morning, today every hour, both in the retailer's zone."""

from datetime import timedelta

import dagster as dg

from retail_platform.automation import jobs
from retail_platform.automation.requests import held
from retail_platform.partitions import local_today
from retail_platform.retailer import Retailer


def build(retailer: Retailer) -> list[dg.ScheduleDefinition]:
    """Two schedules; both skip days that the retailer's span does not have, and days that something else is making."""

    def run_of(context: dg.ScheduleEvaluationContext, days_back: int) -> dg.RunRequest | dg.SkipReason:
        day = local_today(retailer.timezone, context.scheduled_execution_time) - timedelta(days=days_back)
        if day < retailer.first_day or (retailer.last_day is not None and day > retailer.last_day):
            return dg.SkipReason(f"{day} is outside the span {retailer.first_day}..{retailer.last_day or 'today'}")
        assert context.repository_def is not None
        if day in held(context.instance, context.repository_def.asset_graph).days:
            return dg.SkipReason(f"{day} is in a run or backfill that is queued or under way")
        return dg.RunRequest(partition_key=day.isoformat())

    @dg.schedule(
        name="every_morning",
        cron_schedule="0 5 * * *",
        job_name=jobs.DAY,
        execution_timezone=retailer.timezone,
        description="Yesterday through the whole graph, at 5 o'clock.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return run_of(context, days_back=1)

    @dg.schedule(
        name="every_hour",
        cron_schedule="15 * * * *",
        job_name=jobs.TODAY,
        execution_timezone=retailer.timezone,
        description="The daily tables of today so far, a quarter past every hour.",
    )
    def every_hour(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return run_of(context, days_back=0)

    return [every_morning, every_hour]
