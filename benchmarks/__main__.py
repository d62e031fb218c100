"""Every benchmark in turn, as `make bench` runs them; each is also a command of its own with options."""

import sys

from benchmarks import first_line, memory_over_length, read_against_tshark, text_lines, tls_throughput

for module in (read_against_tshark, memory_over_length, tls_throughput, first_line, text_lines):
    print(f"\n{(module.__doc__ or '').splitlines()[0]}", flush=True)
    sys.argv = [module.__name__]
    module.main()
