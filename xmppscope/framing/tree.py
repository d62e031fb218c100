"""Builds the light tree of a first-level element in expat's callbacks: the hottest code of the program.

The callbacks are closures over the stack of open elements: that costs a third less than methods, and every nested
element of every stanza passes here. An empty stack means that the next tag is of the first level (or the header).
"""

from collections.abc import Callable
from pyexpat import XMLParserType

from xmppscope.model.element import Element


class Tree:
    """The first-level element that is being read, as far as it has come.

    `stack` holds the open elements from the first level on. `sensitive` is set when one of the names that may carry a
    secret occurs; who begins an element sets it back. `runs` holds text that came in several parts.
    """

    def __init__(self, sensitive: frozenset[str]) -> None:
        self.stack: list[Element] = []
        self.sensitive = False
        self._names = sensitive
        self.runs: dict[int, tuple[Element, list[str]]] = {}

    def install(
        self,
        parser: XMLParserType,
        begin: Callable[[str, dict[str, str]], None],
        complete: Callable[[str], None],
        foot: Callable[[], None],
    ) -> None:
        """Set the callbacks of *parser*; *begin*, *complete* and *foot* are called at the first level and above."""
        stack = self.stack
        names = self._names

        def start(name: str, attrs: dict[str, str]) -> None:
            if stack:
                node = Element(name, attrs, [])
                stack[-1].children.append(node)
                stack.append(node)
                if name in names:
                    self.sensitive = True
            else:
                begin(name, attrs)

        def end(name: str) -> None:
            if stack:
                stack.pop()
                if not stack:
                    complete(name)
            else:
                foot()

        def text(data: str) -> None:
            if stack:
                node = stack[-1]
                if node.text:
                    self._add_run(node, data)
                else:
                    node.text = data

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text

    def drop(self, parser: XMLParserType, complete: Callable[[str], None]) -> None:
        """Give up building this element, which exceeds a bound; only find its end, then call *complete*."""
        depth = len(self.stack)

        def start(_name: str, _attrs: dict[str, str]) -> None:
            nonlocal depth
            depth += 1

        def end(name: str) -> None:
            nonlocal depth
            depth -= 1
            if not depth:
                self.stack.clear()
                complete(name)

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = None

    def join_runs(self) -> None:
        """Join the runs of text that came in several parts."""
        for node, runs in self.runs.values():
            node.text = "".join(runs)
        self.runs.clear()

    def _add_run(self, node: Element, data: str) -> None:
        # Appending to an attribute copies, which is quadratic for a long body.
        self.runs.setdefault(id(node), (node, [node.text]))[1].append(data)
