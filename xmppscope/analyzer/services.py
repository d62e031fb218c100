"""What all connections of one capture share: keys, and what spans connections."""

from typing import TYPE_CHECKING

from xmppscope.model.timeline import Kind
from xmppscope.session.iq import PairCorrelator
from xmppscope.tls.keylog import KeyStore
from xmppscope.tls.resumption import ResumptionCache

if TYPE_CHECKING:
    from xmppscope.analyzer.bosh import BoshSessions


class Services:
    """Shared by the connections of one analyzer."""

    def __init__(self, keys: KeyStore, *, show_secrets: bool) -> None:
        self.keys = keys
        self.show_secrets = show_secrets
        self.resumptions = ResumptionCache()
        self.servers = PairCorrelator()
        self.bosh: BoshSessions | None = None
        """The sessions that go over several connections, once there is HTTP."""
        self.names: dict[str, tuple[str, str, Kind, bool]] = {}
        """What first-level names are: namespace, local name, kind, whether misnamed; bounded by who fills it."""
        self.payloads: dict[int, str] = {}
        """What pending iq requests carry: expanded name of the payload by entry number; bounded by who fills it."""
