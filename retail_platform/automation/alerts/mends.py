"""What to do about a problem: a sentence for whoever reads the message.

Only words belong here; docs/operating.md tells more of each.
"""

from retail_platform.automation.alerts.causes import Cause
from retail_platform.automation.alerts.model import Place

AGAIN = (
    "Nothing at first: where healing is on, the days are tried again by themselves, with growing pauses, "
    "and you are told when it gives up."
)


MEND_OF_SENSOR = (
    "Mend what the reason names, a file or a setting; all of it is in the sensor's newest tick. Nothing is lost: the "
    "next look that succeeds sees what came."
)


def mend_of_failure(cause: Cause, place: Place) -> str:
    """What to do about a day that failed."""
    if cause.of_source:
        return f"{AGAIN} If it lasts, ask who runs the source."
    if cause.of_contract:
        return (
            "Mend the delivery, or the mapping (`retail sources check`): trying again does not help. Then "
            f"{_made(place)}."
        )
    return f"Read the run's log, mend the cause, then {_made(place)}."


def mend_of_check(place: Place) -> str:
    """What to do about a failed check."""
    return (
        "The rows are there and others may have read them: look at the check's page and at `retail quarantine`, mend "
        f"the delivery, then {_made(place)}."
    )


def mend_of_news(place: Place) -> str:
    """What to do about something that happened."""
    return (
        "The data may well be right: ask the stores what happened. If it was an event, declare it "
        f"(RETAIL_CALENDAR_EVENTS), then {_made(place)}."
    )


def mend_of_broken_check(place: Place) -> str:
    """What to do about a check that raised an error."""
    days = f" --from {place.day} --to {place.day}" if place.day else ""
    return f"Read the run's log, mend the cause, then `retail check --select {place.asset}{days}`."


def mend_of_late(place: Place) -> str:
    """What to do about a day that is late."""
    return (
        "See that daemon, schedule `every_morning` and healing are on (Automation page of the UI); by hand: "
        f"{_made(place)}."
    )


def mend_of_given_up(place: Place, attempts: int) -> str:
    """What to do where healing tries no more."""
    return f"Healing tried {attempts} times and tries no more. Mend the cause, then {_made(place)}."


def _made(place: Place) -> str:
    """The command that makes a place and what is made of it; other days likewise."""
    days = f" --from {place.day} --to {place.day}" if place.day else ""
    return f"`retail materialize --select {place.asset}+{days}`" + (" (all its days likewise)" if days else "")
