"""The rules of what accompanies messages, with their words; `messages` decides them."""

from typing import Final

from xmppscope.lint.rule import Rule, talk

_COPY: Final = (
    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='romeo@montague.example/garden' "
    "to='juliet@capulet.example/tomb' type='chat'><body>Hi</body></message></forwarded>"
)
_QUERY: Final = "C: <iq type='set' id='m1'><query xmlns='urn:xmpp:mam:2' queryid='q1'/></iq>"
_TO: Final = "to='juliet@capulet.example/balcony'"
_OWN: Final = f"S: <message from='juliet@capulet.example' {_TO}>"
_OTHER: Final = f"S: <message from='romeo@montague.example/garden' {_TO}><body>Hi</body>"
_MALLORY: Final = f"S: <message from='mallory@montague.example/x' {_TO}>"
_SEND: Final = "C: <message to='romeo@montague.example/garden'>"
_CARBON: Final = f"<received xmlns='urn:xmpp:carbons:2'>{_COPY}</received></message>"

CARBON_FROM: Final = Rule(
    "carbon-from-foreign", "message", "error", "XEP-0280 §11",
    needs="a client's stream on which the resource binding was seen",
    what="A carbon copy comes from another address than the bare JID of the own account.",
    why="A client must ignore it: anybody could put words into a contact's mouth this way.",
    wrong=talk(_MALLORY + _CARBON),
    right=talk(_OWN + _CARBON),
)  # fmt: skip
CARBON_SHAPE: Final = Rule(
    "carbon-shape", "message", "error", "XEP-0280 §7",
    what="A carbon copy (<sent/> or <received/>) that wraps no forwarded message.",
    why="There is nothing that a client could show.",
    wrong=talk(_OWN + "<received xmlns='urn:xmpp:carbons:2'/></message>"),
    right=talk(_OWN + _CARBON),
)  # fmt: skip
FORWARDED: Final = Rule(
    "forwarded-ns-lost", "message", "error", "XEP-0297 §3.2",
    what="A stanza inside <forwarded/> has inherited the namespace urn:xmpp:forward:0 instead of naming its own.",
    why="It is no stanza any more, and receivers do not find it. Usually an xmlns was lost when it was written anew.",
    wrong=talk(
        f"{_OTHER}<forwarded xmlns='urn:xmpp:forward:0'><message><body>Hi</body></message></forwarded></message>"
    ),
    right=talk(f"{_OTHER}{_COPY}</message>"),
)  # fmt: skip
MAM: Final = Rule(
    "mam-result-shape", "message", "error", "XEP-0313 §4",
    what="An archived message (<result/>) without id or without <forwarded/>, or the end of a page (<fin/>) without a "
    "result set.",
    why="The id is what the archive knows the message by; the result set tells where the next page begins.",
    wrong=talk(_QUERY, f"{_OWN}<result xmlns='urn:xmpp:mam:2' queryid='q1'>{_COPY}</result></message>"),
    right=talk(_QUERY, f"{_OWN}<result xmlns='urn:xmpp:mam:2' queryid='q1' id='28482'>{_COPY}</result></message>"),
)  # fmt: skip
STANZA_ID: Final = Rule(
    "stanza-id-shape", "message", "error", "XEP-0359 §3",
    what="A <stanza-id/> without id or by, an <origin-id/> without id, or two <stanza-id/> by the same entity.",
    why="The id counts only together with who gave it; clients use both to recognise a message in the archive.",
    wrong=talk(f"{_OTHER}<stanza-id xmlns='urn:xmpp:sid:0' id='a7'/></message>"),
    right=talk(
        f"{_OTHER}<stanza-id xmlns='urn:xmpp:sid:0' id='a7' by='juliet@capulet.example'/></message>"
    ),
)  # fmt: skip
RECEIPT: Final = Rule(
    "receipt-shape", "message", "error", "XEP-0184 §7",
    what="A receipt without the id of the message that it is for; a request for one on a message without id, or on a "
    "receipt.",
    why="A receipt is matched by the id alone, and one that asks for another never ends.",
    wrong=talk(_SEND + "<received xmlns='urn:xmpp:receipts'/></message>"),
    right=talk(_SEND + "<received xmlns='urn:xmpp:receipts' id='m1'/></message>"),
)  # fmt: skip
MARKER: Final = Rule(
    "marker-shape", "message", "error", "XEP-0333 §4.2",
    what="A marker without the id of the message that it is for, or a request for markers on a message without id.",
    why="A marker is matched by the id alone.",
    wrong=talk(_SEND + "<displayed xmlns='urn:xmpp:chat-markers:0'/></message>"),
    right=talk(_SEND + "<displayed xmlns='urn:xmpp:chat-markers:0' id='m1'/></message>"),
)  # fmt: skip
