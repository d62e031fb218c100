import pytest

from xmppscope.demo import sasl
from xmppscope.demo.accounts import Accounts


def test_what_is_offered_with_channel_binding() -> None:
    mechanisms, types = sasl.features(["tls-exporter"])
    offered = [child.text for child in mechanisms]
    assert offered == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]
    assert [child.get("type") for child in types] == ["tls-exporter"]


def test_what_is_offered_without() -> None:
    (mechanisms,) = sasl.features([])
    assert [child.text for child in mechanisms] == ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]


def test_a_mechanism_that_was_not_offered_is_refused() -> None:
    with pytest.raises(sasl.SaslError, match="invalid-mechanism"):
        sasl.Exchange("SCRAM-SHA-256-PLUS", Accounts("verona.example"), {})
