from xmppscope.xeps.memory import LONGEST_KEY, Memory


class Three(Memory[object, int]):
    most = 3


def test_the_oldest_goes_first_and_is_counted() -> None:
    memory = Three()
    for number, key in enumerate(["a", "b", "c", "a", "d"]):
        memory.put(key, number)
    assert [memory.get(key) for key in "abcd"] == [3, None, 2, 4]
    assert memory.forgotten == 1
    assert memory.pop("a") == 3
    assert memory.pop("a") is None


def test_absurd_keys_are_not_kept() -> None:
    memory = Three()
    for key in ("x" * (LONGEST_KEY + 1), ("x" * LONGEST_KEY, "y")):
        memory.put(key, 1)
        assert memory.get(key) is None
    memory.put(("x" * LONGEST_KEY, 7), 1)
    assert memory.get(("x" * LONGEST_KEY, 7)) == 1
    assert memory.forgotten == 2
