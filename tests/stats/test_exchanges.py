from xmppscope.stats import exchanges
from xmppscope.stats.exchanges import MOST_NAMESPACES, Exchanges
from xmppscope.stats.report import Latency


def test_figures_of_each_namespace() -> None:
    all_of_them = Exchanges()
    for entry, namespace in ((1, "ping"), (2, "ping"), (3, "roster"), (4, "ping"), (9, "lost")):
        all_of_them.request(entry, namespace)
    all_of_them.answer(1, 0.5, 5)
    all_of_them.answer(2, 0.1, 6)
    all_of_them.answer(3, None, 7)
    all_of_them.answer(3, 9.0, 8)
    all_of_them.answer(77, 9.0, 8)
    assert all_of_them.table() == [
        Latency("ping", 3, 2, 1, 0.1, 0.5, 0.5, 5),
        Latency("lost", 1, 0, 1),
        Latency("roster", 1, 1, 0),
    ]


def test_namespaces_are_bounded() -> None:
    all_of_them = Exchanges()
    for entry in range(MOST_NAMESPACES + 5):
        all_of_them.request(entry, str(entry))
    assert len(all_of_them.table()) == MOST_NAMESPACES
    assert all_of_them.forgotten == 5


def test_open_requests_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(exchanges, "MOST_OPEN", 2)
    all_of_them = Exchanges()
    for entry in (1, 2, 3):
        all_of_them.request(entry, "ping")
    all_of_them.answer(1, 0.1, 4)
    all_of_them.answer(3, 0.1, 5)
    assert all_of_them.table() == [Latency("ping", 3, 1, 2, 0.1, 0.1, 0.1, 5)]
