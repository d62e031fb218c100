"""Ad-hoc commands (XEP-0050) and the bundles of OMEMO (XEP-0384), by their form alone."""

from typing import Final

from xmppscope.lint import names
from xmppscope.lint.checker import Checker, table
from xmppscope.lint.rule import Rule, talk
from xmppscope.model.element import Element
from xmppscope.model.timeline import INITIATING
from xmppscope.session.seen import Seen

_COMMANDS: Final = "http://jabber.org/protocol/commands"
_PUBSUB: Final = "http://jabber.org/protocol/pubsub"
_OMEMO: Final = "urn:xmpp:omemo:2"
_LEAST: Final = 25


def _command(attributes: str) -> str:
    return f"C: <iq type='set' id='c1' to='capulet.example'><command xmlns='{_COMMANDS}' {attributes}/></iq>"


def _bundle(count: int) -> str:
    keys = "".join(f"<pk id='{number}'>cGs=</pk>" for number in range(count))
    return (
        f"C: <iq type='set' id='k1'><pubsub xmlns='{_PUBSUB}'><publish node='{_OMEMO}:bundles'><item id='31415'>"
        f"<bundle xmlns='{_OMEMO}'><spk id='1'>c3Br</spk><spks>c3Brcw==</spks><ik>aWs=</ik><prekeys>{keys}</prekeys>"
        "</bundle></item></publish></pubsub></iq>"
    )


COMMAND: Final = Rule(
    "adhoc-shape", "adhoc", "error", "XEP-0050 §4.1",
    what="A command without 'node', or one that asks for a stage other than the first (action next, prev or complete) "
    "without 'sessionid'.",
    why="The node names the command, and the sessionid which of its runs is meant; the answer is bad-request.",
    wrong=talk(_command("action='execute'")),
    right=talk(_command("node='uptime' action='execute'")),
)  # fmt: skip
PREKEYS: Final = Rule(
    "omemo-prekeys-few", "omemo", "warning", "XEP-0384 §4.2",
    what="A client publishes a bundle of OMEMO with fewer than 25 keys for single use.",
    why="Each new conversation uses one up: when they are gone, keys are used twice, or nobody new can write.",
    wrong=talk(_bundle(3)),
    right=talk(_bundle(25)),
)  # fmt: skip

_ITEM: Final = (
    names.expanded(_PUBSUB, "publish"),
    names.expanded(_PUBSUB, "item"),
    names.expanded(_OMEMO, "bundle"),
    names.expanded(_OMEMO, "prekeys"),
)
_PREKEY: Final = names.expanded(_OMEMO, "pk")
_LATER: Final = frozenset({"next", "prev", "complete"})


class CommandChecker(Checker):
    """Looks at requests to execute a command."""

    RULES = (COMMAND,)

    def command(self, seen: Seen, command: Element) -> None:
        """Take a command."""
        if seen.entry.name != "iq" or seen.entry.type not in ("set", "result"):
            return
        attrs = command.attrs
        if not attrs.get("node"):
            self.report(COMMAND, "a command without node")
        elif seen.entry.type == "set" and attrs.get("action") in _LATER and not attrs.get("sessionid"):
            self.report(COMMAND, f"the action {attrs['action']} without sessionid")

    PAYLOADS = table({names.expanded(_COMMANDS, "command"): command})


class BundleChecker(Checker):
    """Looks at the bundles that a client publishes."""

    RULES = (PREKEYS,)

    def publish(self, seen: Seen, pubsub: Element) -> None:
        """Take a request to publish."""
        if seen.entry.sender != INITIATING or seen.entry.type != "set":
            return
        found: Element | None = pubsub
        for name in _ITEM:
            found = None if found is None else found.child(name)
        if found is not None:
            count = sum(child.name == _PREKEY for child in found.children)
            if count < _LEAST:
                self.report(PREKEYS, f"{count} keys for single use")

    PAYLOADS = table({names.expanded(_PUBSUB, "pubsub"): publish})
