"""The finished tables for BI tools: it publishes what other domains define, and has no contract of its own."""
