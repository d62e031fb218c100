"""What is wrong with an expression is told in one line and at its place: the carets stand below what is meant."""

from collections.abc import Callable

import pytest

from xmppscope.filter.compile import compile_filter
from xmppscope.filter.error import FilterError
from xmppscope.model.timeline import Entry

MISTAKES = """
iq and typ == "set"
       ^^^              no field is called "typ"; did you mean "type"?
mesage
^^^^^^                  no field or kind is called "mesage"; did you mean "message"?
features
^^^^^^^^                no field or kind is called "features"; an element is found by name == "features"
tls.vrsion == TLSv1.3
^^^^^^^^^^              no field is called "tls.vrsion"; did you mean "tls.version"?
edit == changed
^^^^                    edit has parts: compare edit.by, edit.action, edit.of
tls == TLSv1.3
^^^                     tls has parts: compare tls.version, tls.versions, tls.cipher, …
iq == set
^^                      "iq" stands alone: there is nothing in it to compare
kind == stanze
        ^^^^^^          no kind is called "stanze"; did you mean "stanza"?
kind in {iq, stanza}
         ^^             no kind is called "iq"
sender == client
          ^^^^^^        no sender is called "client"; it is initiating or receiving
finding.severity == bad
                    ^^^ no finding severity is called "bad"; it is error, warning or info
edit.action != chnged
               ^^^^^^   no edit action is called "chnged"; did you mean "changed"?
from == 5
        ^               from is text: write "5" in quotes
id contains 0x1f
            ^^^^        id is text: write "0x1f" in quotes
from > "a"
     ^                  from is text, which ">" does not fit; it is compared with ==, !=, contains, ~, in
sender <= initiating
       ^^               sender is a word, which "<=" does not fit; it is compared with ==, !=, contains, ~, in
connection ~ "3"
           ^            connection is a number, which "~" does not fit; it is compared with ==, !=, <, <=, >, >=, in
redacted in {true}
         ^^             redacted is true or false, which "in" does not fit; it is compared with ==, !=
redacted == maybe
            ^^^^^       redacted is true or false, not "maybe"
connection == "3"
              ^^^       connection is compared with a number: write it without quotes
connection == three
              ^^^^^     connection is compared with a number, such as 3, not with "three"
connection == 3ms
              ^^^       connection has no unit: write the number alone
latency > 5KB
          ^^^           "KB" is no unit of latency; such as 500ms has
size > 4ms
       ^^^              "ms" is no unit of size; such as 4KB has
bytes > 4
      ^                 bytes is what could not be read, in hex; did you mean "size"?
bytes == xyz
         ^^^            bytes is compared with bytes in hex, such as 1603, not with "xyz"
time > noon
       ^^^^             "noon" is no time; write seconds from the start, or 2026-11-20T09:24:56
time > 9999999999
       ^^^^^^^^^^       a time beyond all captures
time > "0001-01-01T00:00+23:00"
       ^^^^^^^^^^^^^^^^^^^^^^^^ a time beyond all captures
xep == sm
       ^^               xep is compared with a number such as 0198, not with "sm"
from ~ "a[b"
         ^              a bad pattern: unterminated character set
from ~ 'a(b'
         ^              a bad pattern: missing ), unterminated subpattern
from ~ "*"
        ^               a bad pattern: nothing to repeat
from ~ "a(?=b)"
         ^              a bad pattern: of groups only (...), (?:...) and (?P<name>...) can be matched in bounded time
from ~ "(a)\\1"
           ^            a bad pattern: a reference to a group can't be matched in bounded time
from ~ "a++"
          ^             a bad pattern: a possessive repetition can't be used
from ~ "(?x)a"
        ^               a bad pattern: the flag x is not known here; i, s and a are
from ~ "[[a]"
       ^^^^^^           a bad pattern: Possible nested set
from ~ "(a{99}){99}"
       ^^^^^^^^^^^^^    a bad pattern: too large: its repetitions come to more than 1000 steps
xpath("//c:body[")
      ^^^^^^^^^^^       a bad XPath: invalid expression
xpath("//c:body[contain(.)]")
                ^^^^^^^ no XPath function is called "contain"; did you mean "contains"?
xpath("//c:body[$a]")
                ^       an XPath here has no variables
xpath("count(1)")
      ^^^^^^^^^^        a bad XPath: invalid type
xpath("")
      ^^                a bad XPath: invalid expression
xpath("count(")
      ^^^^^^^^            a bad XPath: invalid expression
xpath("1) or (1")
      ^^^^^^^^^^        a bad XPath: invalid expression
xpth("//a")
^^^^                    no function is called "xpth"; did you mean "xpath"?
xpath(//a)
      ^^^               a text in quotes is expected, not "//a"
xpath(
     ^                  a text in quotes is missing after "("
type = "set"
     ^                  to compare, write "=="
iq & error
   ^                    write "&&"
iq | error
   ^                    write "||"
type == "set
        ^               this quote is not closed
type == 'se"t
        ^               this quote is not closed
(iq or (error)
^                       this parenthesis is not closed
iq or error)
           ^            this parenthesis was never opened
iq and ()
       ^                there is nothing in the parentheses
iq and
   ^^^                  something is missing after "and"
not
^^^                     something is missing after "not"
and iq
^^^                     something is missing before "and"
iq and and error
       ^^^              something is missing before "and"
(iq or )
       ^                something is missing before ")"
== "set"
^^                      something is missing before "=="
contains "a"
^^^^^^^^                something is missing before "contains"
type ==
     ^^                 a value is missing after "=="
type == and iq
        ^^^             a value is missing before "and"
type == and
        ^^^             a value is missing before "and"; as a text it stands in quotes
type == (set)
        ^               a value is missing before "("
type == ==
        ^^              a value is missing before "=="
type in
     ^^                 a set is missing after "in", as in {get, set}
type in get
        ^^^             a set is expected after "in", as in {get, set}
type in {}
         ^              a value is missing before "}"
type in {get
        ^               this brace is not closed
type in {get set}
             ^^^        "," or "}" is missing before "set"
type in {get,}
             ^          a value is missing before "}"
iq message
   ^^^^^^^              "and" or "or" is missing before "message"
iq AND message
   ^^^                  write "and" in small letters
iq not message
   ^^^                  after a word write "and not", or "not in" and a set
type == "a" == "b"
            ^^          a comparison has one operator; join several with "and"
"set" == type
^^^^^                   a text stands to the right of an operator, as in body contains "hello"
5 == entry
^                       a field or a kind is expected, not "5"
iq;error
  ^^^^^^                "and" or "or" is missing before ";error"
"""

LINES = MISTAKES.strip("\n").split("\n")


@pytest.mark.parametrize(("expression", "told"), list(zip(LINES[::2], LINES[1::2], strict=True)))
def test_mistake(expression: str, told: str) -> None:
    carets = told[: len(told) - len(told.lstrip(" ^"))].rstrip()
    with pytest.raises(FilterError) as caught:
        compile_filter(expression)
    error = caught.value
    assert (error.column, error.length) == (carets.index("^"), carets.count("^"))
    assert error.problem == told[len(carets) :].strip()
    assert str(error) == f"filter: {error.problem}"
    assert error.expression == expression


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\udc80"])
def test_characters_that_no_xml_has(entry: Callable[..., Entry], character: str) -> None:
    with pytest.raises(FilterError, match="it has a character that XML can't have"):
        compile_filter(f"xpath(\"//a[. = '{character}']\")")
    assert not compile_filter(f'body == "{character}" or id ~ "{character}"')(entry(id="a"))


@pytest.mark.parametrize("expression", ["", "  ", "\t\n"])
def test_an_empty_expression(expression: str) -> None:
    with pytest.raises(FilterError, match="the expression is empty") as caught:
        compile_filter(expression)
    assert (caught.value.column, caught.value.length) == (0, 1)


@pytest.mark.parametrize(
    "nested", ["!" * 65 + "iq", "not (" * 65 + "iq" + ")" * 65, "(iq or error and " * 33 + "iq" + ")" * 33]
)
def test_nesting_is_bounded(nested: str) -> None:
    with pytest.raises(FilterError, match="nested deeper than 64 levels"):
        compile_filter(nested)


def test_parentheses_are_no_nesting_and_long_chains_none_either() -> None:
    compile_filter("(" * 2000 + "iq" + ")" * 2000)
    compile_filter(" or ".join(["iq"] * 1500))


def test_length_is_bounded() -> None:
    with pytest.raises(FilterError, match="longer than 10000 characters"):
        compile_filter("iq or " * 2000 + "iq")


def test_a_name_that_begins_like_an_operator_is_a_name() -> None:
    for name in ("android", "order", "notes", "inside", "contains-all"):
        with pytest.raises(FilterError, match=f'no field or kind is called "{name}"'):
            compile_filter(name)
