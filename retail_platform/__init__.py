"""A Dagster asset-graph data platform for retail."""

__version__ = "0.1.0"
