"""Ad-Hoc Commands (XEP-0050): the stages of one execution, which actions are possible, the form of each stage."""

from functools import partial
from typing import Final

from xmppscope.model.element import Element
from xmppscope.session.triggers import expanded
from xmppscope.xeps import xep_0004
from xmppscope.xeps.descriptor import Extension, Met
from xmppscope.xeps.memory import Memory
from xmppscope.xeps.words import listed, short, word

COMMANDS: Final = "http://jabber.org/protocol/commands"
_COMMAND: Final = expanded(COMMANDS, "command")
_ACTIONS: Final = expanded(COMMANDS, "actions")
_CONDITIONS: Final = {
    "malformed-action": "the action is not understood",
    "bad-action": "the action is not possible in this stage",
    "bad-locale": "the language is not available",
    "bad-payload": "the form is not filled in as it must be",
    "bad-sessionid": "no execution has this session id",
    "session-expired": "the execution has expired: it must begin anew",
}


class Executions(Memory[str, tuple[int, int]]):
    """Executions by session id: how many stages so far, and the entry of the last."""

    most = 256


def _command(met: Met, command: Element) -> None:
    if met.entry.type == "set":
        _run(met, command)
    elif met.entry.type == "result":
        _stage(met, command)
    for form in command.children:
        if form.name == xep_0004.FORM:
            xep_0004.form(met, form)


def _run(met: Met, command: Element) -> None:
    identity = command.attrs.get("sessionid", "")
    known = met.of(Executions).get(identity) if identity else None
    if known is not None:
        met.note(f"answers stage {known[0]} (#{known[1]})", "XEP-0050 §3.4")
    met.expect(partial(_answer, node=short(command.attrs.get("node", "")), asked=met.entry.entry))


def _stage(met: Met, command: Element) -> None:
    identity, status = command.attrs.get("sessionid", ""), command.attrs.get("status")
    executions = met.of(Executions)
    stage = (executions.get(identity) or (0, 0))[0] + 1
    if status != "executing":
        executions.pop(identity)
        return
    executions.put(identity, (stage, met.entry.entry))
    actions = command.child(_ACTIONS)
    if actions is None:
        text = f"stage {stage}: the next answer completes it"
    else:
        default = actions.attrs.get("execute")
        text = f"stage {stage}: possible are {listed(child.local for child in actions.children)}"
        text += f", by default {word(default)}" if default else ""
    met.note(text, "XEP-0050 §3.4")


def _answer(met: Met, payload: Element, *, node: str, asked: int) -> None:
    if met.entry.type == "error":
        met.change("command", "error", (asked,), subject=node)
    elif payload.name == _COMMAND:
        met.change("command", word(payload.attrs.get("status", "")), (asked,), subject=node)


def _refused(met: Met, condition: Element) -> None:
    met.note(_CONDITIONS[condition.local], "XEP-0050 §4.4")


EXTENSION: Final = Extension(
    number="0050",
    title="Ad-Hoc Commands",
    namespaces=(COMMANDS,),
    elements={_COMMAND: _command},
    errors={expanded(COMMANDS, local): _refused for local in _CONDITIONS},
    tracker=Executions,
)
