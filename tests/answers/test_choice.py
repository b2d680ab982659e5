"""Options are chosen by letter or by words, and each is a decision."""

# ruff: noqa: RUF001  letters that look alike are what is tested

import pytest

from grader.answers import choice
from grader.answers.choice import LONGEST
from grader.answers.verdict import UnreadableAnswer

COLOURS = ["Red", "dark green", "blue, or cyan", "black and white"]
NEVER = ["it rises", "it falls", "it stays the same"]
LISTED = "a) Red, b) dark green, c) blue, or cyan, d) black and white"

READ = {
    "Red": "Red", "red": "Red", " RED ": "Red", "dark  green": "dark green", "dark\ngreen": "dark green", "a": "Red", "B": "dark green", "(c)": "blue, or cyan",
    "d)": "black and white", "a.": "Red", " b ": "dark green", "black and white": "black and white",
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_an_option_is_meant_by_its_words_or_its_letter(text):
    assert choice.read(text, COLOURS) == READ[text]


def test_words_come_before_letters():
    assert choice.read("b", ["b", "a"]) == "b"


def test_a_letter_means_the_option_that_the_handout_lists_there():
    order = choice.shown(COLOURS, 7)
    assert [choice.read(letter, order) for letter in "abcd"] == order


def test_options_are_shuffled_by_seed_and_by_nothing_else():
    assert choice.shown(COLOURS, None) == COLOURS
    assert choice.shown("abcdef", 7) == list("eafdbc")  # a handout that is printed must stay right
    assert len({tuple(choice.shown("abc", seed)) for seed in range(100)}) == 6


NONE = {
    "another word": ("purple", f"`purple` is none of the options: {LISTED}"),
    "a typo": ("dark gren", "`dark gren` is none of the options (did you mean 'dark green'?)"),
    "a letter behind the last": ("e", f"`e` is none of the options: {LISTED}"),
    "a letter of another alphabet": ("а", f"`а` is none of the options: {LISTED}"),
    "a number": ("1", f"`1` is none of the options: {LISTED}"),
    "nothing": ("", f"`` is none of the options: {LISTED}"),
    "a second line": ("x\n✓ passed", rf"`x\n✓ passed` is none of the options: {LISTED}"),
    "a NUL": ("a\0", rf"`a\x00` is none of the options: {LISTED}"),
    "half a character": ("\ud800", rf"`\ud800` is none of the options: {LISTED}"),
    "a long text": ("red " * 1000, f"`{'red ' * 20}…` is none of the options: {LISTED}"),
    "too long a text": ("x" * 2**18, f"an answer may have {LONGEST} characters, not {2**18}"),
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_option_is_told_with_those_there_are(name):
    text, message = NONE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        choice.read(text, COLOURS)
    assert str(caught.value) == message


RED, GREEN, BLUE, BOTH = COLOURS
TICKED = {
    "one": ("a", [RED]),
    "a list": (["a", "dark green"], [RED, GREEN]),
    "commas": ("a, c", [RED, BLUE]),
    "commas alone": ("a,c", [RED, BLUE]),
    "a comma at the end": ("a, c,", [RED, BLUE]),
    "semicolons": ("a; c", [RED, BLUE]),
    "and": ("a and c", [RED, BLUE]),
    "a comma and an and": ("a, b and c", [RED, GREEN, BLUE]),
    "a comma before the and": ("a, b, AND c", [RED, GREEN, BLUE]),
    "spaces": ("a b  c", [RED, GREEN, BLUE]),
    "brackets": ("(a) (b)", [RED, GREEN]),
    "words with a space": ("dark green, red", [GREEN, RED]),
    "words with a comma": ("blue, or cyan", [BLUE]),
    "words with an and": ("black and white, red", [BOTH, RED]),
    "lines": ("a\nb", [RED, GREEN]),
    "one twice": ("a, a", [RED, RED]),
}  # fmt: skip


@pytest.mark.parametrize("name", TICKED)
def test_several_are_ticked_in_a_list_or_on_one_line(name):
    raw, expected = TICKED[name]
    assert choice.read_ticks(raw, COLOURS, several=True) == expected


@pytest.mark.parametrize("raw", ["b", "dark green", ["b"], ["b", "dark green"]], ids=str)
def test_one_is_chosen(raw):
    assert set(choice.read_ticks(raw, COLOURS, several=False)) == {GREEN}


UNTICKED = {
    "another": (["a", "x"], True, f"`x` is none of the options: {LISTED}"),
    "another on a line": ("a, purple haze", True, f"`purple haze` is none of the options: {LISTED}"),
    "another with an and": ("a, up and down", True, f"`up and down` is none of the options: {LISTED}"),
    "two of which one is wanted": (["a", "b"], False, "choose one option, not several"),
    "two on a line of which one is wanted": ("a, b", False, f"`a, b` is none of the options: {LISTED}"),
    "a mapping": ({"a": "b"}, True, "a list of options is wanted, not a mapping"),
    "a list in a list": ([["a"]], True, 'one answer is wanted, not several (put a text that begins with a sign in "quotes")'),
    "more than there are": (["a"] * 5, True, "there are 4 options, and not 5"),
    "many more than there are": (["a"] * 100_000, True, "there are 4 options, and not 100000"),
    "more on a line": ("a," * 500, True, "there are 4 options, and not 500"),
    "far too much on a line": ("a " * 2**17, True, f"an answer may have {LONGEST} characters, not {2**18}"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNTICKED)
def test_what_cannot_be_ticked_is_told(name):
    raw, several, message = UNTICKED[name]
    with pytest.raises(UnreadableAnswer) as caught:
        choice.read_ticks(raw, COLOURS, several=several)
    assert str(caught.value) == message


RISES, FALLS, SAME = NEVER
BLANKS = {
    "by name": ({"x": "a", "y": "it falls"}, ["a", "it falls"]),
    "by name in another order": ({"y": "b", "x": "a"}, ["a", "b"]),
    "in order": (["a", "c"], ["a", "c"]),
    "on a line": ("a b", ["a", "b"]),
    "with commas": ("a, b", ["a", "b"]),
    "in words with spaces": ("it rises, it stays the same", ["it rises", "it stays the same"]),
    "one without an answer": ({"x": "a"}, ["a", ""]),
    "one left empty": ({"x": " ", "y": "b"}, [" ", "b"]),
    "one left empty in a list": (["", "b"], ["", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BLANKS)
def test_blanks_are_filled_by_name_or_in_order(name):
    raw, expected = BLANKS[name]
    assert list(choice.read_blanks(raw, ["x", "y"]).values()) == expected


UNFILLED = {
    "no such blank": ({"z": "a"}, "there is no blank `z`: they are x, y"),
    "a long name": ({"z" * 100: "a"}, f"there is no blank `{'z' * 80}…`: they are x, y"),
    "too few": ("a", "2 answers are wanted (x, y), not 1"),
    "too many": ("a b c", "2 answers are wanted (x, y), not 3"),
    "too many in a list": (["a"] * 3, "2 answers are wanted (x, y), not 3"),
    "far too many": ("a " * 2**17, f"an answer may have {LONGEST} characters, not {2**18}"),
    "a list in a blank": ({"x": ["a"]}, 'one answer is wanted, not several (put a text that begins with a sign in "quotes")'),
    "a list in a list": ([["a"], "b"], 'one answer is wanted, not several (put a text that begins with a sign in "quotes")'),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFILLED)
def test_what_cannot_stand_in_the_blanks_is_told(name):
    raw, message = UNFILLED[name]
    with pytest.raises(UnreadableAnswer) as caught:
        choice.read_blanks(raw, ["x", "y"])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("ticked", "all_", "each", "halves"),
    [
        ("ab", 1, 1, 1), ("ba", 1, 1, 1), ("aab", 1, 1, 1), ("a", 0, 0.8, 0.5), ("abc", 0, 0.8, 0.5), ("ac", 0, 0.6, 0.25),
        ("abcd", 0, 0.6, 0.25), ("acd", 0, 0.4, 0), ("abcde", 0, 0.4, 0), ("cde", 0, 0, 0),
    ],
)  # fmt: skip
def test_of_five_options_ticks_earn(ticked, all_, each, halves):
    wrong = len(set(ticked) ^ set("ab"))
    for credit, earned in (("all", all_), ("each", each), ("halves", halves)):
        judgement = choice.judge(list(ticked), ["a", "b"], list("abcde"), credit)
        assert judgement.credit == pytest.approx(earned)
        assert judgement.message == (f"Wrongly ticked or left out: {wrong} of 5 options." if wrong else "")


@pytest.mark.parametrize(("count", "one", "two"), [(2, 0, 0), (3, 0.5, 0), (4, 0.5, 0), (5, 0.5, 0.25), (6, 0.5, 0.25)])
def test_halves_need_three_options_for_one_error_and_five_for_two(count, one, two):
    options = list("abcdef"[:count])
    assert choice.judge([], ["a"], options, "halves").credit == one
    assert choice.judge(["b"], ["a"], options, "halves").credit == two


def test_a_single_wrong_option_is_not_counted_in_decisions():
    assert choice.judge(["b"], ["a"], list("abc"), "all").message == "That is not right."
    assert choice.judge(["a", "b"], ["a"], list("abc"), "all").message == "Wrongly ticked or left out: 1 of 3 options."
