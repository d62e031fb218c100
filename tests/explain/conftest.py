"""Elements from XML, for the tests of what elements mean."""

from collections.abc import Callable

import pytest

from xmppscope.framing.pieces import Head, Item
from xmppscope.framing.splitter import Splitter
from xmppscope.model.element import Element


@pytest.fixture(scope="session")
def element() -> Callable[..., Element]:
    """Return a function from XML to the element, as it stands in a stream of the given content namespace."""

    def parse(xml: str, ns: str = "jabber:client") -> Element:
        if xml.startswith("<stream:stream"):
            header = xml.replace(">", f" xmlns='{ns}' xmlns:stream='http://etherx.jabber.org/streams'>")
            piece = Splitter(frozenset(), frozenset()).feed(header.encode())[-1]
        else:
            header = (
                f"<stream:stream xmlns='{ns}' xmlns:stream='http://etherx.jabber.org/streams' "
                "xmlns:db='jabber:server:dialback'>"
            )
            piece = Splitter(frozenset(), frozenset()).feed((header + xml).encode())[-1]
        assert isinstance(piece, Head | Item)
        return piece.element

    return parse
