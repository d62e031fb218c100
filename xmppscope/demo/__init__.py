"""The demo: a small XMPP server and two scripted clients that talk real TLS, SCRAM and stream management on loopback.

It imports nothing of the analyzer (its XML is read by lxml, its SCRAM and its stream management are its own), so that
what the timeline shows of a demo proves something. The server is small and correct, not a product: `server.py` says
what it leaves out.
"""

from xmppscope.demo.client import DemoClient
from xmppscope.demo.client_stream import DemoError
from xmppscope.demo.log import Log, Seen
from xmppscope.demo.server import DemoServer
from xmppscope.demo.story import ACCOUNTS, DOMAIN, PACE, Outcome, cast, play

__all__ = [
    "ACCOUNTS",
    "DOMAIN",
    "PACE",
    "DemoClient",
    "DemoError",
    "DemoServer",
    "Log",
    "Outcome",
    "Seen",
    "cast",
    "play",
]
