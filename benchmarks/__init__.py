"""The speed figures of the README, one command each; `python -m benchmarks` (or `make bench`) runs them all."""
