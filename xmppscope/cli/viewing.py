"""Runs `xmppscope view`: serves the viewer at once, and fills its timeline while captures are read."""

from pathlib import PurePath
from typing import Final

import click

from xmppscope.cli.captures import Messages, check_named, open_keys
from xmppscope.cli.extensions import installed
from xmppscope.cli.faces import ViewerFace
from xmppscope.cli.histories import Histories
from xmppscope.cli.observers import observers
from xmppscope.cli.output import Output
from xmppscope.cli.passwords import passwords
from xmppscope.cli.view import ViewOptions
from xmppscope.model.errors import XmppscopeError
from xmppscope.model.instant import iso
from xmppscope.proxy.upstream import parse_listen
from xmppscope.render.terminal.numbers import plural
from xmppscope.sources.interrupt import Interruption
from xmppscope.sources.names import display
from xmppscope.sources.pipeline import Pipeline
from xmppscope.sources.reading import Reading
from xmppscope.viewer.serving import LOOPBACK, Viewer
from xmppscope.viewer.timeline import Timeline
from xmppscope.xeps.trackers import Trackers

_LONG: Final = 3600.0
_OUTSIDE: Final = "anyone on this network who learns the address can look on; what they see crosses it unprotected"


def listen_address(text: str, option: str) -> tuple[str, int]:
    """Return host and port of what *option* was given."""
    try:
        return parse_listen(text)
    except XmppscopeError as error:
        raise XmppscopeError(str(error).replace("--listen", option)) from error


def say_where(viewer: Viewer, host: str) -> None:
    """Print the address of a viewer, the one line that scripts wait for, and warn where others may reach it."""
    if host not in LOOPBACK:
        click.echo(f"xmppscope: warning: {_OUTSIDE}", err=True)
    click.echo(f"viewer at {viewer.url}", err=True)


def run(options: ViewOptions) -> int:
    """Serve what *options* name until a signal comes; return the exit status."""
    check_named(options.files)
    host, port = listen_address(options.listen, "--listen")
    keys, keylogs = open_keys(options, options.files, growing=options.follow)
    timeline, trackers = Timeline(), Trackers(installed())
    histories = Histories(trackers)
    viewer = Viewer(timeline, ViewerFace(timeline, histories.changes), host, port)
    files = [display(name) for name in options.files]
    timeline.meta = {"title": ", ".join(PurePath(name).name for name in files), "files": files, "live": options.follow}
    known = observers(trackers, passwords(options.passwords))
    pipeline = Pipeline(
        keys, files=len(options.files), show_secrets=options.show_secrets, observers=[*known, histories]
    )
    messages = Messages(options, Output(None))
    with Interruption() as interruption:
        reading = Reading(list(options.files), pipeline, keylogs, interruption, messages.report, follow=options.follow)
        viewer.start()
        say_where(viewer, host)
        try:
            for records in reading.records():
                if pipeline.first is not None:
                    timeline.meta["origin"] = iso(pipeline.first, 9)
                timeline.add(records)
                messages.keep_up(keylogs, pipeline, reading.current)
            timeline.done = True
            messages.clear()
            failed = reading.failed and not len(timeline)
            if not options.quiet and not failed and not interruption.stopped:
                click.echo(f"{plural(timeline.entries, 'entry', 'entries')}; Ctrl-C ends it", err=True)
            while not (interruption.stopped or failed):
                interruption.sleep(_LONG)
        finally:
            keylogs.close()
            viewer.stop()
            timeline.close()
    return 2 if failed else 0
