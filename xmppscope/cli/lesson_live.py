"""`xmppscope lesson --live`: not there yet."""

from xmppscope.cli.lesson import LessonOptions
from xmppscope.model.errors import XmppscopeError


def run_live(options: LessonOptions) -> int:
    """Refuse, until there is something to play."""
    raise XmppscopeError(f"--live: lesson {options.name} can't be played live; see it without --live")
