"""Streams other than a present-day client's: servers, components by either protocol, routers, and what is old."""

import ssl

import pytest

STREAM = "xmlns:stream='http://etherx.jabber.org/streams'"
DIALBACK = "xmlns:db='jabber:server:dialback'"
EXI = "xmlns='http://jabber.org/protocol/compress/exi'"
PROOF = "0123456789abcdef0123456789abcdef01234567"


def header(kind: str, *, to: str = "", of: str = "", more: str = "") -> str:
    """A stream header of a content namespace; *of* is where it is from."""
    addresses = (f" to='{to}'" if to else "") + (f" from='{of}'" if of else "")
    return f"<stream:stream xmlns='{kind}' {STREAM}{addresses}{more}>"


def told(timeline) -> list[tuple[str, object, str]]:
    return [(entry.summary, entry.name, entry.state) for entry in timeline.entries]


def notes(timeline) -> list[str]:
    return [note.text for entry in timeline.entries for note in entry.annotations or ()]


@pytest.mark.parametrize("split", [0, 1, 7])
def test_a_component_and_what_routers_say(play, split: int) -> None:
    kind = "jabber:component:accept"
    timeline = play(
        f"""
        C: {header(kind, to="irc.a.example")}
        S: {header(kind, of="irc.a.example", more=" id='3'")}
        C: <handshake>{PROOF}</handshake>
        S: <handshake/>
        C: <route from='a@b' to='c@d' type='session'><message to='x'><body>hi</body></message></route>
        S: <xdb type='get' to='u@a.example' from='irc.a.example' ns='jabber:iq:roster' id='x1'/>
        C: <log type='notice' from='irc.a.example'>started</log>
        C: </stream:stream>
        S: </stream:stream>
        """,
        port=5347,
        split=split,
    )
    assert told(timeline) == [
        ("open a stream to irc.a.example", "stream", "header-sent"),
        ("stream open, id 3", "stream", "header-both"),
        ("prove to know the shared secret, digest masked", "handshake", "negotiating"),
        ("the component is accepted", "handshake", "open"),
        ("of jabber:component:accept, with message", "route", "open"),
        ("of jabber:component:accept", "xdb", "open"),
        ("of jabber:component:accept", "log", "open"),
        ("close the stream", "stream", "half-closed"),
        ("stream closed", "stream", "closed"),
    ]
    assert timeline.connections[-1].kind == "component"
    assert PROOF.encode() not in timeline.lines
    assert {entry.kind for entry in timeline.entries} == {"stream-open", "nonza", "stream-close"}


def test_a_server_that_connects_to_its_component(play) -> None:
    """XEP-0114 §4: with jabber:component:connect the server is the initiating entity."""
    kind = "jabber:component:connect"
    timeline = play(
        f"""
        C: {header(kind, to="irc.a.example", of="a.example")}
        S: {header(kind, of="irc.a.example", more=" id='3'")}
        C: <handshake>{PROOF}</handshake>
        S: <handshake/>
        S: <message from='x@irc.a.example' to='u@a.example'><body>hi</body></message>
        """,
        port=7000,
    )
    assert [entry.state for entry in timeline.entries] == ["header-sent", "header-both", "negotiating", "open", "open"]
    assert timeline.connections[-1].kind == "component"
    assert PROOF.encode() not in timeline.lines


def test_a_component_that_binds_its_hostname(play) -> None:
    timeline = play(
        f"""
        C: {header("jabber:client", to="a.example", of="irc.a.example", more=" version='1.0'")}
        S: {header("jabber:client", of="a.example", more=" id='3' version='1.0'")}
        S: <stream:features><bind xmlns='urn:xmpp:component:0'><required/></bind></stream:features>
        C: <iq type='set' id='b'><bind xmlns='urn:xmpp:component:0'><hostname>irc.a.example</hostname></bind></iq>
        S: <iq type='result' id='b'><bind xmlns='urn:xmpp:component:0'><hostname>irc.a.example</hostname></bind></iq>
        C: <message from='x@irc.a.example' to='u@a.example'><body>hi</body></message>
        """
    )
    assert [entry.summary for entry in timeline.entries][2:5] == [
        "offers hostname binding",
        "bind the hostname irc.a.example",
        "bound irc.a.example",
    ]
    assert timeline.entries[-1].state == "open"
    assert timeline.connections[-1].kind == "component"


def test_a_router_of_a_dialect_of_its_own(play) -> None:
    """jabberd 2's parts speak like this; no RFC knows the content namespace."""
    ns = "http://jabberd.jabberstudio.org/ns/component/1.0"
    timeline = play(
        f"""
        C: {header(ns, to="router")}
        S: {header(ns, of="router", more=" id='7'")}
        C: <bind xmlns='{ns}' name='sm'/>
        S: <route xmlns='{ns}' to='sm' from='c2s'><message xmlns='jabber:client'/></route>
        """,
        port=5347,
    )
    assert [entry.kind for entry in timeline.entries] == ["stream-open", "stream-open", "nonza", "nonza"]
    assert timeline.connections[-1].kind == "unknown"


@pytest.mark.parametrize("response", ["", " from='a.example'"])
def test_a_server_that_does_not_say_who_it_is(play, response: str) -> None:
    server = f" version='1.0' {DIALBACK}"
    timeline = play(
        f"""
        C: {header("jabber:server", to="a.example", more=server)}
        S: {header("jabber:server", more=f"{response} id='9'{server}")}
        S: <stream:features/>
        C: <db:result from='b.example' to='a.example'>{PROOF}</db:result>
        S: <db:result from='a.example' to='b.example' type='valid'/>
        C: <presence from='u@b.example' to='v@a.example' type='subscribe'/>
        """,
        port=5269,
    )
    assert timeline.connections[-1].kind == "s2s"
    assert [entry.state for entry in timeline.entries][-2:] == ["open", "open"]
    assert PROOF.encode() not in timeline.lines


def test_a_stream_without_a_version_and_an_error_that_is_text(play) -> None:
    timeline = play(
        f"""
        C: {header("jabber:client", to="a.example")}
        S: {header("jabber:client", of="a.example", more=" id='3'")}
        C: <iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>u</username><password>old-secret</password>\
<resource>r</resource></query></iq>
        S: <iq type='result' id='1'/>
        C: <message to='x'><body>a</body></message>
        S: <stream:error>Disconnected</stream:error></stream:stream>
        """
    )
    assert told(timeline)[2:] == [
        ("log in as u (legacy), password masked", "iq", "negotiating"),
        ("logged in", "iq", "open"),
        ('to x: "a"', "message", "open"),
        ('no condition given: "Disconnected"', "error", "closing"),
        ("stream closed", "stream", "closing"),
    ]
    assert b"old-secret" not in timeline.lines


@pytest.mark.parametrize("optional", ["", "<optional/>"])
def test_a_session_is_established_as_of_old(play, optional: str) -> None:
    """RFC 3921 §3: the stream opens with the session, unless the server calls that optional."""
    timeline = play(
        f"""
        C: {{header}}
        S: {{response}}
        S: <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>{optional}</session></stream:features>
        C: {{bind}}
        S: {{bound}}
        C: <iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>
        S: <iq type='result' id='s'/>
        """
    )
    assert [entry.state for entry in timeline.entries][-3:] == (
        ["open"] * 3 if optional else ["negotiating", "negotiating", "open"]
    )


@pytest.mark.parametrize(("port", "version"), [(5223, "1.0"), (5223, ""), (5222, "1.0")])
def test_tls_from_the_first_byte_on_any_port(play, tls_pair, port: int, version: str) -> None:
    """The old SSL port is direct TLS before it had a name: there is no ALPN, and the stream inside tells what it is."""
    pair = tls_pair()
    said = f" version='{version}'" if version else ""
    parts = [*pair.flights(), ("C", pair.send("C", header("jabber:client", to="a.example", more=said).encode()))]
    parts.append(("S", pair.send("S", header("jabber:client", of="a.example", more=f" id='1'{said}").encode())))
    script = "\n".join(f"{who}: {{p{number}}}" for number, (who, _) in enumerate(parts))
    timeline = play(script, port=port, keys=pair.keys, **{f"p{number}": data for number, (_, data) in enumerate(parts)})
    assert timeline.connections[-1].kind == "c2s"
    assert [entry.summary for entry in timeline.entries if entry.kind == "stream-open"] == [
        "open a stream to a.example",
        "stream open, id 1",
    ]


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("exi", "EXI: binary XML, which is not read here"),
        ("lzw", "compressed with lzw, which is not read here"),
    ],
)
def test_what_is_compressed_by_another_method_is_opaque(play, split: int, method: str, reason: str) -> None:
    binary = b"$EXI\xa0\x00\x80\x01\x02<\x03"
    timeline = play(
        f"""
        C: {{header}}
        S: {{response}}
        C: <setup {EXI} version='1' strict='true'><schema ns='jabber:client' bytes='1' md5Hash='x'/></setup>
        S: <setupResponse {EXI} agreement='true' configurationId='c1'/>
        C: <compress xmlns='http://jabber.org/protocol/compress'><method>{method}</method></compress>
        S: {{compressed}}
        C: {{binary}}
        S: {{binary}}
        C: {{binary}}
        C fin
        S fin
        """,
        split=split,
        binary=binary,
    )
    opaque = [entry for entry in timeline.entries if entry.kind == "opaque"]
    assert [(entry.sender, entry.reason) for entry in opaque] == [("initiating", reason), ("receiving", reason)]
    assert not [entry for entry in timeline.entries if entry.kind in ("malformed", "compression")]
    # What ends in there nobody knows, so nothing is broken.
    assert timeline.entries[-1].state == "closed"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shows", [True, False])
def test_servers_with_direct_tls_and_certificates_on_both_sides(
    play, certificate, tls_ends, tmp_path, version, shows: bool
) -> None:
    """XEP-0368, RFC 6120 §13.7: of TLS 1.2 the certificates are in the clear, of TLS 1.3 they are decrypted."""
    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context in contexts:
        context.load_verify_locations(certificate[0])
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["xmpp-server"])
    contexts[1].load_cert_chain(*certificate)
    contexts[1].verify_mode = ssl.CERT_OPTIONAL
    if shows:
        contexts[0].load_cert_chain(*certificate)
    contexts[0].keylog_filename = str(tmp_path / "keys.log")
    pair = tls_ends(*contexts, tmp_path / "keys.log")
    server = f" version='1.0' {DIALBACK}"
    auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>YS5leGFtcGxl</auth>"
    said = [("C", header("jabber:server", to="a.example", of="a.example", more=server)),
            ("S", header("jabber:server", of="a.example", more=f" id='1'{server}")),
            ("C", auth), ("S", "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")]  # fmt: skip
    parts = [*pair.flights(), *((who, pair.send(who, text.encode())) for who, text in said)]
    script = "\n".join(f"{who}: {{p{number}}}" for number, (who, _) in enumerate(parts))
    keys = None if version is ssl.TLSVersion.TLSv1_2 else pair.keys
    timeline = play(script, port=5270, keys=keys, **{f"p{number}": data for number, (_, data) in enumerate(parts)})
    assert timeline.connections[-1].kind == ("unknown" if keys is None else "s2s")
    offered, *_ = (entry for entry in timeline.entries if entry.kind == "tls")
    assert offered.tls is not None
    assert (offered.tls["alpn"], offered.tls["sni"]) == (["xmpp-server"], "a.example")
    shown = [entry.summary for entry in timeline.entries if "client_certificate" in (entry.tls or {})]
    assert shown == ["client certificate of a.example" if shows else "shows no client certificate"]
    assert "asks for a client certificate" in notes(timeline)
