"""The figure in the documentation is the table."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "make_negotiation_figure.py"


def test_the_figure_is_drawn_from_the_present_table() -> None:
    spec = importlib.util.spec_from_file_location("make_negotiation_figure", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert SCRIPT.with_name("negotiation.md").read_text() == script.page(), "run docs/make_negotiation_figure.py"
