"""The page stands alone, carries no script, and says what it must; the certificate goes out byte for byte."""

import base64
import hashlib
from html.parser import HTMLParser

from xmppscope.proxy.page import Page

FINGERPRINT = ":".join(f"{number:02X}" for number in range(0xA0, 0xC0))
PAGE = Page(FINGERPRINT, b"\x30der", b"pem", "2028-11-19")


class Reader(HTMLParser):
    """Collects elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in {*self.open}:
            self.texts[tag] = self.texts.get(tag, "") + data


def read(page: Page) -> Reader:
    resource = page.find("/")
    assert resource is not None
    return Reader(resource.body.decode())


def test_it_is_well_formed_and_shows_the_fingerprint_whole() -> None:
    reader = read(PAGE)
    assert not reader.open
    assert FINGERPRINT in reader.texts["main"]
    assert "valid to 2028-11-19" in reader.texts["main"]


def test_it_loads_and_runs_nothing() -> None:
    reader = read(PAGE)
    assert {"script", "link", "img", "iframe", "form", "object"}.isdisjoint(tag for tag, _ in reader.elements)
    for _, attributes in reader.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
    links = {attributes["href"] for _, attributes in reader.elements if "href" in attributes}
    assert links == {"/xmppscope.crt", "/xmppscope.pem"}
    assert "url(" not in reader.texts["style"]
    assert "@import" not in reader.texts["style"]


def test_the_policy_allows_its_own_style_alone() -> None:
    resource = PAGE.find("/")
    assert resource is not None
    digest = base64.b64encode(hashlib.sha256(read(PAGE).texts["style"].encode()).digest()).decode()
    assert dict(resource.headers)["content-security-policy"].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]


def test_it_fits_a_phone_and_the_dark() -> None:
    reader = read(PAGE)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in reader.elements
    assert "prefers-color-scheme: dark" in reader.texts["style"]


def test_every_system_has_its_steps() -> None:
    text = read(PAGE).texts["summary"]
    for system in ("Android", "iPhone", "Windows", "macOS", "Linux", "Firefox"):
        assert system in text


def test_what_comes_in_is_escaped() -> None:
    reader = read(Page("<script>alert(1)</script>", b"", b"", "<b>"))
    assert "script" not in [tag for tag, _ in reader.elements]
    assert "<script>alert(1)</script>" in reader.texts["main"]
    assert "valid to <b>" in reader.texts["main"]


def test_the_certificate_is_what_was_given() -> None:
    der, pem = PAGE.find("/xmppscope.crt"), PAGE.find("/xmppscope.pem")
    assert der is not None
    assert pem is not None
    assert (der.body, pem.body) == (b"\x30der", b"pem")
    assert PAGE.find("/xmppscope.key") is None
