"""Arguments and wanted values come from the instructor's code, once; what is wrong with that code is not a student's fault."""

import re

import numpy as np
import pytest
import yaml

from grader import assignment, cache, prepare
from grader.errors import FaultError, SpecError
from grader.sandbox import protocol
from tests.conftest import SOLUTION, SPEC, write


def plan(folder):
    return prepare.prepare(assignment.load(folder))


def arguments(call):
    header, _ = protocol.lengths(call.frame[: protocol.PREFIX])
    end = protocol.PREFIX + header
    return protocol.unpack(call.frame[protocol.PREFIX : end], bytearray(call.frame[end:]))["call"]["args"]


def test_cases_have_arguments_and_the_references_values(small):
    calls = plan(small).calls
    assert [call.name for call in calls["double"]] == ["three", "an array"]
    assert (arguments(calls["double"][0]), calls["double"][0].want) == ([3], 6)
    np.testing.assert_array_equal(calls["double"][1].want, 2 * arguments(calls["double"][1])[0])
    assert calls["pair"][0].want == (1, 3)


def test_random_arguments_are_the_same_every_time_and_differ_between_repetitions(small):
    write(small, {"assignment.yaml": SPEC.replace("{name: an array,", "{name: an array, repeat: 2,")})
    first, second = (arguments(call)[0] for call in plan(small).calls["double"][1:])
    assert not np.allclose(first, second)
    cache._file(small, "made").unlink()
    np.testing.assert_array_equal(arguments(plan(small).calls["double"][1])[0], first)


def test_what_is_expected_replaces_what_the_reference_says(small):
    write(small, {"assignment.yaml": SPEC.replace("args: {x: 3}}", "args: {x: 3}, expect: {y: 7}}").replace(
        "{xs: [3, 1, 2]}}", "{xs: [3, 1, 2]}, expect: {high: [4, 5]}}")})  # fmt: skip
    calls = plan(small).calls
    assert calls["double"][0].want == 7
    low, high = calls["pair"][0].want
    assert (low, high.tolist()) == (1, [4, 5])


def test_data_files_are_read(small):
    np.save(small / "a.npy", np.arange(3))
    np.savez(small / "b.npz", first=np.arange(2), other=np.zeros(1))
    write(small, {"c.csv": "1,2\n3,4\n", "d.txt": "1 2\n"})
    loads = ["a.npy", "b.npz, array: first", "c.csv", "d.txt"]
    cases = "".join(f"\n      - {{name: file {n}, args: {{x: {{load: {load}}}}}}}" for n, load in enumerate(loads))
    write(small, {"assignment.yaml": SPEC.replace("\n  pair:", f"{cases}\n  pair:")})
    got = [arguments(call)[0].tolist() for call in plan(small).calls["double"][2:]]
    assert got == [[0, 1, 2], [0, 1], [[1, 2], [3, 4]], [1, 2]]


def test_a_file_of_objects_is_refused_and_not_unpickled(small):
    np.save(small / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    write(small, {"assignment.yaml": SPEC.replace("{x: 3}", "{x: {load: a.npy}}")})
    with pytest.raises(SpecError, match=r"args\.x: a\.npy cannot be read: Object arrays cannot be loaded"):
        plan(small)


WRONG_SPECS = {
    "a function that inputs.py lacks": (
        {"assignment.yaml": SPEC.replace("make: numbers", "make: nubmers")},
        ":12: $.functions.double.cases[1].args.x.make: inputs.py has no function 'nubmers' (did you mean 'numbers'?)"),
    "an argument that it does not take": (
        {"assignment.yaml": SPEC.replace("n: 4", "m: 4")},
        ":12: $.functions.double.cases[1].args.x: numbers(rng, n) in inputs.py does not take these arguments"),
    "a reference that is not there": (
        {"assignment.yaml": SPEC.replace("reference: solution", "reference: solutoin")},
        ":3: $.reference: there is no module 'solutoin' to import"),
    "a function that the reference lacks": (
        {"assignment.yaml": SPEC.replace("pair:", "pear:")},
        ":13: $.functions.pear: the reference has no function 'pear' (did you mean 'pair'?)"),
    "an expected part that the reference does not return": (
        {"assignment.yaml": SPEC.replace("{x: 3}", "{x: 3}, expect: {y.z: 1}")},
        ":11: $.functions.double.cases[0].expect.y.z: the reference's double returns no y.z"),
    "a package that is not installed": (
        {"assignment.yaml": SPEC + "packages: [numpy, no_such_package]\n"},
        ":18: $.packages[1]: there is no package 'no_such_package' on this machine: install it"),
    "a reference that returns nothing": (
        {"solution.py": "def double(x): pass"}, ":9: $.functions.double.returns: the reference's double returns None, not y"),
    "a reference that returns too little": (
        {"solution.py": SOLUTION.replace("min(xs), max(xs)", "(1,)")},
        ":15: $.functions.pair.returns: the reference's pair returns a tuple, not low, high"),
    "a reference that returns NaN": (
        {"solution.py": SOLUTION.replace("2 * x", "x * float('nan')")},
        ":11: $.functions.double.cases[0]: the wanted value of y does not equal itself: is it NaN (see `nan_equal`)?"),
    "a reference that returns what does not cross": (
        {"solution.py": SOLUTION.replace("2 * x", "(n for n in [x])")},
        ":11: $.functions.double.cases[0]: the wanted value of y is a generator, which cannot be compared"),
    "arguments that are too large together": (
        {"inputs.py": "import numpy as np\ndef numbers(n): return np.zeros(5 * 2**20)",
         "solution.py": SOLUTION.replace("double(x)", "double(x, y=0)"),
         "assignment.yaml": SPEC.replace("n: 4}}", "n: 4}, y: {make: numbers, n: 4}}")},
        ":12: $.functions.double.cases[1]: the arguments cannot be sent: more than 64 MiB"),
    "an axis that is not there": (
        {"assignment.yaml": SPEC.replace("{name: an array,", "{name: an array, permute: {y: 3},")},
        ":12: $.functions.double.cases[1]: "),
    "a file that is not numbers": (
        {"assignment.yaml": SPEC.replace("{x: 3}", "{x: {load: words.txt}}"), "words.txt": "one two"},
        ":11: $.functions.double.cases[0].args.x: words.txt cannot be read: could not convert string 'one' to float64"),
    "an array of words": (
        {"assignment.yaml": SPEC.replace("{x: 3}", "{x: {array: [one]}}")},
        ":11: $.functions.double.cases[0].args.x: an array must hold numbers"),
    "a ragged array": (
        {"assignment.yaml": SPEC.replace("{x: 3}", "{x: {array: [[1], [1, 2]]}}")},
        ":11: $.functions.double.cases[0].args.x: the rows of an array must have one length"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_SPECS)
def test_the_spec_is_wrong_with(name, small):
    files, message = WRONG_SPECS[name]
    with pytest.raises(SpecError) as caught:
        plan(write(small, files))
    assert str(caught.value).startswith(f"{small / 'assignment.yaml'}{message}")


def sor(folder, *cases):
    """Write an assignment whose reference takes several arguments."""
    listed = "".join(f"\n      - {{name: case {n}, {case}}}" for n, case in enumerate(cases))
    spec = (
        SPEC.partition("functions:")[0] + f"functions:\n  sor:\n    points: 1\n    returns: [x]\n    cases:{listed}\n"
    )
    reference = "def sor(A, b, x0, omega=1.0, steps=9):\n    return A * x0 + b\n"
    return write(folder, {"assignment.yaml": spec, "solution.py": reference, "checks.py": "def finite(x): pass\n"})


ANOTHER_ORDER = {
    "two": "args: {A: 2, x0: 3, b: 1}",
    "two around one of another name": "args: {A: 2, x0: 3, start: 5, b: 1}",
    "two that are optional": "args: {A: 2, b: 1, x0: 3, steps: 5, omega: 1}",
    "the wanted value stated": "args: {A: 2, x0: 3, b: 1}, expect: {x: 5}",
    "a property": "args: {A: 2, x0: 3, b: 1}, property: {check: finite}",
    "a reference that would raise": "args: {A: {array: [1, 2]}, x0: 1, b: {array: [1, 2, 3]}}",
}


@pytest.mark.parametrize("name", ANOTHER_ORDER)
def test_parameters_of_the_reference_in_another_order_are_a_mistake(name, tmp_path):
    """Values go by position, so students would read each under the name of another."""
    case = ANOTHER_ORDER[name]
    order = ", ".join(yaml.safe_load(f"{{{case}}}")["args"])
    with pytest.raises(SpecError) as caught:
        plan(sor(tmp_path, case))
    assert str(caught.value) == (
        f"{tmp_path / 'assignment.yaml'}:11: $.functions.sor.cases[0].args: these go by position, and stand in the order "
        f"{order}; the reference takes sor(A, b, x0, omega, steps)"
    )


def test_every_case_whose_order_is_another_is_told(tmp_path):
    with pytest.raises(SpecError) as caught:
        plan(sor(tmp_path, ANOTHER_ORDER["two"], "args: {A: 2, b: 1, x0: 3}", ANOTHER_ORDER["a property"]))
    assert re.findall(r":(\d+): \$\.functions\.sor\.(\S+): these go", str(caught.value)) == [
        ("11", "cases[0].args"), ("13", "cases[2].args")]  # fmt: skip


IN_ORDER = {
    "other names": ("args: {matrix: 2, rhs: 1, start: 3}", 7),
    "other names in the places of some": ("args: {A: 2, start: 1, x0: 3}", 7),
    "some left out": ("args: {A: 2, b: 1, x0: 3, steps: 5}", 7),
    "the wanted value stated": ("args: {A: 2, b: 1, x0: 3}, expect: {x: 5}", 5),
}


@pytest.mark.parametrize("name", IN_ORDER)
def test_arguments_in_order_go_by_position(name, tmp_path):
    case, want = IN_ORDER[name]
    assert plan(sor(tmp_path, case)).calls["sor"][0].want == want


TAKES_ANYTHING = ["def sor(*args):\n    return 7\n", "sor = max\n"]


@pytest.mark.parametrize("reference", TAKES_ANYTHING)
def test_a_reference_whose_parameters_have_no_names_takes_any_order(reference, tmp_path):
    write(sor(tmp_path, "args: {A: 2, x0: 7, b: 1}"), {"solution.py": reference})
    assert plan(tmp_path).calls["sor"][0].want == 7


@pytest.mark.parametrize(
    ("reference", "source"),
    [("solution", "def other(): pass\n"), ("solution", "import nowhere_at_all\n"), ("nowhere_at_all", "")],
    ids=["it lacks the function", "it does not load", "it is not there"],
)
def test_what_is_stated_in_full_needs_no_reference(reference, source, tmp_path):
    sor(tmp_path, ANOTHER_ORDER["the wanted value stated"])
    spec = (tmp_path / "assignment.yaml").read_text().replace("reference: solution", f"reference: {reference}")
    write(tmp_path, {"assignment.yaml": spec, "solution.py": source})
    assert plan(tmp_path).calls["sor"][0].want == 5


def test_an_order_that_could_not_be_seen_is_looked_at_the_next_time(tmp_path, monkeypatch):
    sor(tmp_path, ANOTHER_ORDER["the wanted value stated"])
    write(tmp_path, {"solution.py": "import set_up_later\n" + (tmp_path / "solution.py").read_text()})
    assert plan(tmp_path).calls["sor"][0].want == 5
    write(tmp_path.parent / "later", {"set_up_later.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path.parent / "later"))
    with pytest.raises(SpecError, match="these go by position"):
        plan(tmp_path)


def as_before(folder):
    """Leave in the cache what a grader left that did not look at the order."""
    loaded = assignment.load(folder)
    made = cache.load(folder, "made", cache.key(loaded))
    cache.keep(folder, "made", cache.key(loaded), {key: made[key] for key in ("calls", "slips")})


def test_what_was_made_before_the_order_was_looked_at_is_not_made_again(small, monkeypatch):
    first = plan(small)
    as_before(small)
    monkeypatch.setattr(prepare, "Instructor", None)  # using it would fail
    assert plan(small).calls["pair"] == first.calls["pair"]
    monkeypatch.setattr(prepare, "Course", None)
    assert plan(small).calls["pair"] == first.calls["pair"]


def test_what_was_made_before_hides_no_other_order(tmp_path, monkeypatch):
    sor(tmp_path, ANOTHER_ORDER["two"])
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "_look_at_orders", lambda _: True)
        plan(tmp_path)
    as_before(tmp_path)
    with pytest.raises(SpecError, match="these go by position"):
        plan(tmp_path)


def test_making_without_inputs_is_told(small):
    (small / "inputs.py").unlink()
    with pytest.raises(SpecError, match=r"args\.x: `make` needs an inputs\.py in the assignment's folder"):
        plan(small)


FAULTS = {
    "a reference that raises": (
        {"solution.py": "def double(x):\n    return x / 0\n"},
        "the reference's double, called as in $.functions.double.cases[0], raised ZeroDivisionError: division by zero ("),
    "a reference that does not load": (
        {"solution.py": "1 / 0"}, "the reference solution raised ZeroDivisionError: division by zero ("),
    "a reference that imports what is not there": (
        {"solution.py": "import nowhere_at_all"}, "the reference solution raised ModuleNotFoundError: No module named"),
    "a reference that ends its process": (
        {"solution.py": "import os\ndef double(x): os._exit(3)"},
        "the reference's double, called as in $.functions.double.cases[0], ended its process: it ended the process"),
    "a reference that takes other arguments": (
        {"solution.py": "def double(): pass"},
        "the reference's double, called as in $.functions.double.cases[0], takes (), not the arguments of the case"),
    "inputs that raise": (
        {"inputs.py": "def numbers(n): raise OSError('full')"}, "inputs.py: numbers raised OSError: full ("),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_our_fault_with(name, small):
    files, message = FAULTS[name]
    with pytest.raises(FaultError) as caught:
        plan(write(small, files))
    assert str(caught.value).startswith(message)


def test_the_instructors_code_runs_once_for_all(small, monkeypatch):
    first = plan(small)
    monkeypatch.setattr(prepare, "Instructor", None)  # using it would fail
    assert plan(small).calls["pair"] == first.calls["pair"]


@pytest.mark.parametrize(
    "change",
    [
        {"solution.py": "def double(x): return 3 * x\ndef pair(xs): return min(xs), max(xs)\n"},
        {"inputs.py": "def numbers(n): return n"},
        {"given/common.py": ""},
        {"data/x.txt": "1"},
        {"assignment.yaml": SPEC + "\n# a note"},
        {"solution/core.py": ""},
        {"numbers.txt": "1"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_it_runs_again_when_what_it_came_from_changes(change, small):
    before = cache.key(assignment.load(small))
    assert cache.key(assignment.load(small)) == before
    assert cache.key(assignment.load(write(small, change))) != before


@pytest.mark.parametrize("change", [{"samples/alice/work.py": ""}, {"README.md": "x"}, {"starter/work.py": ""}])
def test_it_does_not_run_again_for_what_it_did_not_come_from(change, small):
    before = cache.key(assignment.load(small))
    assert cache.key(assignment.load(write(small, change))) == before


@pytest.mark.parametrize("damage", [b"", b"\0" * 7, b"\0" * 40, b"\xff" * 40])
def test_a_damaged_cache_is_as_good_as_none(damage, small):
    want = plan(small).calls["pair"]
    cache._file(small, "made").write_bytes(damage)
    assert plan(small).calls["pair"] == want


def test_an_unwritable_cache_is_no_error(small, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert plan(small).calls["pair"][0].want == (1, 3)


def test_without_a_reference_all_comes_from_the_spec(tmp_path):
    text = """
        name: plain
        submission: {file: work.py}
        functions:
          f:
            points: 1
            returns: [a, b]
            cases: [{name: one, args: {x: 1}, expect: {a: 1, b: [1.5, 2]}}]
        """
    a, b = plan(write(tmp_path, {"assignment.yaml": text})).calls["f"][0].want
    assert (a, b.tolist()) == (1, [1.5, 2])


def test_public_cases_alone_leave_out_functions_that_have_none(small):
    write(small, {"assignment.yaml": SPEC.replace("{name: of a list,", "{name: of a list, visibility: hidden,")})
    calls = plan(small).public().calls
    assert {name: [call.name for call in calls[name]] for name in calls} == {"double": ["three"]}
