from xmppscope.model.timeline import Entry
from xmppscope.session.account import MOST_ACCOUNTS, MOST_IN_ALL, MOST_PER_ACCOUNT, Accounts


def change(number: int, connection: int = 1, second: int = 0) -> Entry:
    when = f"2026-01-01T00:00:{second:02d}.000000Z"
    return Entry(number, connection, 1, "initiating", "stanza", when, when, "", "open", "none")


def test_addresses_of_the_account_are_one() -> None:
    account = Accounts()["Alice@a.example/desk"]
    assert account.own == "alice@a.example"
    forms = [account.forms[text] for text in (None, "", "alice@A.example", "alice@a.example/phone", "B@a.example/x")]
    assert forms == ["", "", "", "", "b@a.example"]


def test_an_account_is_the_same_on_every_connection() -> None:
    accounts = Accounts()
    assert accounts["a@a.example/1"] is accounts["A@a.example/2"]
    assert accounts.without_jid("1") is accounts.without_jid("1")
    assert accounts.without_jid("1") is not accounts.without_jid("2")


def test_what_is_on_the_same_connection_comes_first() -> None:
    account = Accounts()["a@a.example"]
    for connection, entry in ((1, 10), (2, 20), (2, 25), (3, 30)):
        account.add(("id", "", "b"), connection, entry)
    assert [account.find(("id", "", "b"), number) for number in (1, 2, 3, 4)] == [10, 25, 30, 10]
    assert account.first(("id", "", "b")) == 10
    assert account.find(("other", "", "b"), 1) is None


def test_memory_is_bounded_for_an_account() -> None:
    accounts = Accounts()
    account = accounts["a@a.example"]
    for number in range(MOST_PER_ACCOUNT + 1):
        account.add((str(number),), 1, number)
    assert account.remembered <= MOST_PER_ACCOUNT // 2 + 1
    assert accounts.forgotten == MOST_PER_ACCOUNT + 1 - account.remembered
    assert account.first(("0",)) is None
    assert account.first((str(MOST_PER_ACCOUNT),)) == MOST_PER_ACCOUNT


def test_memory_is_bounded_in_all() -> None:
    accounts = Accounts()
    each = 1000
    many = [accounts[f"a{number}@a.example"] for number in range(MOST_IN_ALL // each + 2)]
    for account in many:
        for number in range(each):
            account.add((str(number),), 1, number)
    assert sum(account.remembered for account in many) <= MOST_IN_ALL
    assert accounts.forgotten == len(many) * each - sum(account.remembered for account in many)


def test_accounts_are_bounded() -> None:
    accounts = Accounts()
    first = accounts["first@a.example"]
    first.add(("1",), 1, 1)
    for number in range(MOST_ACCOUNTS):
        assert accounts[f"a{number}@a.example"]
    assert accounts["first@a.example"] is not first
    assert accounts.forgotten == 1


def test_changes_are_told_in_order_once_for_each_connection() -> None:
    account = Accounts()["a@a.example"]
    account.change("b@a.example", change(1))
    account.change("b@a.example", change(2, second=5))
    told = [account.pushed("b@a.example", change(10, connection)) for connection in (1, 1, 1, 2)]
    assert told == [1, 2, None, 1]
    assert account.pushed("b@a.example", change(11, 3, second=12)) == 2
    assert account.pushed("c@a.example", change(12)) is None
