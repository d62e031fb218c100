"""A slixmpp component that answers each message with "echo: " before it; says "ready" once it is accepted.

Run as a program, with the job as its argument.
"""

import asyncio
import json
import sys
from typing import Any

from slixmpp.componentxmpp import ComponentXMPP


class Echo(ComponentXMPP):
    """Answers as anybody at its domain."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job["jid"], job["password"])
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("message", self.answer)
        self.add_event_handler("disconnected", lambda _: sys.exit("disconnected"))

    def begin(self, _: object) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    def answer(self, message: Any) -> None:
        if message["body"] and message["type"] in {"chat", "normal"}:
            self.send_message(
                mto=message["from"], mfrom=message["to"], mbody=f"echo: {message['body']}", mtype=message["type"]
            )


async def main(job: dict[str, Any]) -> None:
    component = Echo(job)
    component.connect(job["host"], job["port"])
    await asyncio.get_running_loop().create_future()


asyncio.run(main(json.loads(sys.argv[1])))
