"""The weather domain."""
