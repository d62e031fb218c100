"""What a refused client gets is a whole document, whatever the domain and the reason are made of."""

import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.namespaces import CLIENT, STREAM
from xmppscope.model.timeline import ConnectionKind
from xmppscope.proxy.refusal import Condition, Refusal, header

ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
CONTENT = {"c2s": CLIENT, "unknown": CLIENT, "s2s": "jabber:server", "component": "jabber:component:accept"}


@pytest.mark.parametrize("condition", get_args(Condition))
@pytest.mark.parametrize("kind", get_args(ConnectionKind))
def test_a_refusal_is_a_whole_document(condition: Condition, kind: ConnectionKind) -> None:
    text = Refusal(condition, "no way").xml(header_due=True, kind=kind, domain="a.example", identity="proxy-1")
    document = ET.fromstring(text)
    assert document.tag == f"{{{STREAM}}}stream"
    assert document.attrib["from"] == "a.example"
    assert document.attrib["id"] == "proxy-1"
    assert document.attrib["version"] == "1.0"
    (error,) = document
    assert error.tag == f"{{{STREAM}}}error"
    assert [child.tag for child in error] == [f"{{{ERRORS}}}{condition}", f"{{{ERRORS}}}text"]
    assert error[1].text == "no way"
    assert f"xmlns='{CONTENT[kind]}'" in text


def test_behind_a_header_there_is_no_other() -> None:
    refusal = Refusal("connection-timeout", "too late")
    bare = refusal.xml(header_due=False, kind="c2s", domain="a.example", identity="x")
    assert bare.startswith("<stream:error>")
    whole = header("c2s", "a.example", "x") + bare
    assert whole == refusal.xml(header_due=True, kind="c2s", domain="a.example", identity="x")
    ET.fromstring(whole)


@given(domain=st.text(st.characters(codec="utf-8")), reason=st.text(st.characters(codec="utf-8")))
def test_nothing_breaks_out(domain: str, reason: str) -> None:
    text = Refusal("host-unknown", reason).xml(header_due=True, kind="c2s", domain=domain, identity="x")
    document = ET.fromstring(text.encode())
    assert list(document.attrib)[-3:] == ["id", "version", "{http://www.w3.org/XML/1998/namespace}lang"]
    assert [len(node) for node in (document, document[0], document[0][1])] == [1, 2, 0]
