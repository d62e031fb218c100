import pytest

from xmppscope.model.timeline import INITIATING, RECEIVING, Sender
from xmppscope.session.negotiation import Negotiation
from xmppscope.session.seen import About
from xmppscope.stats.software import SoftwareNames

VERSION = "<query xmlns='jabber:iq:version'><name>{}</name><version>{}</version><os>{}</os></query>"
INFO = (
    "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='{}' type='x' name='{}'/>"
    "<identity category='{}' type='y'/></query>"
)


def about() -> About:
    negotiation = Negotiation()
    negotiation.domain = "a.example"
    return About(1, "192.0.2.1:4", "192.0.2.2:5222", True, negotiation, set())


def names(made, *said: tuple[Sender, str]) -> dict[Sender, str]:
    software = SoftwareNames()
    for sender, xml in said:
        entry, element = made(xml, sender)
        if entry.name == "presence":
            software.presence(entry, element)
        elif entry.name == "iq":
            software.iq(entry, element.children[0], about())
        else:
            software.login(element)
    return software.names


def result(payload: str, from_: str = "") -> str:
    return f"<iq type='result' id='1' from='{from_}'>{payload}</iq>"


CAPS = "<presence><c xmlns='http://jabber.org/protocol/caps' node='https://client.example' ver='x'/></presence>"
AGENT = "<authenticate xmlns='urn:xmpp:sasl:2'><user-agent><software>Client</software></user-agent></authenticate>"

SAID = [
    pytest.param([(INITIATING, CAPS)], {INITIATING: "https://client.example"}, id="capabilities"),
    pytest.param([(RECEIVING, CAPS)], {}, id="capabilities of somebody else"),
    pytest.param([(INITIATING, AGENT)], {INITIATING: "Client"}, id="user agent"),
    pytest.param([(INITIATING, result(VERSION.format("Client", "1.0", "Linux"))), (INITIATING, CAPS)],
                 {INITIATING: "Client 1.0 (Linux)"}, id="version"),
    pytest.param([(RECEIVING, result(VERSION.format("Server", "2", " "), "a.example"))], {RECEIVING: "Server 2"},
                 id="the server's"),
    pytest.param([(RECEIVING, result(VERSION.format("Client", "2", ""), "b@a.example/x"))], {}, id="a contact's"),
    pytest.param([(RECEIVING, result(INFO.format("server", "Prosody", "pubsub"), "A.example"))],
                 {RECEIVING: "Prosody"}, id="identity"),
    pytest.param([(RECEIVING, result(INFO.format("conference", "Rooms", "server"), "a.example"))], {},
                 id="an identity of something else"),
    pytest.param([(RECEIVING, result(INFO.format("server", "S", "x"), "a.example")),
                  (RECEIVING, result(VERSION.format("Server", "", ""), "a.example"))], {RECEIVING: "Server"},
                 id="the surer one"),
    pytest.param([(INITIATING, result(VERSION.format("", "1", "x")))], {}, id="no name"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "known"), SAID)
def test_names(made, said: list[tuple[Sender, str]], known: dict[Sender, str]) -> None:
    assert names(made, *said) == known


def test_a_name_is_cut(made) -> None:
    (name,) = names(made, (INITIATING, result(VERSION.format("x" * 1000, "", "")))).values()
    assert len(name) == 200
