"""Many connections driven by one thread, one message in flight on each."""

import selectors
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, NamedTuple

from benchmarks.load.client import PATIENCE, READ, Client, Way


class Driven(NamedTuple):
    """How many messages came back, and the seconds that took."""

    messages: int
    seconds: float


class _Flight:
    """A client with the message that is under way on it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.sent = b""
        self.received = b""
        # Looked up once: these are called for every message.
        self.read = client.socket.read
        self.write = client.socket.write
        self.next = client.next_message

    def send(self) -> None:
        self.received = b""
        self.sent = self.next()
        if self.write(self.sent) != len(self.sent):
            raise RuntimeError("the server does not read what it is sent")

    def back(self) -> bool:
        """Read; return whether the message is back as it was sent."""
        try:
            data = self.read(READ)
        except ssl.SSLWantReadError:
            return False
        if data == self.sent:
            return True
        self.received += data
        if not data or not self.sent.startswith(self.received):
            raise RuntimeError(f"{self.sent!r} came back as {self.received!r}")
        return self.received == self.sent


class Crowd:
    """Clients that are logged in and take their turns; each `drive` leaves nothing in flight."""

    def __init__(self, clients: list[Client]) -> None:
        self._selector: Final = selectors.DefaultSelector()
        self._flights: Final = [_Flight(client) for client in clients]
        for flight in self._flights:
            flight.client.socket.setblocking(False)
            self._selector.register(flight.client.socket, selectors.EVENT_READ, flight)

    def drive(self, seconds: float) -> Driven:
        """Send and wait on all connections for some seconds."""
        started = time.perf_counter()
        deadline = started + seconds
        messages = 0
        for flight in self._flights:
            flight.send()
        left = len(self._flights)
        while left:
            ready = self._selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"{left} messages did not come back in {PATIENCE:.0f} s")
            going_on = time.perf_counter() < deadline
            for key, _ in ready:
                if key.data.back():
                    messages += 1
                    if going_on:
                        key.data.send()
                    else:
                        left -= 1
        return Driven(messages, time.perf_counter() - started)

    def close(self) -> None:
        """Forget the clients, who go on as they were before."""
        self._selector.close()
        for flight in self._flights:
            flight.client.socket.settimeout(PATIENCE)


@contextmanager
def crowd(way: Way, number: int) -> Iterator[Crowd]:
    """Log in on *number* connections, and close them at the end."""
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(way)) for _ in range(number)]
        driven = Crowd(clients)
        yield driven
        driven.close()
