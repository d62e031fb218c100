"""Draw the negotiation table as a figure: rewrites docs/negotiation.md (run it after a change of the table)."""

from collections import defaultdict
from pathlib import Path

from xmppscope.session.states import Action, State, Transition, Trigger
from xmppscope.session.table import TRANSITIONS

TARGET = Path(__file__).with_name("negotiation.md")

INTRODUCTION = """# The negotiation, drawn from its table

`docs/make_negotiation_figure.py` draws this from `xmppscope/session/table.py`; a test fails when the two differ.
The arrows lead from state to state; what stands in parentheses happens to the bytes that follow.
Not drawn: what leaves the state alone, the start in mid-stream (`unknown`), gaps, and what every state does
alike, which the second table lists.
"""
LEGEND = """
## What the figure leaves out

In mid-stream and behind a gap a connection is `unknown` until one of these comes:

| trigger | next state | bytes |
|---|---|---|
"""
ENDINGS = """
These lead to one state from nearly every other:

| trigger | next state | from |
|---|---|---|
"""
EVERYWHERE = frozenset(
    {Trigger.STREAM_ERROR, Trigger.CLOSE, Trigger.CLOSE_BOTH, Trigger.LOST}
    | {Trigger.END, Trigger.END_CLOSED, Trigger.END_UNSEEN}
)


def label(trigger: Trigger, to: Transition) -> str:
    """Return what stands on an arrow."""
    return trigger.value if to.action in (Action.NONE, Action.GO_ON) else f"{trigger.value} ({to.action.value})"


def figure() -> str:
    """Return the Mermaid state diagram."""
    arrows: dict[tuple[State, State], list[str]] = defaultdict(list)
    for (state, trigger), to in TRANSITIONS.items():
        stays = state is to.state and to.action is Action.NONE
        if not stays and state is not State.UNKNOWN and trigger not in EVERYWHERE:
            arrows[state, to.state].append(label(trigger, to))
    lines = ["stateDiagram-v2", "    direction TB", "    [*] --> CONNECTED"]
    lines += [f'    state "{state.value}" as {state.name}' for state in State if state is not State.UNKNOWN]
    lines += [f"    {one.name} --> {two.name}: {'<br/>'.join(texts)}" for (one, two), texts in arrows.items()]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def endings() -> str:
    """Return the rows of what leads to one state from nearly everywhere."""
    sources: dict[tuple[Trigger, State], list[str]] = defaultdict(list)
    for (state, trigger), to in TRANSITIONS.items():
        if trigger in EVERYWHERE:
            sources[trigger, to.state].append(state.value)
    return "".join(
        f"| {trigger.value} | {to.value} | {', '.join(names)} |\n" for (trigger, to), names in sources.items()
    )


def from_unknown() -> str:
    """Return the rows of what a capture that starts in mid-stream may begin with."""
    rows = [(trigger, to) for (state, trigger), to in TRANSITIONS.items() if state is State.UNKNOWN]
    return "".join(
        f"| {trigger.value} | {to.state.value} | {'' if to.action is Action.NONE else to.action.value} |\n"
        for trigger, to in rows
        if trigger not in EVERYWHERE
    )


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, figure().rstrip()]) + "\n" + LEGEND + from_unknown() + ENDINGS + endings()


if __name__ == "__main__":
    TARGET.write_text(page())
