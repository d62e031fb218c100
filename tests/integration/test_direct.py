"""The clients and servers without the proxy: what the other tests of this folder build on works by itself."""

import pytest

from tests.integration.certificates import TestAuthority
from tests.integration.clients.base import Client
from tests.integration.conftest import MakeJob, answered
from tests.integration.elements import OPEN
from tests.integration.servers.base import Server

pytestmark = pytest.mark.real


def test_a_session_and_what_the_client_logs_of_it(client: Client, server: Server, job: MakeJob) -> None:
    cut = client.resumes and server.name == "prosody"
    task = job(server, cut=cut)
    run = client.run(task)
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert run.resumed is (True if cut else None)
    assert run.roster == (None if client.name == "go-sendxmpp" else [task.script.peer])
    assert len(run.connections) == 1 + cut
    for direction in client.logs:
        elements = run.connections[0].elements(direction)
        names = [element.name for element in elements]
        assert elements[0] == OPEN
        assert names.count("stream-open") == 3, "STARTTLS and the login restart the stream"
        assert names.index({"out": "starttls", "in": "proceed"}[direction]) < names.index("iq")
        assert sum(element.name == "message" and element.type == "chat" for element in elements) >= 2


def test_direct_tls_of_a_certain_version(client: Client, prosody: Server, job: MakeJob) -> None:
    version = client.versions[0]
    task = job(prosody, tls="direct", version=version)
    run = client.run(task)
    assert run.failed is None, run.output
    assert answered(task, run) == task.script.answers
    assert run.connections[0].tls in {None, f"TLSv{version}"}


def test_it_trusts_no_unknown_authority(
    client: Client, prosody: Server, other_authority: TestAuthority, job: MakeJob
) -> None:
    run = client.run(job(prosody, tls="direct", ca_file=other_authority.file))
    assert run.failed
    assert run.received == []
    logged = [element.name for one in run.connections for way in client.logs for element in one.elements(way)]
    assert not {"auth", "success", "iq"} & set(logged)
