"""Message Archive Management (XEP-0313): the queries of one client, how many results each brought, whether all.

Versions 0 to 2 of the namespace: in version 0 `<fin/>` came in a message. Each page
(XEP-0059) is a query.
"""

from typing import Final

import msgspec

from xmppscope.model.element import SEPARATOR, Element
from xmppscope.session.notes import counted
from xmppscope.xeps import xep_0059
from xmppscope.xeps.descriptor import Extension, Met

NAMESPACES: Final = tuple(f"urn:xmpp:mam:{version}" for version in (2, 1, 0))
QUERY: Final = frozenset(f"{ns}{SEPARATOR}query" for ns in NAMESPACES)
RESULT: Final = frozenset(f"{ns}{SEPARATOR}result" for ns in NAMESPACES)
FIN: Final = frozenset(f"{ns}{SEPARATOR}fin" for ns in NAMESPACES)

MOST_QUERIES: Final = 10_000
"""How many queries of a connection are followed."""

_TRUE: Final = frozenset({"true", "1"})


class ArchiveQuery(msgspec.Struct, omit_defaults=True, gc=False):
    """One query; `complete` is None until `<fin/>` was seen."""

    results: int
    entry: int
    queryid: str | None = None
    complete: bool | None = None


class ArchiveQueries:
    """Follows the queries on one connection; `forgotten` counts those that were not followed."""

    def __init__(self) -> None:
        self.queries: list[ArchiveQuery] = []
        self.forgotten = 0
        self._by_id: dict[str, ArchiveQuery] = {}
        self._by_entry: dict[int, ArchiveQuery] = {}

    def ask(self, query: Element, entry: int) -> None:
        """Take the `<query/>` of an iq set, whose entry is *entry* (§4.1)."""
        if len(self.queries) >= MOST_QUERIES:
            self.forgotten += 1
            return
        identity = query.attrs.get("queryid")
        asked = ArchiveQuery(0, entry, identity)
        self.queries.append(asked)
        self._by_id[identity or ""] = self._by_entry[entry] = asked

    def result(self, result: Element) -> ArchiveQuery | None:
        """Take the `<result/>` of a message; return the query that it belongs to (§4.2: "MUST include the queryid")."""
        query = self._by_id.get(result.attrs.get("queryid", ""))
        if query is not None:
            query.results += 1
        return query

    def fin(self, fin: Element, answers: int | None) -> ArchiveQuery | None:
        """Take `<fin/>` and return its query.

        *answers* is the entry of the query that it answers; in version 0 the queryid says so.
        """
        query = self._by_entry.pop(answers, None) if answers else self._by_id.get(fin.attrs.get("queryid", ""))
        if query is not None:
            query.complete = fin.attrs.get("complete") in _TRUE
        return query


def _query(met: Met, query: Element) -> None:
    if met.entry.type == "set" and met.sent:
        met.of(ArchiveQueries).ask(query, met.entry.entry)
        xep_0059.page(met, query)


def _result(met: Met, result: Element) -> None:
    if met.entry.name == "message":
        met.of(ArchiveQueries).result(result)


def _fin(met: Met, fin: Element) -> None:
    entry = met.entry
    queries = met.of(ArchiveQueries)
    if entry.name == "message":
        query = queries.fin(fin, None)
    elif entry.type == "result" and entry.answers is not None:
        query = queries.fin(fin, entry.answers)
    else:
        return
    if query is not None and not met.place.about.lost:
        met.note(f"{counted(query.results, 'result')} came for #{query.entry}", "XEP-0313 §4.2")
    xep_0059.page(met, fin)


EXTENSION: Final = Extension(
    number="0313",
    title="Message Archive Management",
    namespaces=NAMESPACES,
    elements={**dict.fromkeys(QUERY, _query), **dict.fromkeys(RESULT, _result), **dict.fromkeys(FIN, _fin)},
    tracker=ArchiveQueries,
)
