"""How good the footfall estimates are: the figures of docs/footfall.md. Run `python -m benchmarks.footfall`."""
