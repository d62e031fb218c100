"""Whatever stands in a capture stays text in the page: markup, scripts, controls, overrides, five megabytes at once."""

import json
import re

import pytest

from xmppscope.model.timeline import Connection, Diagnosis, Entry, Finding, Header, Summary
from xmppscope.render.html.report import HtmlReport

SCRIPT = "</script><script>document.title = 'broken'</script><!-- <script>"
IMAGE = "<img src='http://127.0.0.1:9/x.png' onerror=\"document.title='broken'\">"
XHTML = (
    "<html xmlns='http://www.w3.org/1999/xhtml'><script>document.title='broken'</script>"
    "<img src='http://127.0.0.1:9/y.png' onerror=\"document.title='broken'\"/></html>"
)
HIDDEN = "safe\u202egnp.exe\u202c \u0085\u200b\u2066x\u2069 \ufeff"
LARGE = 5_000_000


def entry(number: int, summary: str, xml: str | None, **more: object) -> Entry:
    at = f"2026-11-20T09:24:56.{number:06}Z"
    return Entry(
        number, 1, 1, "initiating", "stanza", at, at, summary, "open", "none", (number, number), 10, (0, 10), None,
        "message", "jabber:client", xml, {"": "jabber:client", "stream": "http://etherx.jabber.org/streams"}, **more,
    )  # fmt: skip


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;")


def records() -> list:
    return [
        Header(xmppscope="0"),
        Connection(
            connection=1,
            time="2026-11-20T09:24:56.000000Z",
            initiating=SCRIPT,
            receiving=IMAGE,
            kind="c2s",
            transport="tcp",
        ),
        entry(1, SCRIPT, f"<message><body>{escaped(SCRIPT)}</body></message>", id=SCRIPT, from_=IMAGE),
        entry(2, IMAGE, f"<message><body>{escaped(IMAGE)}</body></message>", to=SCRIPT),
        entry(3, "xhtml", f"<message>{XHTML}</message>"),
        entry(4, HIDDEN, f"<message to='{HIDDEN}'><body>{HIDDEN}</body></message>"),
        entry(5, "large", f"<message to='{'A' * LARGE}'><body>x</body></message>"),
        entry(6, "\x1b[2J\x00\x07", "<message><body>no & XML"),
        entry(7, "towers " + "e" + "\u0301" * 500, "<message><body>&#x85;&#x9b;</body></message>"),
        Finding(
            rule="iq-type", severity="error", time="2026-11-20T09:24:56.000000Z", connection=1, entries=[7],
            text=SCRIPT, spec=IMAGE,
        ),
        Diagnosis(connection=1, entries=[7], text=IMAGE, advice=SCRIPT),
        Summary(
            packets=1, connections=1, xmpp_connections=1, entries=7, stanzas=7, findings={"error": 1}, gaps=0,
            undecrypted=0,
        ),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory):
    report = HtmlReport()
    data = report.render(records())
    report.meta = {"title": SCRIPT, "files": [SCRIPT], "origin": "2026-11-20T09:24:56.000000000Z"}
    report.states = {1: [[1, "subscription", SCRIPT, IMAGE, [1]]]}
    target = tmp_path_factory.mktemp("hostile") / "report.html"
    target.write_bytes(data + report.close())
    return target


def test_nothing_ends_the_block_of_data(hostile) -> None:
    page = hostile.read_text()
    assert len(re.findall("<script", page)) == len(re.findall("</script>", page)) == 3
    block = re.search(r'<script type="application/json" id="records">\n(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in block
    assert json.loads(f"[{block}null]")[2]["summary"] == SCRIPT
    assert "default-src 'none'" in page


@pytest.mark.real
def test_it_stays_text(hostile, opened) -> None:
    page = opened(hostile)
    for number in range(1, 8):
        page.evaluate("(n) => xmppscope.select(n)", number)
        for form in ("XML", "Raw", "Decoded", "State", "Why"):
            page.click(f"#form-{form}")
    for view in "2345":
        page.keyboard.press(view)
    page.click("#lanes-JIDs") if page.locator("#lanes-JIDs").is_visible() else None
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "broken" not in page.title() or page.title().startswith("</script>")
    assert page.locator("img").count() == 0
    assert page.locator("body script").count() == 3
    assert page.evaluate("document.querySelectorAll('[onerror], [src], iframe, object, embed').length") == 0


@pytest.mark.real
def test_controls_and_overrides_are_boxes_that_copy_as_they_were_sent(hostile, opened) -> None:
    page = opened(hostile, at="#e4")
    names = page.locator("#form .box").evaluate_all("(all) => all.map((one) => one.dataset.name)")
    assert {"RLO", "PDF", "U+0085", "ZWSP", "LRI", "PDI", "BOM"} <= set(names)
    body = page.locator("#form .content").first
    assert body.evaluate("(one) => one.textContent") == HIDDEN
    page.keyboard.press("k")
    page.evaluate("xmppscope.select(6)")
    assert "ESC" in page.locator("#detail .summary .box").evaluate_all("(all) => all.map((one) => one.dataset.name)")
    assert "does not accept it" in page.inner_text("#form")
    page.evaluate("xmppscope.select(7)")
    assert page.inner_text("#detail .summary").count("\u0301") <= 2


@pytest.mark.real
def test_what_is_large_is_cut_and_opens_in_pieces(hostile, opened) -> None:
    page = opened(hostile, at="#e5")
    assert len(page.inner_text("#form")) < 5000
    more = page.locator("#form .more")
    assert more.inner_text() == "show all 4.8 MB"
    more.click()
    assert 60_000 < len(page.inner_text("#form")) < 80_000
    assert "more of 4.8 MB" in more.inner_text()


@pytest.mark.real
def test_the_policy_refuses_any_other_script(hostile, browser) -> None:
    page = browser.new_page()
    refused = []
    page.on("console", lambda said: refused.append(said.text))
    page.goto(hostile.as_uri())
    page.evaluate(
        """() => { const one = document.createElement("script"); const two = document.createElement("img");
        one.textContent = "document.title = 'broken'"; two.src = "http://127.0.0.1:9/";
        document.body.append(one, two); }"""
    )
    page.wait_for_timeout(100)
    assert page.title() != "broken"
    assert sum("Content Security Policy" in text for text in refused) == 2
    page.close()
