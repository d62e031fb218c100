"""Write the reference of the filter language: rewrites docs/reference/filter.md (run it after a change of it)."""

from pathlib import Path

from xmppscope.filter.page import page

TARGET = Path(__file__).with_name("reference") / "filter.md"

if __name__ == "__main__":
    TARGET.write_text(page())
