"""What the proxy does itself is held against nobody."""

from xmppscope.analyzer import Analyzer
from xmppscope.lint import Linter
from xmppscope.lint.preambles import OPEN, OPENED, SASL, STARTTLS
from xmppscope.model.marks import EditMark, LegMark, TargetMark
from xmppscope.model.timeline import Entry, Finding
from xmppscope.model.wire import Data, Marked, Opened
from xmppscope.tls.keylog import KeyStore

OFFER = (
    f"<stream:features>{STARTTLS}<mechanisms {SASL}><mechanism>SCRAM-SHA-1</mechanism>"
    "<mechanism>SCRAM-SHA-1-PLUS</mechanism></mechanisms></stream:features>"
)
AUTH = f"<auth {SASL} mechanism='SCRAM-SHA-1'>eSwsbj1qdWxpZXQscj1DMQ==</auth>"


def test_a_client_from_which_the_proxy_hid_plus_may_say_so() -> None:
    analyzer = Analyzer(KeyStore(), observers=[Linter()])
    header, response = OPEN[3:].encode(), OPENED[3:].encode()
    changed = OFFER.replace("<mechanism>SCRAM-SHA-1-PLUS</mechanism>", "")
    end = len(response) + len(OFFER)
    edit = EditMark("receiving", len(response), end, "channel-binding", "changed", "without -PLUS", changed)
    records = []
    for event in (
        Opened(1, 1, 0, "192.0.2.1:40001", "192.0.2.9:5322", True),
        Marked(1, 1, 1, 0, LegMark("client", 1, "192.0.2.9:5322")),
        Marked(1, 1, 1, 0, TargetMark("192.0.2.2:5222")),
        Opened(2, 2, 0, "192.0.2.9:41000", "192.0.2.2:5222", True),
        Marked(2, 0, 2, 0, LegMark("server", 1, "192.0.2.9:5322")),
        Data(1, 0, 3, 0, header),
        Data(2, 1, 4, 0, response),
        Marked(2, 0, 5, 0, edit),
        Data(2, 1, 5, 0, OFFER.encode()),
        Data(1, 0, 6, 0, AUTH.encode()),
    ):
        records += analyzer.feed(event)
    entries = [one for one in records if isinstance(one, Entry)]
    assert [one.name for one in entries if one.name] == ["stream", "stream", "features", "features", "auth"]
    assert [one for one in records if isinstance(one, Finding)] == []
