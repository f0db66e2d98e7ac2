"""How large the simulated retailer is.

Only sizes belong here.
"""

from dataclasses import dataclass
from typing import Literal

ScaleName = Literal["tiny", "demo", "large"]


@dataclass(frozen=True)
class Scale:
    """Sizes of a retailer; `online_every`: one of so many stores has no door."""

    stores: int
    online_every: int
    clients: int
    products: int
    lines_per_store_day: int


SCALES: dict[ScaleName, Scale] = {
    "tiny": Scale(stores=3, online_every=3, clients=200, products=40, lines_per_store_day=60),
    "demo": Scale(stores=10, online_every=10, clients=20_000, products=500, lines_per_store_day=5_000),
    "large": Scale(stores=1_000, online_every=200, clients=1_000_000, products=5_000, lines_per_store_day=1_500),
}
