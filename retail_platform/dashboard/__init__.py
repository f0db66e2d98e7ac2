"""The dashboard: what a store manager and an analyst open every morning, over the lake and read-only."""
