"""Tables of slips and of accepted variants are data, and what is wrong in one is told by its entry and key."""

import pytest

from grader import assignment, prepare, slips
from grader.errors import FaultError, SpecError
from grader.model import Returned
from tests.conftest import write
from tests.test_cli import WRONG, grader

HOMES = {"slips": "SLIPS", "accepted": "ACCEPTED"}
FUNCTIONS = "def double(x, *, factor=2):\n    return factor * x\n\n"
ENTRY = {"id": "not_doubled", "function": "double", "change": {"factor": 1}, "what": "It is not doubled."}
GOOD = f"{FUNCTIONS}SLIPS = [{ENTRY}]\n"


def table(home, *entries):
    """Return a module of variants with these entries."""
    return f"{FUNCTIONS}{HOMES[home]} = {[*entries]!r}\n"


def without(key):
    return {name: value for name, value in ENTRY.items() if name != key}


def read(folder, **modules):
    """Return the variants of the small assignment with these modules."""
    write(folder, {f"{home}.py": text for home, text in modules.items()})
    return prepare.prepare(assignment.load(folder)).slips


def test_an_assignment_without_tables_has_no_variants(small):
    assert read(small) == ()


def test_both_tables_are_read_in_their_order(small):
    thrice = {**ENTRY, "id": "thrice", "look": "What is twice x?"}
    found = read(small, slips=table("slips", ENTRY, thrice), accepted=table("accepted", ENTRY))
    assert [(slip.home, slip.id, slip.look) for slip in found] == [
        ("slips", "not_doubled", ""), ("slips", "thrice", "What is twice x?"), ("accepted", "not_doubled", ""),
    ]  # fmt: skip
    assert (found[0].function, found[0].change, found[0].what) == ("double", {"factor": 1}, "It is not doubled.")


def test_a_change_is_a_number_a_text_a_truth_or_none(small):
    changes = [{"factor": value} for value in (1, -0.5, "1/2", True, False, None)]
    entries = [{**ENTRY, "id": f"slip_{n}", "change": change} for n, change in enumerate(changes)]
    assert [slip.change for slip in read(small, slips=table("slips", *entries))] == changes


def test_a_table_that_was_mended_is_read_again(small):
    with pytest.raises(SpecError):
        read(small, slips=table("slips", without("what")))
    assert [slip.what for slip in read(small, slips=GOOD)] == ["It is not doubled."]
    assert [slip.what for slip in read(small, slips=GOOD.replace("doubled.", "twice as large."))] == [
        "It is not twice as large."
    ]


# the entries; the entry and key that are told, and what is wrong there
WRONG_ENTRIES = {
    "no mapping": ([3], "[0]: ", "valid dictionary"),
    "a list": ([["id"]], "[0]: ", "valid dictionary"),
    "no id": ([without("id")], "[0].id: ", "required"),
    "no function": ([without("function")], "[0].function: ", "required"),
    "no change": ([without("change")], "[0].change: ", "required"),
    "no words": ([without("what")], "[0].what: ", "required"),
    "an empty change": ([{**ENTRY, "change": {}}], "[0].change: ", "at least 1 item"),
    "a change that is none": ([{**ENTRY, "change": "factor"}], "[0].change: ", "valid dictionary"),
    "a change to a list": (
        [{**ENTRY, "change": {"factor": [1]}}], "[0].change.factor: ", "must be a number, a text, True, False or None"),
    "a change of no keyword": ([{**ENTRY, "change": {"a factor": 1}}], "[0].change.a factor", "must be a Python name"),
    "empty words": ([{**ENTRY, "what": ""}], "[0].what: ", "at least 1 character"),
    "words that are none": ([{**ENTRY, "what": 3}], "[0].what: ", "valid string"),
    "an id that is no name": ([{**ENTRY, "id": "not doubled"}], "[0].id: ", "must be a Python name"),
    "an unknown key": ([{**ENTRY, "waht": "It."}], "[0].waht: ", "not permitted"),
    "a function that is misspelt": (
        [{**ENTRY, "function": "duoble"}], "[0]: ", "no function 'duoble' is graded (did you mean 'double'?)"),
    "a function that nothing is like": (
        [{**ENTRY, "function": "run"}], "[0]: ", "no function 'run' is graded (known: double, pair)"),
    "an id twice": ([ENTRY, {**ENTRY, "id": "b"}, ENTRY], "[2]: ", "another one has the id 'not_doubled'"),
    "wrong in the second": ([ENTRY, {**without("what"), "id": "b"}], "[1].what: ", "required"),
}  # fmt: skip


class Shelf:
    """A course whose tables hold these entries, without a worker to read them in."""

    def __init__(self, folder, entries):
        self.assignment, self.entries = assignment.load(folder), entries

    def call(self, *_arguments, **_more):
        return Returned(self.entries)


def tells(told, folder, home, name):
    _, where, what = WRONG_ENTRIES[name]
    return told.startswith(f"{folder / home}.py: {HOMES[home]}{where}") and what in told and "\n" not in told


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", WRONG_ENTRIES)
def test_a_wrong_entry_is_told_with_its_file_number_and_key(small, name, home):
    write(small, {f"{home}.py": ""})
    with pytest.raises(SpecError) as caught:
        slips.read(Shelf(small, WRONG_ENTRIES[name][0]))
    assert tells(str(caught.value), small, home, name)


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("name", ["no mapping", "a change to a list", "an id twice"])
def test_a_wrong_entry_is_told_before_anybody_is_graded(small, name, home):
    with pytest.raises(SpecError) as caught:
        read(small, **{home: table(home, *WRONG_ENTRIES[name][0])})
    assert tells(str(caught.value), small, home, name)


NO_TABLES = {
    "nothing": "", "another name": "SLIP = []", "a tuple": "{0} = ()", "a dict": "{0} = {{}}", "a text": "{0} = 'none'",
    "None": "{0} = None", "what does not cross": "{0} = object()", "a function": "def {0}(): return 3",
}  # fmt: skip


@pytest.mark.parametrize(("name", "home"), [*((name, "slips") for name in NO_TABLES), ("nothing", "accepted")])
def test_what_is_no_list_is_told(small, name, home):
    with pytest.raises(SpecError) as caught:
        read(small, **{home: NO_TABLES[name].format(HOMES[home])})
    assert str(caught.value) == f"{small / home}.py: it must have a list named {HOMES[home]}"


BROKEN = {
    "raises": ("import math\n\nmath.sqrt(-1)\n", "raised ValueError: math domain error", "line 3"),
    "is no Python": ("SLIPS = [\n", "raised SyntaxError: '[' was never closed", "line 1"),
    "imports what is not there": ("import nothing_of_this_name\n", "raised ModuleNotFoundError: No module", "line 1"),
    "exits": ("import sys\nsys.exit(3)\n", "raised SystemExit: 3", "line 2"),
    "ends its process": ("import os\nos._exit(3)\n", "ended its process", "exit status 3"),
}


@pytest.mark.parametrize(("name", "home"), [*((name, "slips") for name in BROKEN), ("raises", "accepted")])
def test_a_module_that_cannot_be_imported_is_a_fault_and_nobodys_loss(small, name, home):
    text, what, where = BROKEN[name]
    with pytest.raises(FaultError) as caught:
        read(small, **{home: text})
    assert str(caught.value).startswith(f"{small / home}.py {what}")
    assert where in str(caught.value)


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["grade", "small", "class"], ["validate", "small"]], ids=["grade", "validate"])
@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (GOOD.replace("'double'", "'duoble'"), 2,
         "small/slips.py: SLIPS[0]: no function 'duoble' is graded (did you mean 'double'?)"),
        (GOOD.replace("SLIPS", "SLIPPERS"), 2, "small/slips.py: it must have a list named SLIPS"),
        (f"{GOOD}1 / 0\n", 3, "slips.py raised ZeroDivisionError: division by zero"),
    ],
    ids=["a wrong entry", "no table", "a module that raises"],
)  # fmt: skip
def test_a_wrong_table_ends_the_command_with_one_line(small, tmp_path, command, text, status, told):
    write(tmp_path, {"small/slips.py": text, "class/bob/work.py": WRONG})
    done = grader(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


def test_a_good_table_names_the_mistake(small, tmp_path):
    write(tmp_path, {"small/slips.py": GOOD, "class/bob/work.py": WRONG})
    done = grader("grade", "small", "class/bob", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "It is not doubled." in done.stdout
