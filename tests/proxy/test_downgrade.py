"""Logins that fail because of the proxy are told before and after, and no login that fails for another reason is."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppscope.model.element import Element
from xmppscope.model.namespaces import FAST, SASL, SASL2
from xmppscope.proxy.channel_binding import Stripped, strip
from xmppscope.proxy.downgrade import Watch
from xmppscope.proxy.downgrade_words import (
    FLAG_Y,
    LIST_CHANGED,
    NOTHING_LEFT,
    Cause,
    Notice,
    unbindable,
    versions_differ,
)

NONCE = "fyko+d2lbbFgONRv9qkxdawL"
SERVER_FIRST = f"r={NONCE}3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
SECRETS = (NONCE, "alice", "QSXCR", "3rfcNHY", "v0X8v3Bz2T0CJGbJQyF0X")
BINDING = "urn:xmpp:sasl-cb:0\nsasl-channel-binding"


def node(ns: str, local: str, text: str = "", *children: Element, **attributes: str) -> Element:
    return Element(f"{ns}\n{local}", attributes, list(children), text)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def offer(ns: str, *mechanisms: str) -> Element:
    return node(
        ns, "mechanisms" if ns == SASL else "authentication", "", *(node(ns, "mechanism", m) for m in mechanisms)
    )


def features(*children: Element) -> Element:
    return node("http://etherx.jabber.org/streams", "features", "", *children)


def auth(mechanism: str, flag: str = "", ns: str = SASL) -> Element:
    data = encoded(f"{flag},,n=alice,r={NONCE}") if flag else ""
    if ns == SASL:
        return node(SASL, "auth", data, mechanism=mechanism)
    return node(SASL2, "authenticate", "", node(SASL2, "initial-response", data), mechanism=mechanism)


def challenge(more: str = "", ns: str = SASL) -> Element:
    return node(ns, "challenge", encoded(SERVER_FIRST + more))


def response(ns: str = SASL) -> Element:
    return node(ns, "response", encoded(f"c=biws,r={NONCE},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))


def failure(condition: str = "not-authorized", ns: str = SASL) -> Element:
    return node(ns, "failure", "", node(SASL, condition))


def without(offered: Element) -> Stripped | None:
    """What `strip` would return for these features, without their bytes."""
    removed = [m.text for feature in offered.children for m in feature.children if m.text.endswith(("-PLUS", "-EXPR"))]
    removed += ["sasl-channel-binding" for feature in offered.children if feature.name == BINDING]
    return Stripped(b"", removed, nothing_left=False) if removed else None


PLUS = features(offer(SASL, "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "PLAIN"))
NO_PLUS = features(offer(SASL, "SCRAM-SHA-1", "PLAIN"))
PLUS_IN_SASL1_ALONE = features(offer(SASL2, "SCRAM-SHA-1"), *PLUS.children)
PLUS_IN_BOTH = features(offer(SASL2, "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), *PLUS.children)
TYPES = features(node("urn:xmpp:sasl-cb:0", "sasl-channel-binding"), *NO_PLUS.children)


def watch(offered: Element | None = PLUS, *, keep: bool = False, real_certificate: bool = False) -> Watch:
    made = Watch(real_certificate=real_certificate)
    made.tls("client", "TLSv1.3")
    made.tls("server", "TLSv1.3")
    if offered is not None:
        assert made.features(offered, None if keep else without(offered)) is None
    return made


def predicted(cause: Cause) -> Notice:
    return cause.predicted


EXPORTER = unbindable("SCRAM-SHA-1-PLUS", "tls-exporter", own_certificate_helps=False, kept=True)
END_POINT = unbindable("SCRAM-SHA-1-PLUS", "tls-server-end-point", own_certificate_helps=True, kept=True)


def test_flag_y_is_refused_and_the_proxy_is_why() -> None:
    made = watch()
    assert made.auth(auth("SCRAM-SHA-1", "y")) == predicted(FLAG_Y)
    assert made.failure(failure("malformed-request")) == FLAG_Y.afterwards()
    assert made.failure(failure()) is None


def test_flag_y_is_told_in_plain_words_with_every_way_out() -> None:
    text, why, advice = predicted(FLAG_Y)
    assert text == "this login will probably be refused: flag y, and the proxy took -PLUS out"
    assert "RFC 5802 §6" in why
    ways = advice.split("; ")
    assert [next(word for word in way.split() if word.startswith(("xmppscope", "--", "switch"))) for way in ways] == [
        "xmppscope",
        "--keep-channel-binding",
        "--keep-channel-binding,",
        "switch",
    ]
    assert "--server-cert and --server-key" in ways[2]


@pytest.mark.parametrize("ns", [SASL, SASL2])
def test_flag_y_counts_in_the_profile_that_lost_its_plus(ns: str) -> None:
    assert watch(PLUS_IN_BOTH).auth(auth("SCRAM-SHA-1", "y", ns)) == predicted(FLAG_Y)


def test_where_the_server_offered_the_profile_no_plus_flag_y_is_as_without_us() -> None:
    made = watch(PLUS_IN_SASL1_ALONE)
    assert made.auth(auth("SCRAM-SHA-1", "y", SASL2)) is None
    assert made.failure(failure(ns=SASL2)) is None
    assert made.auth(auth("SCRAM-SHA-1", "y", SASL)) == predicted(FLAG_Y)


@pytest.mark.parametrize(
    ("made", "mechanism", "flag"),
    [
        (watch(), "SCRAM-SHA-1", "n"),
        (watch(NO_PLUS), "SCRAM-SHA-1", "y"),
        (watch(TYPES), "SCRAM-SHA-1", "y"),
        (watch(keep=True), "SCRAM-SHA-1", "y"),
        (watch(None), "SCRAM-SHA-1", "y"),
        (watch(), "OAUTHBEARER", "y"),
        (watch(), "PLAIN", "y"),
        (watch(keep=True), "SCRAM-SHA-512-PLUS", "p=tls-exporter"),
        (watch(keep=True, real_certificate=True), "SCRAM-SHA-1-PLUS", "p=tls-server-end-point"),
        (watch(keep=True), "SCRAM-SHA-1-PLUS", "n"),
        (watch(keep=True), "SCRAM-SHA-1-PLUS", "y"),
        (watch(), "HT-SHA-256-NONE", "y"),
        (watch(), "", ""),
    ],
)
def test_what_is_not_our_doing_gets_no_word(made: Watch, mechanism: str, flag: str) -> None:
    assert made.auth(auth(mechanism, flag)) is None
    assert made.challenge(challenge()) is None
    assert made.response(response()) is None
    assert made.failure(failure()) is None
    assert made.ended() is None


@pytest.mark.parametrize(
    ("flag", "certificate", "cause"),
    [
        ("p=tls-exporter", False, EXPORTER),
        ("p=tls-exporter", True, EXPORTER),
        ("p=tls-unique", True, unbindable("SCRAM-SHA-1-PLUS", "tls-unique", own_certificate_helps=False, kept=True)),
        ("p=tls-server-end-point", False, END_POINT),
        ("p=tls-of-tomorrow", True, unbindable("SCRAM-SHA-1-PLUS", "", own_certificate_helps=True, kept=True)),
    ],
)
def test_a_channel_binding_that_is_used_cannot_fit(flag: str, certificate: bool, cause: Cause) -> None:
    made = watch(keep=True, real_certificate=certificate)
    assert made.auth(auth("SCRAM-SHA-1-PLUS", flag)) == predicted(cause)
    assert made.challenge(challenge(",h=x,t=0304")) is None
    assert made.response(response()) is None
    assert made.failure(failure()) == cause.afterwards()


def test_a_server_that_refuses_the_binding_before_it_has_its_value_has_another_reason() -> None:
    # Prosody 0.12 with tls-exporter under TLS 1.2: "Proposed channel binding type isn't supported".
    made = watch(keep=True)
    assert made.auth(auth("SCRAM-SHA-1-PLUS", "p=tls-exporter")) == predicted(EXPORTER)
    assert made.failure(failure("malformed-request")) is None
    made.auth(auth("HT-SHA-256-EXPR", "token", SASL2))
    assert made.failure(failure()) is not None


def test_a_binding_that_the_server_did_not_name_fails_without_us() -> None:
    named = node("urn:xmpp:sasl-cb:0", "channel-binding", type="tls-exporter")
    made = watch(features(node("urn:xmpp:sasl-cb:0", "sasl-channel-binding", "", named), *PLUS.children), keep=True)
    assert made.auth(auth("SCRAM-SHA-1-PLUS", "p=tls-unique")) is None
    assert made.auth(auth("SCRAM-SHA-1-PLUS", "p=tls-exporter")) == predicted(EXPORTER)


def test_a_binding_may_be_used_though_it_was_taken_out() -> None:
    notice = watch().auth(auth("SCRAM-SHA-1-PLUS", "p=tls-exporter"))
    assert notice is not None
    assert "--keep-channel-binding" not in notice.advice
    notice = watch(None).auth(auth("SCRAM-SHA-1-PLUS", "p=tls-exporter"))
    assert notice is not None


@pytest.mark.parametrize(
    ("mechanism", "certificate", "binding"),
    [
        ("HT-SHA-256-EXPR", True, "tls-exporter"),
        ("HT-SHA-256-UNIQ", True, "tls-unique"),
        ("HT-SHA-256-ENDP", False, "tls-server-end-point"),
        ("HT-SHA-256-ENDP", True, None),
    ],
)
def test_a_token_that_is_bound(mechanism: str, certificate: bool, binding: str | None) -> None:
    notice = watch(keep=True, real_certificate=certificate).auth(auth(mechanism, "anything", SASL2))
    assert (notice.text if notice else None) == (
        None if binding is None else f"this login will probably be refused: {binding} is not the same on both legs"
    )


def test_the_first_message_may_come_in_a_response() -> None:
    made = watch()
    assert made.auth(auth("SCRAM-SHA-1")) is None
    assert made.challenge(node(SASL, "challenge", "")) is None
    assert made.response(node(SASL, "response", encoded(f"y,,n=alice,r={NONCE}"))) == predicted(FLAG_Y)
    assert made.response(node(SASL, "response", encoded(f"y,,n=alice,r={NONCE}"))) is None


def test_flag_y_that_was_let_pass_leaves_a_doubt() -> None:
    made = watch()
    made.auth(auth("SCRAM-SHA-1", "y"))
    assert made.challenge(challenge()) is None
    made.response(response())
    notice = made.failure(failure())
    assert notice is not None
    assert notice.text == "login failed: a wrong password, or flag y, since the proxy took -PLUS out"
    assert notice.advice.startswith("check the password;")


@pytest.mark.parametrize("attribute", ["h=G6k/rBLDqgOhRRaCuuatSDFkJ08=", "d=G6k/rBLDqgOhRRaCuuatSDFkJ08="])
@pytest.mark.parametrize("offered", [PLUS, TYPES])
@pytest.mark.parametrize("end", ["abort", "aborted", "ended"])
def test_a_client_that_verifies_the_offer_gives_up(attribute: str, offered: Element, end: str) -> None:
    made = watch(offered)
    assert made.auth(auth("SCRAM-SHA-1", "n")) is None
    assert made.challenge(challenge(f",{attribute}")) == predicted(LIST_CHANGED)
    if end == "abort":
        made.abort(node(SASL, "abort"))
    notice = (
        made.ended() if end == "ended" else made.failure(failure("aborted" if end == "aborted" else "not-authorized"))
    )
    assert notice == LIST_CHANGED.afterwards()


def test_a_client_that_goes_on_does_not_verify_the_offer() -> None:
    made = watch()
    made.auth(auth("SCRAM-SHA-1", "n"))
    assert made.challenge(challenge(",h=G6k/rBLDqgOhRRaCuuatSDFkJ08=")) == predicted(LIST_CHANGED)
    assert made.response(response()) is None
    assert made.failure(failure()) is None


def test_a_server_that_refuses_by_itself_has_its_own_reason() -> None:
    made = watch()
    made.auth(auth("SCRAM-SHA-1", "n"))
    made.challenge(challenge(",h=G6k/rBLDqgOhRRaCuuatSDFkJ08="))
    assert made.failure(failure("temporary-auth-failure")) is None


@pytest.mark.parametrize(
    ("offered", "keep", "ns"),
    [(PLUS, True, SASL), (NO_PLUS, False, SASL), (PLUS_IN_SASL1_ALONE, False, SASL2)],
)
def test_a_list_that_was_left_alone_fits_its_hash(offered: Element, keep: bool, ns: str) -> None:
    made = watch(offered, keep=keep)
    made.auth(auth("SCRAM-SHA-1", "n", ns))
    assert made.challenge(challenge(",h=G6k/rBLDqgOhRRaCuuatSDFkJ08=", ns)) is None


@pytest.mark.parametrize(
    ("client", "server", "differ"),
    [("TLSv1.2", "TLSv1.3", True), ("TLSv1.3", "TLSv1.3", False), ("", "TLSv1.3", False), ("TLSv1.2", "", False)],
)
def test_tls_versions_count_only_where_they_differ(client: str, server: str, differ: bool) -> None:
    made = watch(NO_PLUS)
    made.tls("client", client)
    made.tls("server", server)
    made.auth(auth("SCRAM-SHA-1", "n"))
    cause = versions_differ(client, server)
    assert made.challenge(challenge(",t=0304")) == (predicted(cause) if differ else None)
    assert made.failure(failure("aborted")) == (cause.afterwards() if differ else None)


def test_nothing_carries_over_to_the_next_attempt() -> None:
    made = watch()
    assert made.auth(auth("SCRAM-SHA-1", "y")) == predicted(FLAG_Y)
    assert made.auth(auth("PLAIN", "")) is None
    assert made.failure(failure()) is None
    made.auth(auth("SCRAM-SHA-1", "y"))
    made.success(node(SASL, "success"))
    assert made.ended() is None


def test_features_behind_the_login_change_nothing_that_was_told() -> None:
    made = watch()
    made.auth(auth("SCRAM-SHA-1", "n"))
    made.success(node(SASL, "success"))
    assert made.features(features(node("urn:ietf:params:xml:ns:xmpp-bind", "bind")), None) is None
    assert made.auth(auth("SCRAM-SHA-1", "y")) is None


def test_a_list_with_nothing_left_is_told_at_once() -> None:
    only = features(offer(SASL, "SCRAM-SHA-1-PLUS"))
    assert Watch().features(only, Stripped(b"", ["SCRAM-SHA-1-PLUS"], nothing_left=True)) == NOTHING_LEFT


def test_elements_find_their_way_by_name() -> None:
    made = watch(PLUS_IN_BOTH)
    for ns in (SASL, SASL2):
        assert made.element(auth("SCRAM-SHA-1", "y", ns)) == predicted(FLAG_Y)
        assert made.element(failure("malformed-request", ns)) == FLAG_Y.afterwards()
        made.element(auth("SCRAM-SHA-1", "n", ns))
        assert made.element(challenge(",h=x", ns)) == predicted(LIST_CHANGED)
        assert made.element(node(ns, "abort")) is None
        assert made.element(failure("not-authorized", ns)) == LIST_CHANGED.afterwards()
        made.element(auth("SCRAM-SHA-1", "y", ns))
        assert made.element(node(ns, "success")) is None
    assert made.element(node("jabber:client", "message", "failure")) is None
    assert made.ended() is None


def test_no_secret_and_no_control_is_in_the_words() -> None:
    notices: list[Notice | None] = []
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "HT-\x1b[2J" + "A" * 99 + "-EXPR"):
        for flag in ("y", "n", "p=tls-exporter", "p=s3cr3t\x1b[2J"):
            for keep in (True, False):
                made = watch(keep=keep)
                notices += [made.auth(auth(mechanism, flag)), made.challenge(challenge(",h=h4sh,t=0303"))]
                notices += [made.failure(failure("aborted"))]
    words = "".join("".join(notice) for notice in notices if notice)
    assert len([notice for notice in notices if notice]) > 10
    assert words.replace("§", "").replace("…", "").isprintable()
    assert not [secret for secret in (*SECRETS, "s3cr3t", "h4sh", "A" * 41) if secret in words]


LOCALS = st.sampled_from(["auth", "authenticate", "challenge", "response", "abort", "success", "failure", "other"])
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["y,,n=a,r=b", "p=,,n=a,r=b", "y", "r=a,s=b,i=4096,h=,t=", ",,,", "\0"]).map(encoded),
)
ELEMENTS = st.builds(
    lambda ns, local, text, mechanism: node(ns, local, text, node(ns, "initial-response", text), mechanism=mechanism),
    st.sampled_from([SASL, SASL2, FAST, ""]),
    LOCALS,
    TEXTS,
    st.sampled_from(["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "HT-SHA-256-EXPR", "HT--ENDP", "-PLUS", ""]),
)


@given(st.lists(ELEMENTS, max_size=12))
def test_hostile_elements_raise_nothing(elements: list[Element]) -> None:
    made = watch()
    for element in elements:
        notice = made.element(element)
        assert notice is None or all(notice)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "mechanism", "flag"),
    [
        ("tls12-starttls-gcm-ejabberd", "SCRAM-SHA-512-PLUS", "p=tls-unique"),
        ("tls12-starttls-chacha-prosody", "SCRAM-SHA-256-PLUS", "p=tls-unique"),
        ("tls13-resumption-ejabberd", "SCRAM-SHA-1", "n"),
    ],
)
def test_logins_of_real_clients(
    name: str, mechanism: str, flag: str, captures: Path, xmppscope: Callable[..., CompletedProcess[bytes]]
) -> None:
    keys = captures / f"{name}.keys"
    done = xmppscope("read", captures / f"{name}.pcap", "--keylog", keys, "--format", "jsonl", "--show-secrets")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    login = next(record["xml"] for record in records if record.get("name") == "auth")
    data = login.partition(">")[2].partition("<")[0]
    assert base64.b64decode(data).startswith(f"{flag},".encode())
    offered = features(offer(SASL, "SCRAM-SHA-1", mechanism))
    kept, taken = watch(offered, keep=True), watch(offered)
    notices = [made.auth(node(SASL, "auth", data, mechanism=mechanism)) for made in (kept, taken)]
    if flag == "n":
        assert notices == [None, None]
    else:
        assert [notice.text for notice in notices if notice] == [
            "this login will probably be refused: tls-unique is not the same on both legs"
        ] * 2


def test_what_strip_returns_is_what_the_watch_needs() -> None:
    raw = f"<f xmlns='x'><mechanisms xmlns='{SASL}'><mechanism>A-PLUS</mechanism></mechanisms></f>".encode()
    tree = node("x", "f", "", offer(SASL, "A-PLUS"))
    got = strip(raw, tree, {})
    assert got is not None
    assert Watch().features(tree, got) == NOTHING_LEFT
