"""Every benchmark in turn, as `make bench` runs them; each is also a command of its own with options."""

import subprocess
import sys

# Each in a process of its own: what one keeps in memory must not show in the figures of the next.
READ = (
    "read_against_tshark",
    "observer_prices",
    "memory_over_length",
    "tls_throughput",
    "first_line",
    "text_lines",
    "web_captures",
)
PROXY = ("proxy_latency", "proxy_throughput", "proxy_connections", "proxy_over_length")
VIEWER = ("viewer_pages", "viewer_live")
for name in (*READ, *PROXY, *VIEWER):
    print(f"\n{name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
