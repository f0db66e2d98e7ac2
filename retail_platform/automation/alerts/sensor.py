"""The sensor that looks for problems every minute, and tells of them.

Only putting together belongs here: what is wrong (`problems`), what is told (`incidents`), in which words (`messages`),
and by which way (`send`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from retail_platform.automation.alerts.causes import Causes
from retail_platform.automation.alerts.incidents import advance
from retail_platform.automation.alerts.memory import Memory, Pending, dumps, loads
from retail_platform.automation.alerts.mends import mend_of_given_up
from retail_platform.automation.alerts.messages import message, plain
from retail_platform.automation.alerts.model import Kind, Place, Problem, State
from retail_platform.automation.alerts.problems import find, upstream_of
from retail_platform.automation.alerts.send import Channel, channels, send
from retail_platform.automation.alerts.sensors import WATCHED, failing_sensors
from retail_platform.automation.healing import GaveUp, gave_up
from retail_platform.retailer import Retailer
from retail_platform.windows import Window

NAME = "alerts"
SECONDS = 60

GivenUp = Callable[[dg.DagsterInstance], Sequence[GaveUp]]
"""What healing tries no more."""


def build(retailer: Retailer, given_up: GivenUp = gave_up) -> dg.SensorDefinition:
    """The sensor; it runs by default where alerts have somewhere to go."""
    to = channels(retailer.settings.alert_addresses)
    causes = Causes()

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if to else dg.DefaultSensorStatus.STOPPED,
        description="Tells of failed days, failed checks, late days and what healing gave up, once an incident.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not to:
            return dg.SkipReason("RETAIL_ALERT_URLS names nowhere to send alerts to")
        assert context.repository_def is not None
        graph, now = context.repository_def.asset_graph, datetime.now(UTC)
        before = loads(context.cursor)
        looked = look(context.instance, graph, retailer, given_up, before, to=to, now=now, causes=causes)
        sent = send(looked.outbox, to)
        for label in sent.failed:
            context.log.error(f"alert channel {label} took no message: tried again in {SECONDS} seconds")
        context.update_cursor(dumps(Memory(looked.state, sent.left)))
        return dg.SkipReason(
            f"{len(looked.state.open)} incidents, {len(looked.outbox) - len(sent.left)} messages sent, "
            f"{len(sent.left)} waiting"
        )

    return alerts


def look(
    instance: dg.DagsterInstance,
    graph: AssetGraph,
    retailer: Retailer,
    given_up: GivenUp,
    before: Memory,
    *,
    to: Sequence[Channel],
    now: datetime,
    causes: Causes,
) -> Memory:
    """What is remembered after a look at what is wrong now: incidents, and messages for every channel."""
    name, window = retailer.source.name, _window(retailer, before.state)
    found = find(instance, graph, window, now=now, causes=causes)
    secrets = retailer.settings.secrets()
    every = (*found.problems, *failing_sensors(instance), *(_given_up(one) for one in given_up(instance)))
    problems = [replace(one, reason=plain(one.reason, secrets)) for one in every]
    upstream = upstream_of(graph) | dict.fromkeys(WATCHED, frozenset[str]())
    state, notices = advance(before.state, problems, unsettled=found.unsettled, upstream=upstream, now=now)
    labels = tuple(channel.label for channel in to)
    told = (message(one, retailer=name, ui_url=retailer.settings.ui_url) for one in notices)
    return Memory(state, (*before.outbox, *(Pending(one, labels) for one in told)))


def _given_up(one: GaveUp) -> Problem:
    place = Place(one.asset, one.day)
    return Problem(Kind.GAVE_UP, place, "gave up", one.reason, mend_of_given_up(place, one.attempts))


def _window(retailer: Retailer, state: State) -> Window:
    """The days that healing looks at, back to the oldest that an incident holds: it is mended when that is."""
    span = retailer.span()
    first = span.last - timedelta(days=retailer.settings.heal_days)
    waited_for = [incident for incident in state.open if incident.kind is not Kind.NEWS]
    held = [place.day for incident in waited_for for place in incident.places if place.day is not None]
    return Window(max(span.first, min([first, *held])), span.last)
