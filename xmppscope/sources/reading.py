"""Reads captures, one after the other, through the pipeline."""

from collections.abc import Callable, Iterator

from xmppscope.model.errors import CaptureError, XmppscopeError
from xmppscope.model.timeline import Record
from xmppscope.sources.captures import Capture
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.keylogs import KeyLogs
from xmppscope.sources.names import display
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.unpack import Unpacker


class Reading:
    """One timeline from the captures called *names*; only the last one is followed.

    `current` is the capture that is being read. What makes a capture unusable is handed to *report*, and reading goes
    on with the next one; `failed` tells that there was one.
    """

    def __init__(
        self,
        names: list[str],
        pipeline: Pipeline,
        keylogs: KeyLogs,
        interruption: Interruption,
        report: Callable[[XmppscopeError], None],
        *,
        follow: bool = False,
    ) -> None:
        self.current: Capture | None = None
        self.failed = False
        self._names = names
        self._pipeline = pipeline
        self._keylogs = keylogs
        self._interruption = interruption
        self._report = report
        self._follow = follow

    @property
    def live(self) -> bool:
        """Whether what is being read has no end of its own."""
        return self.current is not None and self.current.live

    def records(self) -> Iterator[list[Record]]:
        """Yield the records in batches, as their bytes come; a batch may be empty."""
        for number, name in enumerate(self._names, 1):
            if self._interruption.stopped:
                break
            self._pipeline.open(display(name))
            try:
                yield from self._capture(name, follow=self._follow and number == len(self._names))
            except CaptureError as error:
                self.failed = True
                self._report(error)
            self._pipeline.leave()
        yield self._pipeline.close()

    def _capture(self, name: str, *, follow: bool) -> Iterator[list[Record]]:
        capture = self.current = Capture(name, self._interruption, follow=follow)
        unpacker = Unpacker()
        for piece in capture.pieces():
            if capture.live:
                self._keylogs.poll()
            for data in unpacker.feed(piece):
                yield self._pipeline.feed(data)
        for data in unpacker.close():
            yield self._pipeline.feed(data)
        yield self._end(capture, "" if self._interruption.stopped else unpacker.problem)

    def _end(self, capture: Capture, problem: str) -> list[Record]:
        """End a capture; *problem* is what its compression says about it."""
        if not capture.read and self._interruption.stopped:
            return []
        if not capture.read and capture.size is None:
            raise CaptureError(f"{capture.name}: nothing came in; the program that should write to it may say why")
        notices = self._pipeline.notices
        before = len(notices)
        try:
            records = self._pipeline.end()
        except CaptureError as error:
            raise (CaptureError(f"{capture.name}: {problem}") if problem else error) from error
        if problem or self._interruption.stopped:
            # Then it is no news that the last packet is cut.
            del notices[before:]
        if problem:
            notices.append(f"{capture.name}: {problem}; shown as far as it goes")
        elif self._interruption.stopped and capture.size and not capture.live:
            share = capture.read / capture.size * 100
            notices.append(f"{capture.name}: interrupted at {share:.0f} %; shown up to there")
        return records
