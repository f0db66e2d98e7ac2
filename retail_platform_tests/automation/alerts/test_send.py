"""Messages reach a real mail server and a real webhook; a channel that fails gets what it missed, no other twice."""

import logging
from collections.abc import Iterator

import pytest

from retail_platform.automation.alerts.memory import Pending
from retail_platform.automation.alerts.messages import Message
from retail_platform.automation.alerts.send import Channel, channels, send
from retail_platform_tests.automation.alerts.servers import Hook, Mail, free_port, mail_server, webhook

MESSAGE = Message("[shops] raw_sales fails: ValueError", "- Assets: raw_sales\n- Reason: it _is_ broken")


@pytest.fixture
def mail() -> Iterator[Mail]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as server:
        yield server


def pending(to: list[Channel], *messages: Message) -> list[Pending]:
    return [Pending(message, tuple(channel.label for channel in to)) for message in messages]


def test_a_message_arrives_by_mail_and_webhook(mail: Mail, hook: Hook) -> None:
    to = channels([mail.url, hook.url])

    sent = send(pending(to, MESSAGE), to)

    assert (sent.left, sent.failed) == ((), ())
    ((subject, text),) = mail.received
    assert subject == MESSAGE.subject
    assert "Assets: raw_sales" in text
    assert "it _is_ broken" in hook.received[0]["message"]
    assert (hook.received[0]["title"], hook.received[0]["type"]) == (MESSAGE.subject, "failure")


def test_a_channel_that_fails_is_tried_again_and_no_other_twice(mail: Mail, hook: Hook) -> None:
    to = channels([mail.url, hook.url])
    second = Message("[shops] recovered", "- fine", mended=True)
    mail.down = True

    first = send(pending(to, MESSAGE), to)
    again = send([*first.left, *pending(to, second)], to)
    mail.down = False
    last = send(again.left, to)

    assert first.failed == again.failed == ("1:mailto",)
    assert (last.left, last.failed) == ((), ())
    assert mail.subjects == hook.subjects == [MESSAGE.subject, second.subject]


def test_a_server_that_is_not_there_is_a_channel_that_fails(hook: Hook) -> None:
    to = channels([f"mailto://127.0.0.1:{free_port()}?from=a@example.com&to=b@example.com", hook.url])

    sent = send(pending(to, MESSAGE), to)

    assert sent.failed == ("1:mailto",)
    assert hook.subjects == [MESSAGE.subject]


def test_a_channel_that_is_configured_no_more_is_forgotten(hook: Hook) -> None:
    to = channels([hook.url])

    sent = send([Pending(MESSAGE, ("1:json", "2:slack"))], to)

    assert sent.left == ()


def test_what_time_does_not_allow_is_left_for_the_next_time(hook: Hook) -> None:
    to = channels([hook.url])
    waiting = pending(to, MESSAGE)

    sent = send(waiting, to, seconds=-1)

    assert (sent.left, sent.failed, hook.subjects) == (tuple(waiting), (), [])


def test_no_secret_is_logged_or_shown(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    to = channels([hook.url])
    hook.down = True

    sent = send(pending(to, MESSAGE), to)

    assert sent.failed == ("1:json",)
    assert "hunter2" not in caplog.text + repr(to) + repr(sent)
