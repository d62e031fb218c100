"""The whole story over a direct connection, and what goes wrong when something is wrong."""

import asyncio
import logging
import re
import ssl

import pytest

from xmppscope.demo import ACCOUNTS, DOMAIN, DemoClient, DemoError, DemoServer, cast, play
from xmppscope.demo.certificates import make_identity


@pytest.fixture
def told():
    """The outcome of the story, and what the log of asyncio said meanwhile."""

    async def main():
        async with DemoServer(DOMAIN, ACCOUNTS) as server:
            await server.start()
            async with asyncio.timeout(20):
                return await play(*cast("127.0.0.1", server.port, server.authority_pem), 0)

    return asyncio.run(main())


def test_the_story_ends_well(told, caplog) -> None:
    assert (told.connections, told.cuts, told.resumed, told.messages, told.redelivered) == (3, 1, True, 12, 2)
    assert told.stanzas == sum(seen.is_stanza for seen in told.seen) > 80
    assert not [seen for seen in told.seen if seen.type == "error" or seen.name in ("error", "failure", "failed")]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_each_login_takes_the_steps_of_the_specification(told) -> None:
    for who, connection in ((f"juliet@{DOMAIN}", 1), (f"romeo@{DOMAIN}", 1), (f"romeo@{DOMAIN}", 2)):
        steps = [f"{'>' if seen.sent else '<'}{seen.name}" for seen in told.of(who, connection)]
        begin = ">stream <stream <features >starttls <proceed >stream <stream <features >auth <challenge >response"
        begin += " <success >stream <stream <features"
        then = ">resume <resumed" if connection == 2 else ">iq <iq >enable <enabled >iq <iq >presence <presence"
        assert " ".join(steps).startswith(f"{begin} {then}")


def test_the_end_of_each_connection(told) -> None:
    assert [seen.kind for seen in told.of(f"romeo@{DOMAIN}", 1)][-1] == "cut"
    for who, connection in ((f"juliet@{DOMAIN}", 1), (f"romeo@{DOMAIN}", 2)):
        steps = [(seen.sent, seen.name, seen.kind) for seen in told.of(who, connection)][-3:]
        assert steps == [(True, "a", "element"), (True, "stream", "stream-close"), (False, "stream", "stream-close")]


def test_every_request_is_answered(told) -> None:
    iqs = [seen for seen in told.seen if seen.name == "iq"]
    asked = [(seen.who, seen.id, seen.sent) for seen in iqs if seen.type in ("get", "set")]
    answered = [(seen.who, seen.id, not seen.sent) for seen in iqs if seen.type == "result"]
    assert len(set(asked)) == len(asked)
    assert sorted(asked) == sorted(answered)


def test_the_story_over_direct_tls(serving) -> None:
    async def scenario(server) -> None:
        address = ("127.0.0.1", server.direct_tls_port, server.authority_pem)
        one = DemoClient(f"juliet@{DOMAIN}", "secret", *address, direct_tls=True)
        await one.login()
        assert str(one.jid) == f"juliet@{DOMAIN}/demo"
        assert "starttls" not in [seen.name for seen in one.log.seen]
        await one.close()
        await one.close()

    serving(scenario)


def client(server, **options) -> DemoClient:
    options = {"password": "secret", "authority": server.authority_pem, **options}
    return DemoClient(f"juliet@{DOMAIN}", host="127.0.0.1", port=server.port, **options)


def test_a_wrong_password(serving) -> None:
    async def scenario(server) -> None:
        juliet = client(server, password="wrong")
        with pytest.raises(DemoError, match="the login was refused: not-authorized: the password is wrong"):
            await juliet.login()
        await juliet.close()

    serving(scenario)


def test_a_certificate_of_somebody_else(serving) -> None:
    async def scenario(server) -> None:
        juliet = client(server, authority=make_identity(DOMAIN).authority_pem.decode())
        with pytest.raises(DemoError, match="waited for TLS; TLS failed: "):
            await juliet.login()

    serving(scenario)


def test_a_certificate_for_another_domain(serving) -> None:
    made = make_identity("mantua.example")

    async def scenario(server) -> None:
        assert server.authority_pem == b""
        juliet = client(server, authority=made.authority_pem)
        with pytest.raises(DemoError, match=re.escape("Hostname mismatch, certificate is not valid for")):
            await juliet.login()

    serving(scenario, certificate=(made.certificate_pem, made.key_pem))


def test_a_context_is_used_as_it_is(serving) -> None:
    async def scenario(server) -> None:
        context = ssl.create_default_context(cadata=server.authority_pem.decode())
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        juliet = client(server, authority=context)
        await juliet.login()
        assert juliet.management.identifier
        await juliet.close()

    serving(scenario)


def test_a_session_that_the_server_has_forgotten(serving) -> None:
    async def scenario(server) -> None:
        juliet = client(server)
        await juliet.login()
        await juliet.cut()
        assert not await juliet.resume()
        assert juliet.management is None
        await juliet.bind()
        with pytest.raises(DemoError, match="no session to resume"):
            await juliet.resume()
        await juliet.close()

    serving(scenario, hold=0)


def test_nobody_listens() -> None:
    with pytest.raises(DemoError, match=re.escape("127.0.0.1:1 cannot be reached")):
        asyncio.run(DemoClient(f"juliet@{DOMAIN}", "x", "127.0.0.1", 1, ssl.create_default_context()).connect())


def test_nobody_answers() -> None:
    async def main() -> None:
        listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        async with listener:
            port = listener.sockets[0].getsockname()[1]
            juliet = DemoClient(f"juliet@{DOMAIN}", "x", "127.0.0.1", port, ssl.create_default_context(), patience=0.05)
            with pytest.raises(DemoError, match=re.escape("the features did not come in 0.05 s")):
                await juliet.connect()
            await juliet.cut()

    asyncio.run(main())


def test_a_server_that_ends_says_so(serving) -> None:
    async def scenario(server) -> None:
        juliet = client(server)
        await juliet.login()
        await server.close()
        with pytest.raises(DemoError, match="the server ended the stream: system-shutdown"):
            await juliet.acknowledge()

    serving(scenario)
