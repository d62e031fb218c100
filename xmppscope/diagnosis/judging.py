"""Decides about a connection that is over: the first of these that finds a reason names it.

What was seen (a stream error, a fatal alert) holds in a damaged capture too. What rests on something that did not come
asks for a connection seen from its first byte on, without a hole.
"""

from typing import Final

from xmppscope.diagnosis.case import Case
from xmppscope.diagnosis.endings import left, vanished
from xmppscope.diagnosis.logins import login
from xmppscope.diagnosis.refusals import refused
from xmppscope.diagnosis.sessions import Sessions
from xmppscope.diagnosis.stream_errors import stream_error
from xmppscope.diagnosis.tls import alerted, unfinished
from xmppscope.diagnosis.verdict import Verdict
from xmppscope.diagnosis.web_socket import web

_NEGATIVE: Final = (web, login, refused, unfinished, left, vanished)


def judge(case: Case, sessions: Sessions) -> Verdict | None:
    """Return why the session ended badly, or None if it did not, or nobody can know."""
    if case.by_proxy or case.removes:
        return None
    seen = stream_error(case, sessions) or alerted(case)
    if seen is not None or not case.ended or not case.whole:
        return seen
    for find in _NEGATIVE:
        verdict = find(case)
        if verdict is not None:
            return verdict
    return None
