"""bob: answers each message with "echo: " before it, to the bare JID, since some clients listen with another resource.

Run as a program, with the job on standard input; says "ready" once it is available.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP


class Echo(ClientXMPP):
    """Logs in over STARTTLS and answers until it is ended."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job["jid"], job["password"])
        self.enable_direct_tls = False
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca_certs = Path(job["ca_file"])
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("message", self.answer)
        self.add_event_handler("disconnected", lambda _: sys.exit("disconnected"))

    async def begin(self, _: object) -> None:
        await self.get_roster()
        self.send_presence()
        # The server has worked the presence off when it answers what was sent behind it.
        await self.get_roster()
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    def answer(self, message: Any) -> None:
        if message["body"] and message["type"] in {"chat", "normal"}:
            self.send_message(mto=message["from"].bare, mbody=f"echo: {message['body']}", mtype="chat")


async def main(job: dict[str, Any]) -> None:
    bob = Echo(job)
    bob.connect(job["host"], job["port"])
    await asyncio.get_running_loop().create_future()


asyncio.run(main(json.loads(sys.argv[1])))
