"""`make bench`: measures the system's speed against baselines of the same run. See docs/bench.md."""
