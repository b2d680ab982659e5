"""Code is shown line by line, by the numbers that Python gives them: where it failed open, the rest folded away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import listing
from grader.listing import AROUND, LINE_ROOM, MOST_FILES, MOST_MARKS, MOST_MESSAGES, ROOM, SHORT, WIDEST, listings
from grader.model import Spot
from tests.results import HOSTILE

LONG = "\n".join(f"line {n}" for n in range(1, 301)) + "\n"


def only(source, *marks, name="work.py"):
    """Return the listing of a file of which (line, message) are said."""
    (found,) = listings({name: source}, [(Spot(name, line), message) for line, message in marks])
    return found


def numbered(found):
    """Return all lines that are shown, by their numbers."""
    return {n: line for piece in found.pieces for n, line in enumerate(piece.lines, start=piece.first)}


def texts(found):
    return [line.text for line in numbered(found).values()]


def messages(found):
    return {n: line.messages for n, line in numbered(found).items() if line.messages}


def runs(found):
    return [(piece.first, piece.last, piece.is_open) for piece in found.pieces]


def test_a_short_file_that_failed_is_open_as_a_whole():
    found = only("a\nb\nc\n", (2, "no"))
    assert runs(found) == [(1, 3, True)]
    assert (messages(found), found.is_marked, found.left_out) == ({2: ("no",)}, True, 0)


def test_a_file_of_which_nothing_is_said_is_folded():
    found = only(LONG)
    assert runs(found) == [(1, 300, False)]
    assert not found.is_marked


def test_of_a_long_file_only_what_is_around_the_marks_is_open():
    assert runs(only(LONG, (100, "no"))) == [
        (1, 99 - AROUND, False),
        (100 - AROUND, 100 + AROUND, True),
        (101 + AROUND, 300, False),
    ]


def test_marks_near_each_other_share_a_piece_and_others_have_their_own():
    found = only(LONG, (100, "a"), (100 + 2 * AROUND, "b"), (200, "c"))
    assert [run[:2] for run in runs(found) if run[2]] == [
        (100 - AROUND, 100 + 3 * AROUND),
        (200 - AROUND, 200 + AROUND),
    ]


@pytest.mark.parametrize(("line", "open_"), [(1, (1, 1 + AROUND)), (300, (300 - AROUND, 300))])
def test_marks_at_the_ends_open_no_lines_that_are_not_there(line, open_):
    assert [run[:2] for run in runs(only(LONG, (line, "no"))) if run[2]] == [open_]


@pytest.mark.parametrize(("length", "pieces"), [(SHORT, 1), (SHORT + 1, 2)])
def test_a_file_is_long_when_it_has_more_lines_than_that(length, pieces):
    assert len(only("x\n" * length, (1, "no")).pieces) == pieces


@given(
    st.lists(st.text("ab \t", max_size=5), max_size=120),
    st.lists(st.integers(-3, 150), max_size=8),
)
def test_every_line_is_there_once_with_its_number_and_what_is_said_of_it(lines, marked):
    found = only("".join(f"{line}\n" for line in lines), *((n, f"said of {n}") for n in marked))
    assert {n: line.text for n, line in numbered(found).items()} == dict(
        enumerate((line.expandtabs() for line in lines), start=1)
    )
    assert messages(found) == {n: (f"said of {n}",) for n in sorted(set(marked)) if 1 <= n <= len(lines)}
    assert sum(len(piece.lines) for piece in found.pieces) == len(lines)
    assert [run[0] for run in runs(found)] == sorted(run[0] for run in runs(found))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(end):
    source = end.join(["\ufeffa = 1", "b = '\x0c\x85\u2028'", "c = ("])
    with pytest.raises(SyntaxError) as raised:
        compile(source.encode(), "work.py", "exec")
    assert messages(only(source, (raised.value.lineno, "no"))) == {3: ("no",)}
    assert texts(only(source)) == ["a = 1", r"b = '\x0c\x85\u2028'", "c = ("]


@pytest.mark.parametrize("line", [-1, 0, 301, 303, 10**9])
def test_a_line_that_is_not_in_the_file_marks_and_opens_nothing(line):
    assert runs(only(LONG, (line, "no"))) == [(1, 300, False)]
    assert runs(only("a\n", (line, "no"))) == [(1, 1, False)]


def test_an_empty_file_has_no_lines():
    assert only("").pieces == ()
    assert texts(only("\n")) == [""]


def test_a_message_is_said_once_of_a_line_and_few_of_each():
    said = [(1, "a"), (1, "a"), *((1, str(n)) for n in range(50))]
    assert messages(only("x\n", *said)) == {1: ("a", *map(str, range(MOST_MESSAGES - 1)))}


def test_a_loop_of_failures_marks_only_so_many_lines():
    assert len(messages(only("x\n" * 1000, *((n, "no") for n in range(1, 1000))))) == MOST_MARKS


def test_files_that_failed_come_first_and_the_others_in_their_order():
    names = ["c.py", "a.py", "b.py"]
    found = listings(dict.fromkeys(names, "x\n"), [(Spot("b.py", 1), "no")])
    assert [one.name for one in found] == ["b.py", "c.py", "a.py"]


def test_only_so_many_files_are_shown_and_those_that_failed_among_them():
    found = listings({f"{n}.py": "x\n" for n in range(2000)}, [(Spot("1999.py", 1), "no")])
    assert len(found) == MOST_FILES
    assert found[0].name == "1999.py"


def test_what_is_said_of_a_file_that_is_not_there_is_left_out():
    assert [one.is_marked for one in listings({"a.py": "x\n"}, [(Spot("/usr/lib/b.py", 1), "no")])] == [False]
    assert listings({}, [(Spot("a.py", 1), "no")]) == []


def size(found):
    return sum(len(line.text) + LINE_ROOM for one in found for line in numbered(one).values())


@pytest.mark.parametrize(
    "source",
    ["x" * 1_000_000, "\n" * 50_000, "\0" * 1_000_000, ("x" * 10_000 + "\n") * 100, "\ud83d\n" * 50_000],
    ids=["one line", "many lines", "control characters", "long lines", "half characters"],
)
def test_however_much_was_handed_in_the_listings_have_room_for_so_much(source):
    found = listings({f"{n}.py": source for n in range(20)}, [(Spot("3.py", 1), "no")])
    assert size(found) <= ROOM
    handed_in = 20 * len(listing.lines_of(source))
    assert sum(len(numbered(one)) + one.left_out for one in found) == handed_in


def test_where_there_is_no_room_for_all_the_lines_that_failed_have_it():
    found = only("y" * 200 + "\n" + ("x" * 200 + "\n") * 5000, (4000, "no"))
    assert messages(found) == {4000: ("no",)}
    assert found.left_out > 4000
    assert found.left_out + len(numbered(found)) == 5001


def test_a_wide_line_is_cut_and_says_by_how_much():
    assert texts(only("x" * WIDEST)) == ["x" * WIDEST]
    assert texts(only("x" * 1_000_000)) == ["x" * WIDEST + f" … ({1_000_000 - WIDEST} more characters)"]


@pytest.mark.parametrize("char", ["\0", "\ud83d", "\t"])
def test_a_line_that_is_wide_because_of_control_characters_says_that_it_is_cut(char):
    (text,) = texts(only(char * WIDEST))
    assert len(text) == WIDEST + len(" …")
    assert text.endswith(" …")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_control_characters_in_code_do_nothing_and_can_be_read(text):
    assert all(line.isprintable() for line in texts(only(text)))
