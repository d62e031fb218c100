"""Questions about extensions and addresses: counters, subscriptions, copies, parts of a JID, rules, causes."""

from collections.abc import Callable
from typing import Final

from xmppscope.lessons.notebook import Knowledge
from xmppscope.lessons.topic import Made, Topic, choose
from xmppscope.model.jid import Jid, bare
from xmppscope.model.timeline import Entry
from xmppscope.session.sasl_messages import text
from xmppscope.session.subscription import Subscription

_SEED: Final = 3


def _unacked(topic: Topic) -> Made:
    """Ask how many stanzas are on their way unacknowledged; the side is the one that would send them again."""
    entry = topic.entry
    known: Knowledge = topic.recorded.known[entry.entry]
    side, who = (0, "client") if entry.name != "a" or entry.sender == "receiving" else (1, "server")
    counters = known.counters[side]
    if counters is None:
        return None
    because = topic.words("sayunacked", sent=counters.sent, acknowledged=counters.acknowledged)
    gaps = {"entry": entry.entry, "who": topic.words[who]}
    return topic.ask("unacked", str(counters.unacknowledged), gaps, (entry.entry,), because)


def _subscription(topic: Topic) -> Made:
    entry = topic.entry
    known: Knowledge = topic.recorded.known[entry.entry]
    contact = bare((entry.to if entry.sender == "initiating" else entry.from_) or "")
    state = known.subscriptions.get(contact)
    if state is None:
        return None
    choices = choose(state, [one.value for one in Subscription], entry.entry)
    gaps = {"entry": entry.entry, "contact": contact, "account": bare(known.bound)}
    because = topic.words("saysubscription", entry=entry.entry, summary=entry.summary, answer=state)
    return topic.ask("subscription", state, gaps, (entry.entry,), because, choices)


def _copy(topic: Topic) -> Made:
    entry = topic.entry
    for link in entry.links or ():
        if link.rel == "copy":
            because = topic.words("saycopy", proof=link.entry)
            return topic.ask("copy", str(link.entry), {"entry": entry.entry}, (link.entry, entry.entry), because)
    return None


def _part(name: str) -> Callable[[Topic], Made]:
    """Return what asks for one part of the JID that was bound, or of the address of a stanza."""

    def made(topic: Topic) -> Made:
        entry = topic.entry
        jid = topic.recorded.known[entry.entry].bound or entry.to or ""
        parts = dict(zip(("localpart", "domainpart", "resourcepart"), Jid.parse(jid), strict=True))
        if not parts[name]:
            return None
        gaps = {"entry": entry.entry, "jid": jid, "part": topic.words[name]}
        return topic.ask("part", parts[name], gaps, (entry.entry,), topic.words["saypart"])

    return made


def _iterations(topic: Topic) -> Made:
    entry = topic.entry
    decoded = text(_content(entry)) or ""
    count = dict(field.partition("=")[::2] for field in decoded.split(",")).get("i")
    if count is None:
        return None
    because = topic.words("sayiterations", entry=entry.entry, text=decoded)
    return topic.ask("iterations", count, {"entry": entry.entry}, (entry.entry,), because)


def _content(entry: Entry) -> str:
    return (entry.xml or "").partition(">")[2].rpartition("<")[0]


def _violation(topic: Topic) -> Made:
    """Ask for the entry that a rule has found, among others of the same connection."""
    recorded, entry = topic.recorded, topic.entry
    found = recorded.findings.get(entry.entry)
    if not found:
        return None
    healthy = [
        _line(one)
        for one in topic.on_connection()
        if one.name is not None and one.entry not in recorded.findings and abs(one.entry - entry.entry) < 9
    ]
    choices = choose(_line(entry), healthy, entry.entry)
    because = topic.words("sayviolation", rule=found[0].rule, text=found[0].text, spec=found[0].spec)
    return topic.ask("violation", _line(entry), {}, (entry.entry,), because, choices)


def _line(entry: Entry) -> str:
    return f"#{entry.entry} {entry.summary}"


def _cause(topic: Topic) -> Made:
    """Ask why a session ended badly: the causes of all sessions are the choices, a diagnosis or a finding the proof."""
    entry = topic.entry
    causes = {shown.step.id: shown.step.cause for shown in topic.steps if shown.step.cause}
    right = causes[topic.asked.step]
    shown = next(one for one in topic.steps if one.step.id == topic.asked.step)
    proof = tuple(one.entry for one in shown.entries)
    told = [one.text for one in topic.recorded.diagnoses if one.connection == entry.connection]
    told += [one.text for number in proof for one in topic.recorded.findings.get(number, ())]
    if not told:
        return None
    choices = choose(right, list(causes.values()), entry.connection + _SEED)
    numbers = ", ".join(f"#{number}" for number in proof)
    because = topic.words("saycause", entries=numbers, summary=told[0])
    return topic.ask("cause", right, {"title": shown.step.title}, proof, because, choices)


MAKERS: Final[dict[str, Callable[[Topic], Made]]] = {
    "unacked": _unacked,
    "subscription": _subscription,
    "copy": _copy,
    "localpart": _part("localpart"),
    "domainpart": _part("domainpart"),
    "resourcepart": _part("resourcepart"),
    "iterations": _iterations,
    "violation": _violation,
    "cause": _cause,
}
"""What makes a question, by its kind in a plan."""
