"""Every bundled recording is held against what its programs logged: each first-level element, in order, to the byte.

The truth files are explained in captures/README.md. Where a file is damaged on purpose, what the truth calls whole must
come out, and nothing may come out that was never sent.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

pytestmark = pytest.mark.real

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
TRUTHS = sorted(CAPTURES.glob("*.truth.json"))
ELEMENTS = {"stream-open", "stanza", "nonza", "stream-error"}
WAYS = ("c2s", "s2c")
UNSURE = {"stream-open", "stream-close", "PARSE-ERROR"}

Run = Callable[..., CompletedProcess[bytes]]
Item = dict[str, Any]
Both = tuple[list[Item], list[Item]]
Ends = tuple[str, str]


class Reading(NamedTuple):
    """What `xmppscope read` made of a capture: per pair of ends the connections, each with both directions."""

    connections: dict[Ends, list[Both]]
    summary: Item


def local(name: str) -> str:
    """The truth names its own files with a prefix; here they stand without it."""
    return name.removeprefix("a-")


def ends(one: str, other: str) -> Ends:
    """The truth writes IPv6 addresses without brackets."""
    return (one.replace("[", "").replace("]", ""), other.replace("[", "").replace("]", ""))


def read(run: Run, capture: Path, *options: object) -> Reading:
    done = run("read", "--format", "jsonl", *options, capture)
    assert done.returncode == 0, done.stderr.decode()
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert records[0]["record"] == "header"
    assert records[-1]["record"] == "summary"
    names: dict[int, Ends] = {}
    found: dict[int, Both] = defaultdict(lambda: ([], []))
    for record in records:
        if record["record"] == "connection":
            names[record["connection"]] = ends(record["initiating"], record["receiving"])
        elif record["record"] == "entry" and record["kind"] in ELEMENTS:
            found[record["connection"]][record["sender"] == "receiving"].append(record)
    connections: dict[Ends, list[Both]] = defaultdict(list)
    for number, both in found.items():
        connections[names[number]].append(both)
    return Reading(connections, records[-1])


def options(truth: Path) -> list[object]:
    keys = truth.with_name(truth.name.replace(".truth.json", ".keys"))
    return ["--keylog", keys] if keys.exists() else []


def expected(item: Item) -> Item:
    """What an entry must say for a logged element: no more than both sides know."""
    if item["name"] == "stream-open" or is_framing(item, "open"):
        return {"kind": "stream-open"}
    wanted = {"name": item["name"].split(":")[-1], "type": item.get("type") or None, "id": item.get("id") or None}
    wanted |= {key: item[key] for key in ("ns", "to", "from") if key in item}
    return wanted | ({"offset": item["off"]} if "off" in item else {})


def logged(items: list[Item]) -> Iterator[Item]:
    """The elements up to the first one that is broken on purpose; the log of closing tags is not exact."""
    for item in items:
        if item["name"] == "PARSE-ERROR":
            return
        if item["name"] != "stream-close" and not is_framing(item, "close"):
            yield item


def is_framing(item: Item, name: str) -> bool:
    """The <open/> and <close/> of WebSocket take the place of the tags of a stream."""
    return item["name"] == name and item.get("ns") == "urn:ietf:params:xml:ns:xmpp-framing"


def said(entry: Item, keys: Item) -> Item:
    return {key: entry.get(key) or None if key in {"type", "id"} else entry.get(key) for key in keys}


def difference(items: list[Item], entries: list[Item]) -> str | None:
    """Say where one direction parts from the log, or None where it does not."""
    whole = list(logged(items))
    broken = any(item["name"] == "PARSE-ERROR" for item in items)
    for number, (item, entry) in enumerate(zip(whole, entries, strict=False), 1):
        wanted = expected(item)
        if said(entry, wanted) != wanted:
            return f"element {number} is {said(entry, wanted)}, logged was {wanted}"
    if len(entries) < len(whole) or (len(entries) > len(whole) and not broken):
        return f"{len(entries)} elements, logged were {len(whole)}"
    return None


def base_of(truth: Item) -> Item:
    if "truth_of_base" not in truth:
        return truth
    base: Item = json.loads((CAPTURES / local(truth["truth_of_base"])).read_text())
    return base


def items_of(connection: Item) -> Both:
    return connection["c2s"]["items"], connection["s2c"]["items"]


def held_against(reading: Reading, truth: Item, times: int) -> None:
    """Every logged connection comes out *times* over, equal to the log, and no other does."""
    optional = {ends(client, "")[0] for client in truth.get("optional", [])}
    left = {pair: list(found) for pair, found in reading.connections.items()}
    for connection in base_of(truth)["connections"]:
        pair, both = ends(connection["client"], connection["server"]), items_of(connection)
        if not any(map(list, map(logged, both))) or (pair[0] in optional and not left.get(pair)):
            continue
        assert len(left.get(pair, [])) >= times, f"{pair} came out {len(left.get(pair, []))} times"
        for found in left.pop(pair)[:times]:
            for way, items, entries in zip(WAYS, both, found, strict=True):
                assert (problem := difference(items, entries)) is None, f"{pair} {way}: {problem}"
    assert not {pair for pair in left if pair[0] not in optional}, "a connection came out that never was"


def sessions_held_against(reading: Reading, truth: Item) -> None:
    """Every logged BOSH session comes out, equal to the log.

    That knows nothing of TCP connections, of what opens a stream, and of how an empty element was written.
    """
    left = [(pair[1], both) for pair, found in reading.connections.items() for both in found]
    for connection in truth["connections"]:
        problems: list[str | None] = []
        for one in left:
            ways = [[entry for entry in way if entry["kind"] != "stream-open"] for way in one[1]]
            logs = ([item for item in way if item["name"] != "bosh-body"] for way in items_of(connection))
            items = [[{key: item[key] for key in item if key != "off"} for item in way] for way in logs]
            found = [difference(*both) for both in zip(items, ways, strict=True)]
            problem = next(filter(None, found), None) if one[0] == connection["server"] else "another server"
            problems.append(problem)
            if problem is None:
                left.remove(one)
                break
        assert None in problems, f"{connection['client']}: {problems}"
    assert not left, "a session came out that never was"


def never_more_than_sent(reading: Reading, truth: Item) -> None:
    sent: dict[tuple[Ends, int], Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for connection in base_of(truth)["connections"]:
        for side, items in enumerate(items_of(connection)):
            sent[ends(connection["client"], connection["server"]), side].update(
                (item["name"].split(":")[-1], item.get("type") or None, item.get("id") or None)
                for item in items
                if item["name"] != "stream-open"
            )
    for pair, connections in reading.connections.items():
        for side in (0, 1):
            seen = Counter(
                (entry["name"], entry.get("type") or None, entry.get("id") or None)
                for both in connections
                for entry in both[side]
                if entry["kind"] != "stream-open"
            )
            assert not seen - sent[pair, side], f"{pair} {WAYS[side]}: came out and was never sent"


def whole(truth: Item) -> Iterator[tuple[str, int, list[tuple[str, str | None]]]]:
    """For each direction that lost bytes, the (name, id) of what must come out all the same, in order."""
    cuts: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    for lost in truth["lost"]:
        if "whole" in lost:
            names = [(name.split(":")[-1], id_ or None) for name, id_, _ in lost["whole"] if name not in UNSURE]
            yield lost["client"], WAYS.index(lost["dir"]), names
        else:
            cuts[lost["client"], lost["dir"]].append(lost["missing_bytes"])
    for connection in base_of(truth)["connections"] if cuts else []:
        for side, way in enumerate(WAYS):
            missing = cuts[connection["client"], way]
            yield (
                connection["client"],
                side,
                [
                    (item["name"], item.get("id"))
                    for item in connection[way]["items"]
                    if item["name"] in {"message", "presence", "iq"}
                    and all(item["off"][1] <= start or stop <= item["off"][0] for start, stop in missing)
                ],
            )


def comes_out_in_order(reading: Reading, client: str, side: int, names: list[tuple[str, str | None]]) -> None:
    entries = [
        (entry.get("name"), entry.get("id"))
        for pair, connections in reading.connections.items()
        if pair[0] == ends(client, "")[0]
        for both in connections
        for entry in both[side]
    ]
    rest = iter(entries)
    missing = [name for name in names if not any(name == entry for entry in rest)]
    assert not missing, f"{client} {WAYS[side]}: {len(missing)} of {len(names)} whole elements missing or out of order"


@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.name.removesuffix(".truth.json"))
def test_recording_comes_out_as_its_programs_logged_it(path: Path, xmppscope: Run) -> None:
    truth = json.loads(path.read_text())
    reading = read(xmppscope, CAPTURES / local(truth["capture"]), *options(path))
    if path.name.startswith("bosh-"):
        sessions_held_against(reading, truth)
        return
    expect = truth.get("expect", "same")
    if expect in {"same", "twice"}:
        held_against(reading, truth, 2 if expect == "twice" else 1)
        return
    never_more_than_sent(reading, truth)
    for client, side, names in whole(truth) if "lost" in truth else []:
        comes_out_in_order(reading, client, side, names)


def test_server_key_opens_rsa_key_exchange(xmppscope: Run) -> None:
    truth = json.loads((CAPTURES / "tls12-rsa-kx-cbc-prosody.truth.json").read_text())
    key = CAPTURES / "server-key-prosody.pem"
    reading = read(xmppscope, CAPTURES / "tls12-rsa-kx-cbc-prosody.pcap", "--rsa-key", key)
    held_against(reading, truth, 1)
    assert reading.summary["undecrypted"] == 0


def test_one_direction_of_keys_gives_that_direction(xmppscope: Run) -> None:
    partial, complete = CAPTURES / "dmg-partial-keys.pcap", CAPTURES / "tls13-starttls-prosody.pcap"
    some = read(xmppscope, partial, "--keylog", partial.with_suffix(".keys"))
    every = read(xmppscope, complete, "--keylog", complete.with_suffix(".keys"))
    assert some.connections.keys() == every.connections.keys()
    for pair, [both] in every.connections.items():
        assert [entry["xml"] for entry in some.connections[pair][0][0]] == [entry["xml"] for entry in both[0]]
        assert len(some.connections[pair][0][1]) < len(both[1])
    assert some.summary["undecrypted"] == 2
