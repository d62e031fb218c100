"""A report in a real Chromium: clicks and keys do what docs/reference/viewer.md says."""

import re

import pytest

from xmppscope.render.html.page import bundle, static

pytestmark = pytest.mark.real

TLS = "tls13-starttls-prosody.pcap"
CUT = "sm-resume-prosody.pcap"
ERRORS = "c2s-errors-prosody.pcap"
VIEWS = ["timeline", "sequence", "sessions", "findings", "plots"]


def chosen(page):
    return page.evaluate("xmppscope.selected")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def filtered(page, text):
    page.fill("#filter", text)
    page.wait_for_timeout(160)
    return page.inner_text("#count")


def test_the_page_stays_small() -> None:
    assert len(bundle("report").encode()) <= 150_000
    assert len(static("style.css")) <= 20_000
    assert "</script" not in bundle("report").lower()
    assert "<!--" not in bundle("report")


def test_arrow_keys_letters_and_the_address(report, opened) -> None:
    page = opened(report(TLS))
    page.click("#list .row >> nth=0")
    assert chosen(page) == 1
    press(page, "j", "ArrowDown", "j", "k")
    assert chosen(page) == 3
    assert page.evaluate("location.hash") == "#e3"
    assert page.evaluate("document.activeElement.dataset.entry") == "3"
    press(page, "G")
    assert chosen(page) == 84
    press(page, "g")
    assert chosen(page) == 1
    press(page, "]")
    assert chosen(page) == 3
    press(page, "]", "[")
    assert chosen(page) == 3
    page.evaluate("location.hash = '#e18'")
    page.locator("[data-entry='18'][aria-selected='true']").wait_for()
    press(page, "a")
    assert chosen(page) == 19
    press(page, "a")
    assert chosen(page) == 18
    press(page, "Backspace", "Backspace")
    assert chosen(page) == 18 or chosen(page) == 3


def test_an_address_leads_to_its_entry(report, opened) -> None:
    page = opened(report(TLS), at="#e19")
    assert chosen(page) == 19
    assert "answers #18 after 4.3 ms" in page.inner_text("#detail .links")
    row = page.locator("#list .row.chosen")
    assert row.get_attribute("aria-label") == "entry 19, server, iq result, bound alice@prosody.test/tls-a"
    assert row.get_attribute("aria-selected") == "true"


def test_forms_of_the_detail(report, opened) -> None:
    page = opened(report(TLS, "--show-secrets"), at="#e11")
    page.click("#list .row.chosen")
    press(page, "x")
    assert "<auth xmlns=" in page.inner_text("#form pre")
    press(page, "x")
    assert ",,n=alice,r=" in page.inner_text("#form")
    press(page, "x")
    assert page.locator("#form [role=tree]").count() == 1
    page.click("#form-State")
    assert "sasl" in page.inner_text("#form")
    press(page, "ArrowRight")
    assert page.evaluate("document.activeElement.id") == "form-Why"
    assert "RFC 6120" in page.inner_text("#form")


def test_xml_folds_and_explains(report, opened) -> None:
    page = opened(report(TLS), at="#e19")
    tree = page.locator("#form [role=tree]")
    first = tree.locator("[role=treeitem]").first
    first.focus()
    press(page, "ArrowLeft")
    assert first.get_attribute("aria-expanded") == "false"
    assert not tree.get_by_text("alice@prosody.test/tls-a").is_visible()
    press(page, "ArrowRight", "ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-level')") == "2"
    assert chosen(page) == 19
    tree.get_by_role("button", name="type", exact=True).first.click()
    assert "What kind of message, presence or iq it is" in page.inner_text("#popup")
    press(page, "Escape")
    tree.get_by_role("button", name="xmlns").first.click()
    assert "namespace" in page.inner_text("#popup").lower() or "bind" in page.inner_text("#popup").lower()


def test_filter_in_place(report, opened) -> None:
    page = opened(report(TLS))
    press(page, "/")
    assert page.evaluate("document.activeElement.id") == "filter"
    assert filtered(page, "iq and latency > 1ms").startswith("5 of")
    assert filtered(page, "iq and typ == 'set'").startswith("5 of")
    assert page.inner_text("#mistake mark") == "typ"
    assert 'did you mean "type"?' in page.inner_text("#mistake")
    assert page.get_attribute("#filter", "aria-invalid") == "true"
    assert filtered(page, "name == 'nothing'").startswith("0 of")
    assert "Nothing matches" in page.inner_text("#empty")
    page.click("#empty button")
    assert page.inner_text("#count") == "84 entries"
    press(page, "f")
    filtered(page, "message")
    press(page, "Escape")
    assert page.inner_text("#count") == "84 entries"
    assert page.input_value("#filter") == ""


def test_a_text_or_a_number_can_be_searched_for(report, opened) -> None:
    page = opened(report(TLS))
    filtered(page, "Hello Bob")
    page.get_by_role("button", name="search for the text instead").click()
    assert page.input_value("#filter") == 'summary contains "Hello Bob" or xml contains "Hello Bob"'
    assert page.inner_text("#count") == "2 of 84"
    assert filtered(page, "#19") == "84 entries"
    assert chosen(page) == 19


def test_chips_kinds_and_problems(report, opened) -> None:
    page = opened(report(TLS))
    page.click("#chips .chip >> nth=1")
    assert page.inner_text("#count").endswith("of 84")
    assert set(page.locator("#list .c").all_inner_texts()) == {"2"}
    page.click("#list .row >> nth=0")
    press(page, "c")
    assert page.inner_text("#count") == "84 entries"
    page.click("#kinds summary")
    page.uncheck("#kinds input[value=nonza]")
    assert not page.locator("#list .e.nonza", has_text="starttls").count()
    page.check("#kinds input[value=nonza]")
    page.click("#kinds summary")
    page.click("#problem-error")
    assert page.inner_text("#count") == "2 of 84"
    assert page.get_attribute("#problem-error", "aria-pressed") == "true"


def test_times_and_theme(report, opened) -> None:
    page = opened(report(TLS))
    cell = page.locator("#list .row >> nth=1").locator(".t")
    assert cell.inner_text() == "0.006"
    press(page, "t")
    assert cell.inner_text() == "09:24:56.441"
    press(page, "t")
    assert cell.inner_text() == "0.005"
    press(page, "t")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate(colour) == "rgb(20, 23, 28)"
    page.click("#theme")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


def test_the_table_of_keys_and_copying(report, opened) -> None:
    page = opened(report(TLS), at="#e19")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "?")
    assert "next, previous entry" in page.inner_text("#popup")
    press(page, "Escape", "y")
    page.get_by_role("button", name="copy command").click()
    # A locator: to poll by a function would need eval, which the page's policy forbids.
    page.locator("#announce", has_text="copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()").endswith("--xml --filter 'entry == 19'")


def test_dragging_over_the_overview_selects_a_span(report, opened) -> None:
    page = opened(report(TLS))
    box = page.locator("#overview").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=4)
    page.mouse.up()
    assert re.fullmatch(r"time >= 0\.05\d* and time <= 0\.10\d*", page.input_value("#filter"))
    shown = page.inner_text("#count")
    assert shown.endswith("of 84")
    assert 0 < int(shown.split()[0]) < 84


@pytest.mark.parametrize("view", VIEWS)
def test_views_by_key_and_click(view: str, report, opened) -> None:
    page = opened(report(CUT))
    press(page, str(VIEWS.index(view) + 1))
    assert page.locator(f"#{view}").is_visible()
    assert page.get_attribute(f"#tab-{view}", "aria-selected") == "true"
    press(page, "1")
    page.click(f"#tab-{view}")
    assert page.locator(f"#{view}").is_visible()
    assert sum(page.locator(f"#{one}").is_visible() for one in VIEWS) == 1


def test_findings_lead_to_their_entries(report, opened) -> None:
    page = opened(report(CUT))
    page.click("#tab-findings")
    text = page.inner_text("#findings")
    assert "the session no-such-session was not resumed" in text
    assert "sasl2-in-clear" in text
    page.locator("#findings .group", has_text="sm-ack-missing").locator("details summary").click()
    assert "Why it matters" in page.inner_text("#findings")
    page.locator("#findings").get_by_role("link", name="#64").click()
    assert chosen(page) == 64
    page.get_by_role("button", name="1 warning").click()
    assert "sm-ack-missing" not in page.inner_text("#findings")


def test_sessions_show_the_cut(report, opened) -> None:
    page = opened(report(CUT))
    press(page, "3")
    section = page.locator(".account", has_text="alice@prosody.test/sm")
    assert "! cut" in section.inner_text()
    assert section.locator(".cut").count() == 1
    section.get_by_role("button", name="3", exact=True).click()
    assert page.evaluate("xmppscope.view") == "timeline"
    assert set(page.locator("#list .c").all_inner_texts()) == {"3"}


def test_sequence(report, opened) -> None:
    page = opened(report(CUT))
    page.dblclick("#list .row >> nth=3")
    assert page.evaluate("xmppscope.view") == "sequence"
    assert chosen(page) == 4
    press(page, "G", "k")
    assert page.locator(".step.chosen").get_attribute("data-entry") == str(chosen(page))
    page.click("#chips [data-connection='2']")
    texts = " ".join(page.locator(".counter").all_text_contents())
    assert "5/5" in texts
    assert page.locator(".state.full").count() > 2
    title = page.locator(".state.full title").first.text_content()
    assert "because #" in title
    page.click("#to-scale")
    assert page.get_attribute("#to-scale", "aria-pressed") == "true"
    before = page.evaluate("xmppscope.panels.sequence.height")
    press(page, "+")
    assert page.evaluate("xmppscope.panels.sequence.height") > before
    press(page, "0")
    page.click("#equal-steps")
    page.click("#lanes-JIDs")
    assert "prosody.test" in page.locator(".diagram.lanes").text_content()
    page.click("#lanes-connections")
    page.click("#states-as-table")
    assert "SCRAM-SHA-1, success" in page.inner_text(".states-table")
    with page.expect_download() as told:
        page.click("#save-svg")
    saved = told.value.path().read_text()
    assert saved.startswith("<svg")
    assert "has received 5" in saved
    assert "var(--" not in saved


def test_plots(report, opened) -> None:
    page = opened(report(CUT))
    press(page, "5")
    mark = page.locator("#plots .mark[data-entry]").first
    mark.focus()
    press(page, "Enter")
    assert chosen(page) == int(mark.get_attribute("data-entry"))
    for form, words in [("stanzas-s", "from"), ("unacked", "in flight"), ("presence", "available")]:
        page.click(f"#plot-{form}")
        assert page.locator("#plots svg").count()
        page.click("#plot-table")
        assert words in page.inner_text("#plots table")
        page.click("#plot-table")


def test_a_small_screen(report, opened) -> None:
    page = opened(report(TLS), size=(390, 800))
    assert not page.locator("#tabs").is_visible()
    page.select_option("#views", "findings")
    assert page.locator("#findings").is_visible()
    page.select_option("#views", "timeline")
    page.click("#list .row >> nth=2")
    assert page.locator("#detail").is_visible()
    page.click("#detail .close")
    assert not page.locator("#detail").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_paper_has_findings_first_and_all_entries(report, opened) -> None:
    page = opened(report(TLS))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    text = page.inner_text("#paper")
    assert text.index("sasl2-in-clear") < text.index("open a stream to prosody.test")
    assert page.locator("#paper .lines .entry-line").count() == 84
    assert not page.locator("#search").is_visible()


def test_landmarks_and_roles(report, opened) -> None:
    page = opened(report(TLS))
    for role in ("banner", "main", "complementary", "search", "grid"):
        assert page.get_by_role(role).count() == 1, role
    assert page.get_by_role("tab", name="Findings 2").count() == 1
    assert page.get_attribute("#list", "aria-rowcount") == "85"
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, input, select")].filter((one) =>
        !(one.textContent.trim() || one.ariaLabel || one.title || one.labels?.length)).map((one) => one.id)"""
    )
    assert unnamed == []


def test_a_failed_login_is_found_at_once(report, opened) -> None:
    page = opened(report(ERRORS))
    assert "did not get in" in page.inner_text("#detail")
    page.locator("#detail .diagnosis").get_by_role("link").first.click()
    assert page.locator("#list .row.chosen").is_visible()
