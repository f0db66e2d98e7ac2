"""What the simulator does wrong on purpose, and how often.

Only the kinds of faults and their rates belong here; `sales`, `footfall` and `clients` inject them.
"""

from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Faults:
    """The share of rows (or sensor-days) each kind of fault strikes. No row is struck by two kinds.

    Attributes:
        null_hour: of sensor-hours: the count is null though the store is open.
        implausible_hour: of sensor-hours: a count of 10,000 to 50,000 visitors.
        dead_sensor_day: of sensor-days: every count of the day is null.
        undercounting_sensor_day: of sensor-days: a fifth of the visitors is counted.
        duplicate_line: of sale lines: delivered twice, both copies equal.
        unknown_product: of sale lines: names a product that is not among the products.
        unknown_client: of sale lines that name a client: names one that is not among the clients.
        impossible_age: of clients: an age of 200 to 1,000 years.
    """

    null_hour: float = 0.002
    implausible_hour: float = 0.001
    dead_sensor_day: float = 0.005
    undercounting_sensor_day: float = 0.015
    duplicate_line: float = 0.001
    unknown_product: float = 0.0005
    unknown_client: float = 0.0005
    impossible_age: float = 0.001

    def __post_init__(self) -> None:
        for rate in fields(self):
            if not 0 <= getattr(self, rate.name) <= 1:
                raise ValueError(
                    f"the fault rate {rate.name} is {getattr(self, rate.name)}: a share from 0 to 1 is expected"
                )
        for together in (
            ("null_hour", "implausible_hour"),
            ("dead_sensor_day", "undercounting_sensor_day"),
            ("duplicate_line", "unknown_product", "unknown_client"),
        ):
            if sum(getattr(self, name) for name in together) > 1:
                raise ValueError(f"the fault rates {', '.join(together)} sum to more than 1: lower one of them")

    @classmethod
    def none(cls) -> "Faults":
        """Nothing goes wrong."""
        return cls(*[0.0] * len(fields(cls)))

    def __str__(self) -> str:
        rates = zip(fields(self), astuple(self), strict=True)
        return ",".join(f"{field.name}={rate:g}" for field, rate in rates if rate) or "none"
