"""What the bot costs, measured: `python -m benchmarks.noop`."""
