"""The forecast domain."""
