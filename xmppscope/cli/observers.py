"""Who follows the timeline before it is printed: the same observers in `read` and in `proxy`, new ones for each run."""

from collections.abc import Mapping

from xmppscope.cli.extensions import installed
from xmppscope.diagnosis import Diagnoses
from xmppscope.lint import Linter
from xmppscope.session.seen import Observer
from xmppscope.xeps.trackers import Trackers


def observers(trackers: Trackers | None = None, passwords: Mapping[str, str] | None = None) -> list[Observer]:
    """Return what adds to the entries of one run, in the order in which it sees them.

    *trackers* are there to be asked later, *passwords* (by bare JID) to recompute SCRAM with.
    """
    return [trackers or Trackers(installed()), Linter(), Diagnoses(passwords)]
