"""Entity Time (XEP-0202): how the clock of the peer differs from the one of the capture."""

from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.words import at, instant, span

TIME: Final = "urn:xmpp:time"
_UTC: Final = expanded(TIME, "utc")
_NOTABLE_SKEW: Final = 1.5


def _time(met: Met, time: Element) -> None:
    """Compare the clock of the peer with the one of the capture."""
    told = instant(time.child_text(_UTC) or "")
    if met.entry.type != "result" or told is None:
        return
    ahead = told - at(met.entry)
    if abs(ahead) > _NOTABLE_SKEW:
        text = f"its clock is {span(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}"
        met.note(f"{text}, against the clock of the capture", "XEP-0202 §2")


EXTENSION: Final = Extension(
    number="0202", title="Entity Time", namespaces=(TIME,), elements={expanded(TIME, "time"): _time}
)
