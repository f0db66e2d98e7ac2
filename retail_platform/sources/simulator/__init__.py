"""A made-up retailer with the faults of real ones, and the truth about them."""

from retail_platform.sources.simulator.faults import Faults
from retail_platform.sources.simulator.source import Simulator

__all__ = ["Faults", "Simulator"]
