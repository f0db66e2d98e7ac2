"""Sending a message to channels by Apprise: mail, Slack, Teams, a webhook, whatever its URLs can name.

A URL holds secrets. It is known here and in the settings only; everything else gets a label.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from retail_platform.automation.alerts.memory import Pending
from retail_platform.automation.alerts.messages import Message


@dataclass(frozen=True)
class Channel:
    """One place that messages go to.

    Attributes:
        label: its position and kind, as `1:mailto`; carries no secret.
    """

    label: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """What became of messages: what is left to send, and the labels of the channels that failed."""

    left: tuple[Pending, ...]
    failed: tuple[str, ...]


def channels(urls: Sequence[str]) -> list[Channel]:
    """The channels of Apprise URLs, labelled."""
    return [Channel(f"{number}:{url.split('://')[0].lower()}", url) for number, url in enumerate(urls, 1)]


def send(outbox: Iterable[Pending], to: Sequence[Channel], *, seconds: float = 30) -> Sent:
    """Send each message to the channels that have not taken it, in order.

    A channel that fails gets nothing more this time, so that messages stay in order and a dead server is asked once.
    Channels that are configured no more are forgotten.

    Args:
        outbox: the messages, oldest first.
        to: all channels.
        seconds: after which nothing more is begun: a tick that Dagster ends would forget what it has sent.
    """
    known = {channel.label: channel for channel in to}
    end = monotonic() + seconds
    failed: list[str] = []
    left: list[Pending] = []
    for pending in outbox:
        missing = []
        for label in (label for label in pending.channels if label in known):
            late = monotonic() > end
            if label not in failed and not late and not deliver(pending.message, known[label]):
                failed.append(label)
            if label in failed or late:
                missing.append(label)
        if missing:
            left.append(Pending(pending.message, tuple(missing)))
    return Sent(tuple(left), tuple(failed))


def deliver(message: Message, channel: Channel) -> bool:
    """Send one message to one channel; whether it was taken."""
    import apprise

    kind = apprise.NotifyType.SUCCESS if message.mended else apprise.NotifyType.FAILURE
    with _nothing_logged():
        target = apprise.Apprise()
        return bool(
            target.add(channel.url)
            and target.notify(
                title=message.subject, body=message.body, notify_type=kind, body_format=apprise.NotifyFormat.MARKDOWN
            )
        )


@contextmanager
def _nothing_logged() -> Iterator[None]:
    """Apprise and its HTTP client log addresses, and what a server answered: neither belongs in a log."""
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3.connectionpool", "urllib3.util.retry")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
