"""A slixmpp user of biboumi: tells it the IRC server's port, joins a channel, says something there and leaves.

Run as a program, with the job on standard input; prints the body as the channel has given it back, or why it could not.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP

STEP = 20.0


class User(ClientXMPP):
    """Logs in over STARTTLS."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job["jid"], job["password"])
        self.job = job
        self.enable_direct_tls = False
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ca_certs = Path(job["ca_file"])
        for name in ("xep_0004", "xep_0030", "xep_0045", "xep_0050"):
            self.register_plugin(name)
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.add_event_handler("groupchat_message", lambda message: self.said.put_nowait(message["body"]))

    async def configure(self) -> None:
        """Say where the IRC server is (an ad-hoc command of biboumi)."""
        commands, server = self.plugin["xep_0050"], self.job["server"]
        asked = await commands.send_command(server, "configure")
        form = self.plugin["xep_0004"].make_form(ftype="submit")
        form.add_field(var="ports", value=str(self.job["irc"]), ftype="text-multi")
        form.add_field(var="tls_ports", value="", ftype="text-multi")
        session = asked["command"]["sessionid"]
        done = await commands.send_command(server, "configure", action="complete", payload=form, sessionid=session)
        assert done["command"]["status"] == "completed"

    async def chat(self) -> None:
        """Join, say the word, hear it, and leave."""
        room, rooms = self.job["room"], self.plugin["xep_0045"]
        await rooms.join_muc_wait(room, "alice", timeout=STEP)
        self.send_message(mto=room, mbody=self.job["body"], mtype="groupchat")
        while await asyncio.wait_for(self.said.get(), STEP) != self.job["body"]:
            pass
        rooms.leave_muc(room, "alice")


async def main(job: dict[str, Any]) -> None:
    user = User(job)
    begun = asyncio.ensure_future(user.wait_until("session_start", STEP))
    user.connect(job["host"], job["port"])
    await begun
    user.send_presence()
    await user.plugin["xep_0030"].get_info(jid=job["gateway"])
    await user.configure()
    await user.chat()
    sys.stdout.write(f"{job['body']}\n")
    await user.disconnect()


asyncio.run(main(json.loads(sys.stdin.readline())))
