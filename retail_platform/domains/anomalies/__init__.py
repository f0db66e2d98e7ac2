"""The anomalies domain."""
