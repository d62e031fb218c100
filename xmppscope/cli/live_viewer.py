"""The live viewer of `proxy --web`: gets the timeline beside the terminal, and serves it from a thread of its own."""

from collections.abc import Sequence

from xmppscope.cli.extensions import installed
from xmppscope.cli.faces import ViewerFace
from xmppscope.cli.histories import Histories
from xmppscope.cli.viewing import listen_address, say_where
from xmppscope.model.instant import iso
from xmppscope.model.timeline import Record
from xmppscope.viewer.serving import Viewer
from xmppscope.viewer.timeline import Timeline
from xmppscope.xeps.trackers import Trackers


class LiveViewer:
    """A viewer of what comes; *where* is HOST:PORT, `trackers` and `histories` stand among the observers."""

    def __init__(self, where: str) -> None:
        self._host, port = listen_address(where, "--web")
        self.trackers = Trackers(installed())
        self.histories = Histories(self.trackers)
        self._timeline = Timeline()
        self._timeline.meta = {"title": "proxy", "files": [], "live": True}
        self._viewer = Viewer(
            self._timeline, ViewerFace(self._timeline, self.histories.changes), self._host, port, option="--web"
        )

    def start(self, recording: str | None) -> None:
        """Serve it and say where; *recording* is the file that commands can be given."""
        if recording is not None:
            self._timeline.meta |= {"title": recording, "files": [recording]}
        self._viewer.start()
        say_where(self._viewer, self._host)

    def begin(self, time: int) -> None:
        """Count times from *time* on."""
        self._timeline.meta["origin"] = iso(time, 9)

    def add(self, records: Sequence[Record]) -> None:
        """Take records."""
        self._timeline.add(records)

    def close(self) -> None:
        """Let pages that look on have the end, and serve no more."""
        self._timeline.done = True
        self._viewer.stop()
        self._timeline.close()
