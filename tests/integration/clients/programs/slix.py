"""A slixmpp client that does one job (JSON on standard input) and reports in JSON Lines; run as a program."""

import asyncio
import json
import logging
import ssl
import sys
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP

STEP = 15.0
"""Seconds for one step."""


def report(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


DIRECTIONS = {"SEND: %s": "out", "RECV: %s": "in"}


class Log(logging.Handler):
    """Hands on what slixmpp itself logs about the elements it sends and receives."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg in DIRECTIONS and isinstance(record.args, tuple):
            # It writes the prefix of elements of the stream's namespace twice.
            text = str(record.args[0]).replace("stream:stream:", "stream:")
            report(**{DIRECTIONS[record.msg]: text})
        elif record.msg == "End of stream received":
            report(**{"in": "</stream:stream>"})


class Client(ClientXMPP):
    """Logs in as the job says."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job["jid"], job["password"])
        self.job = job
        self.bodies: asyncio.Queue[str] = asyncio.Queue()
        self.failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.enable_direct_tls = job["tls"] == "direct"
        self.enable_starttls = not self.enable_direct_tls
        # Its default context trusts the system's authorities as well, which is none of the tests' business.
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca_certs = Path(job["ca_file"])
        if job["version"]:
            version = ssl.TLSVersion[f"TLSv{job['version'].replace('.', '_')}"]
            self.ssl_context.minimum_version = self.ssl_context.maximum_version = version
        for plugin in ("xep_0030", "xep_0198", "xep_0199"):
            self.register_plugin(plugin)
        self.add_event_handler("message", self.take)
        self.add_event_handler("connected", lambda _: report(connected=True))
        for event in ("failed_all_auth", "connection_failed", "ssl_invalid_chain"):
            self.add_event_handler(event, lambda why, event=event: self.fail(f"{event}: {why}"))

    def take(self, message: Any) -> None:
        if message["body"]:
            report(received=message["body"])
            self.bodies.put_nowait(message["body"])

    def fail(self, why: str) -> None:
        if not self.failure.done():
            self.failure.set_result(why)

    async def reach(self, event: str) -> None:
        """Connect and wait for *event*."""
        there = asyncio.ensure_future(self.wait_until(event, STEP))
        self.connect(self.job["host"], self.job["port"])
        await asyncio.wait({there, self.failure}, return_when=asyncio.FIRST_COMPLETED)
        if self.failure.done():
            raise ConnectionError(self.failure.result())
        await there
        assert self.transport is not None
        report(tls=self.transport.get_extra_info("ssl_object").version())

    async def say(self, body: str) -> None:
        """Send a message and wait for its echo."""
        self.send_message(mto=self.job["peer"], mbody=body, mtype="chat")
        while await asyncio.wait_for(self.bodies.get(), STEP) != f"echo: {body}":
            pass

    async def cut(self) -> None:
        """Break the connection off and resume the session."""
        gone = asyncio.ensure_future(self.wait_until("disconnected", STEP))
        assert self.transport is not None
        self.transport.abort()
        await gone
        await self.reach("session_resumed")
        report(resumed=True)


async def main(job: dict[str, Any]) -> None:
    client = Client(job)
    log = logging.getLogger("slixmpp.xmlstream.xmlstream")
    log.setLevel(logging.DEBUG)
    log.addHandler(Log())
    log.propagate = False
    try:
        await client.reach("session_start")
        roster = await client.get_roster(timeout=STEP)
        assert roster is not None
        report(roster=sorted(map(str, roster["roster"]["items"])))
        client.send_presence()
        for body in job["messages"]:
            await client.say(body)
        if job["cut"]:
            await client.cut()
            await client.say(job["after"])
        await client.disconnect()
    except (ConnectionError, TimeoutError) as error:
        report(failed=str(error) or type(error).__name__)
        client.cancel_connection_attempt()
        client.abort()


asyncio.run(main(json.loads(sys.stdin.readline())))
