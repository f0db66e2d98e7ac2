"""What can be wrong with an answer, besides the two errors of every source."""


class Transient(Exception):
    """The attempt failed; another one may not.

    Attributes:
        pause: seconds that the server asks to wait.
    """

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class NothingFound(Exception):
    """The server says that it has no rows for what was asked; whether that may be is not decided here."""


class Cancelled(Exception):
    """Another request of the same read failed, so that this one is not wanted any more."""
