"""Every rule, and what decides it: a plain list, in the order of the reference page."""

import difflib
from collections.abc import Sequence
from typing import Final

from xmppscope.lint.archive import ArchiveChecker
from xmppscope.lint.binding import BindChecker
from xmppscope.lint.bosh import BoshChecker
from xmppscope.lint.capabilities import CapabilitiesChecker
from xmppscope.lint.channel_binding import BindingChecker
from xmppscope.lint.checker import Checker
from xmppscope.lint.commands import BundleChecker, CommandChecker
from xmppscope.lint.declared import DeclaredChecker
from xmppscope.lint.fast import FastChecker
from xmppscope.lint.handshakes import HandshakeChecker
from xmppscope.lint.header_pairs import HeaderPairChecker
from xmppscope.lint.iq import IqChecker
from xmppscope.lint.iq_answers import AnswerChecker
from xmppscope.lint.messages import MessageChecker
from xmppscope.lint.muc import MucChecker
from xmppscope.lint.origins import OriginChecker
from xmppscope.lint.roster import RosterChecker
from xmppscope.lint.rule import Rule
from xmppscope.lint.sasl import SaslChecker
from xmppscope.lint.sasl2 import Sasl2Checker
from xmppscope.lint.scram import ScramChecker
from xmppscope.lint.scram_fields import ScramFieldsChecker
from xmppscope.lint.sessions import DialbackChecker, JingleChecker
from xmppscope.lint.sm import ManagementChecker
from xmppscope.lint.sm_resuming import ResumedChecker
from xmppscope.lint.stanzas import StanzaChecker
from xmppscope.lint.starttls_offers import StarttlsChecker
from xmppscope.lint.stream_course import StreamChecker
from xmppscope.lint.stream_errors import StreamErrorChecker
from xmppscope.lint.stream_later import LaterChecker
from xmppscope.lint.streams import HeaderChecker
from xmppscope.lint.texts import TextChecker
from xmppscope.lint.tls import TlsChecker
from xmppscope.lint.transfers import BytestreamChecker, SlotChecker
from xmppscope.lint.web_socket import WebSocketChecker
from xmppscope.lint.xml import XmlChecker
from xmppscope.model.errors import XmppscopeError

CHECKERS: Final[tuple[type[Checker], ...]] = (
    XmlChecker,
    HeaderChecker,
    HeaderPairChecker,
    DeclaredChecker,
    StreamChecker,
    StreamErrorChecker,
    LaterChecker,
    TlsChecker,
    StarttlsChecker,
    HandshakeChecker,
    SaslChecker,
    ScramChecker,
    ScramFieldsChecker,
    BindingChecker,
    Sasl2Checker,
    FastChecker,
    BindChecker,
    StanzaChecker,
    TextChecker,
    OriginChecker,
    IqChecker,
    AnswerChecker,
    RosterChecker,
    ResumedChecker,
    ManagementChecker,
    MessageChecker,
    ArchiveChecker,
    MucChecker,
    JingleChecker,
    CapabilitiesChecker,
    BytestreamChecker,
    SlotChecker,
    CommandChecker,
    BundleChecker,
    DialbackChecker,
    WebSocketChecker,
    BoshChecker,
)
"""What follows each connection."""

RULES: Final[tuple[Rule, ...]] = tuple(rule for checker in CHECKERS for rule in checker.RULES)
"""All rules."""

FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(rule.family for rule in RULES))
"""The families, each of which may be selected or ignored as a whole."""


def rule_of(name: str) -> Rule | None:
    """Return the rule with this id."""
    return next((rule for rule in RULES if rule.id == name), None)


def chosen(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> list[Rule]:
    """Return the rules that *select* names (all, if it is empty) but for those that *ignore* names.

    Each word is a rule or a family; one that is neither raises `XmppscopeError`.
    """
    for word in (*select, *ignore):
        if rule_of(word) is None and word not in FAMILIES:
            raise XmppscopeError(_unknown(word))
    wanted, unwanted = set(select), set(ignore)
    return [
        rule
        for rule in RULES
        if (not wanted or wanted & {rule.id, rule.family}) and not unwanted & {rule.id, rule.family}
    ]


def _unknown(word: str) -> str:
    close = difflib.get_close_matches(word, [*FAMILIES, *(rule.id for rule in RULES)], 1)
    hint = f"; did you mean {close[0]}?" if close else f"; families: {', '.join(FAMILIES)}"
    return f"no rule or family is called {word or '(nothing)'}{hint}"
