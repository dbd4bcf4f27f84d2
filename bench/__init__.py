"""`make bench`: how fast the system is, against floors measured in the same run. See docs/bench.md."""
