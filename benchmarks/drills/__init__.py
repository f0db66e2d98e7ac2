"""Drills: outages, kills and bad deliveries, each ended by a comparison with a lake that none of it befell."""
