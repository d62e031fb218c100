"""Write the reference of the lint rules: rewrites docs/reference/lint-rules.md (run it after a change of a rule)."""

from pathlib import Path

from xmppscope.lint.page import page

TARGET = Path(__file__).with_name("reference") / "lint-rules.md"

if __name__ == "__main__":
    TARGET.write_text(page())
