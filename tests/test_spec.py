"""A spec is read whole, and everything that is wrong with it is told at once, each with its line and path."""

import json
import re

import jsonschema
import pytest
import yaml

from grader.arguments import Load, Make
from grader.assignment import LARGEST_SPEC, find, load
from grader.errors import SpecError, UsageError
from grader.policy import Late, Policy, Resubmission
from grader.spec import json_schema
from grader.tolerances import Tolerance
from tests.conftest import NAIVE_EM, ROOT, write

GOOD = """\
name: work
submission: {file: work.py}
functions:
  f:
    points: 1
    returns: [y, z]
    tolerance:
      y: {decimals: 3}
    cases:
      - name: first
        args: {X: {load: data/x.txt}, k: 3}
        expect: {y: 1.5, z: [1, 2]}
"""


def spec_with(tmp_path, *changes):
    """Write the good spec with some of its text replaced, and a data file beside it."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return write(tmp_path, {"assignment.yaml": text, "data/x.txt": "1 2\n"})


def mistakes(folder):
    """Return the lines of the error as (line, path, message)."""
    with pytest.raises(SpecError) as caught:
        load(folder)
    pattern = re.compile(re.escape(str(folder / "assignment.yaml")) + r":(\d+): (\$\S*): (.*)")
    return [(int(m[1]), m[2], m[3]) for m in map(pattern.fullmatch, str(caught.value).splitlines())]


def test_a_good_spec_is_read(tmp_path):
    spec = load(spec_with(tmp_path)).spec
    assert spec.functions["f"].cases[0].args == {"X": Load(load="data/x.txt"), "k": 3}
    assert spec.functions["f"].tolerance == {"y": Tolerance(decimals=3)}
    assert (spec.limits.seconds, spec.scoring, spec.strict, spec.packages) == (5.0, "all_or_nothing", False, ["numpy"])


def test_what_late_costs_and_which_attempt_counts_is_read(tmp_path):
    told = (
        f"{DUE}late: {{per_day: 0.1, at_most: 0.5, grace_minutes: 15, days: 7}}\nattempts: {{most: 5, counts: best}}\n"
    )
    policy = Policy.of(load(spec_with(tmp_path, ("submission:", f"{told}submission:"))).spec)
    assert policy.late == Late(per_day=0.1, at_most=0.5, grace_minutes=15, days=7)
    assert policy.attempts == Resubmission(most=5, counts="best")
    assert policy.due.isoformat() == "2026-12-01T23:59:00+01:00"


def test_the_keywords_of_a_made_argument_are_kept(tmp_path):
    case = load(spec_with(tmp_path, ("k: 3", "k: {make: blobs, n: 4}"))).spec.functions["f"].cases[0]
    assert case.args["k"] == Make(make="blobs", n=4)


def test_anchors_and_merged_keys_are_plain_yaml(tmp_path):
    folder = spec_with(
        tmp_path,
        ("      - name: first\n        args:", "      - &first\n        name: first\n        args:"),
        ("z: [1, 2]}\n", "z: [1, 2]}\n      - {<<: *first, name: second}\n"),
    )
    first, second = load(folder).spec.functions["f"].cases
    assert second == first.model_copy(update={"name": "second"})


DUE = "due: 2026-12-01T23:59:00+01:00\n"
CASE, ARGS = "$.functions.f.cases[0]", "$.functions.f.cases[0].args"
BROKEN = {
    "an unknown key": (("name: work", "nam: work"), [
        (1, "$.name", "this key is required"), (1, "$.nam", "unknown key (did you mean 'name'?)")]),
    "an unknown key of a case": (("expect:", "expct:"), [(12, f"{CASE}.expct", "unknown key (did you mean 'expect'?)")]),
    "a number for a tolerance": (("y: {decimals: 3}", "y: 0.1"), [
        (8, "$.functions.f.tolerance.y", "must be a mapping, as {atol: 1.0e-6} (got 0.1)")]),
    "a property that says not over what": (("      - name: first", "      - {name: falls, property: {non_increasing: y}}\n      - name: first"), [
        (10, "$.functions.f.cases[0].property.over", "this key is required (`over: steps` judges it over the rounds of a run; "
         "of the entries of an array, write a check in checks.py)")]),
    "an unknown key of a tolerance": (("decimals: 3", "decimal: 3"), [
        (8, "$.functions.f.tolerance.y.decimal", "unknown key (did you mean 'decimals'?)")]),
    "an unknown key of a function": (("points:", "pionts:"), [
        (4, "$.functions.f.points", "this key is required"),
        (5, "$.functions.f.pionts", "unknown key (did you mean 'points'?)")]),
    "a key that stands twice": (("points: 1", "points: 1\n    points: 2"), [
        (6, "$.functions.f.points", "the key stands here twice")]),
    "a text for a number": (("points: 1", "points: one"), [
        (5, "$.functions.f.points", "must be a number (got 'one')")]),
    "a number that YAML reads as text": (("decimals: 3", "rtol: 1e-6"), [
        (8, "$.functions.f.tolerance.y.rtol",
         "must be a number (got the text '1e-6': YAML reads 1e-6 as text, write 1.0e-6)")]),
    "a number for a text": (("name: work", "name: 3"), [(1, "$.name", "must be a text (got 3)")]),
    "a truth for a number": (("points: 1", "points: yes"), [(5, "$.functions.f.points", "must be a number (got True)")]),
    "points below zero": (("points: 1", "points: -1"), [
        (5, "$.functions.f.points", "must be greater than or equal to 0 (got -1)")]),
    "points without end": (("points: 1", "points: .inf"), [
        (5, "$.functions.f.points", "must be a finite number (got inf)")]),
    "no returns": (("returns: [y, z]", "returns: []"), [(6, "$.functions.f.returns", "must not be empty")]),
    "a list for a mapping": (("{file: work.py}", "[work.py]"), [
        (2, "$.submission", "must be a mapping (got ['work.py'])")]),
    "a mapping for a list": (("[y, z]", "{y: z}"), [(6, "$.functions.f.returns", "must be a list (got {'y': 'z'})")]),
    "a file in a folder": (("file: work.py", "file: ../work.py"), [
        (2, "$.submission.file", "must be the name of a .py file, without a folder")]),
    "a name that is none": (("[y, z]", "[y, 2z]"), [(6, "$.functions.f.returns[1]", "must be a Python name")]),
    "a missing data file": (("data/x.txt", "data/y.txt"), [
        (11, f"{ARGS}.X", "there is no file data/y.txt in the assignment's folder")]),
    "a data file outside": (("data/x.txt", "../x.txt"), [
        (11, f"{ARGS}.X", "../x.txt is outside the assignment's folder")]),
    "a data file with an absolute path": (("data/x.txt", "/etc/x.txt"), [
        (11, f"{ARGS}.X", "/etc/x.txt is outside the assignment's folder")]),
    "a data file of another kind": (("data/x.txt", "data/x.pkl"), [
        (11, f"{ARGS}.X", "data/x.pkl: a data file must be one of .csv, .npy, .npz, .txt")]),
    "an array of a text file": (("load: data/x.txt", "load: data/x.txt, array: a"), [
        (11, f"{ARGS}.X", "`array` names an array of a .npz file, and every .npz file needs it")]),
    "an argument of no kind": (("k: 3", "k: {lod: x}"), [
        (11, f"{ARGS}.k", "must be a plain value, or have the key `load`, `make` or `array`")]),
    "an expected value that is made": (("y: 1.5", "y: {make: x}"), [
        (12, f"{CASE}.expect.y", "what is expected cannot be made: write it, or load it")]),
    "an expected value of nothing returned": (("expect: {y: 1.5,", "expect: {x: 1, y: 1.5,"), [
        (12, f"{CASE}.expect.x", "'x' is not one of the returns (y, z)")]),
    "a tolerance of nothing returned": (("      y: {dec", "      x: {dec"), [
        (8, "$.functions.f.tolerance.x", "'x' is not one of the returns (y, z)")]),
    "two kinds of tolerance": (("decimals: 3", "decimals: 3, rtol: 0.1"), [
        (8, "$.functions.f.tolerance.y", "give rtol and atol, or decimals, or digits, or percent: only one of the four")]),
    "two cases of one name": (("z: [1, 2]}", "z: [1, 2]}\n      - {name: first, expect: {y: 1, z: 2}}"), [
        (13, "$.functions.f.cases[1].name", "another case has the name 'first'")]),
    "only remarks": (("name: first", "name: first\n        remark: true"), [
        (9, "$.functions.f.cases", "every case is a remark, so nothing would earn the points")]),
    "neither reference nor expected value": (("y: 1.5, ", ""), [
        (10, CASE, "expects no y, and there is no reference to give it")]),
    "no such visibility": (("name: first", "name: first\n        visibility: secret"), [
        (11, f"{CASE}.visibility", "must be 'public' or 'hidden' (got 'secret')")]),
    "no time": (("submission:", "limits: {seconds: 0}\nsubmission:"), [
        (2, "$.limits.seconds", "must be greater than 0 (got 0)")]),
    "late, and never due": (("submission:", "late: {per_day: 0.1}\nsubmission:"), [
        (2, "$.late", "the spec does not say when it is `due`")]),
    "late at no cost": (("submission:", f"{DUE}late: {{grace_minutes: 15}}\nsubmission:"), [
        (3, "$.late", "say with `per_day` what share a day takes off, or with `days` when it counts nothing")]),
    "an unknown key of what is late": (("submission:", f"{DUE}late: {{perday: 0.1, days: 1}}\nsubmission:"), [
        (3, "$.late.perday", "unknown key (did you mean 'per_day'?)")]),
    "more than all for a day": (("submission:", f"{DUE}late: {{per_day: 10}}\nsubmission:"), [
        (3, "$.late.per_day", "must be less than or equal to 1 (got 10)")]),
    "a share that is no number": (("submission:", f"{DUE}late: {{per_day: .nan}}\nsubmission:"), [
        (3, "$.late.per_day", "must be a finite number (got nan)")]),
    "more than all at most": (("submission:", f"{DUE}late: {{days: 1, at_most: 1.5}}\nsubmission:"), [
        (3, "$.late.at_most", "must be less than or equal to 1 (got 1.5)")]),
    "a grace below zero": (("submission:", f"{DUE}late: {{days: 1, grace_minutes: -1}}\nsubmission:"), [
        (3, "$.late.grace_minutes", "must be greater than or equal to 0 (got -1)")]),
    "half a day": (("submission:", f"{DUE}late: {{days: 0.5}}\nsubmission:"), [
        (3, "$.late.days", "must be a whole number (got 0.5)")]),
    "no attempts": (("submission:", "attempts: {most: 0}\nsubmission:"), [
        (2, "$.attempts.most", "must be greater than or equal to 1 (got 0)")]),
    "attempts of another kind": (("submission:", "attempts: {counts: first}\nsubmission:"), [
        (2, "$.attempts.counts", "must be 'last' or 'best' (got 'first')")]),
    "a number of attempts": (("submission:", "attempts: 3\nsubmission:"), [
        (2, "$.attempts", "must be a mapping (got 3)")]),
    "an unknown key of attempts": (("submission:", "attempts: {count: best}\nsubmission:"), [
        (2, "$.attempts.count", "unknown key (did you mean 'counts'?)")]),
    "an anchor that contains itself": (("k: 3", "k: &k [*k]"), [(11, f"{ARGS}.k[0]", "an anchor that contains itself")]),
    "a date": (("k: 3", "k: 2020-01-01"), [(11, f"{ARGS}.k", "must be a number, a text, true, false, null or a list of "
                                            "these, not datetime.date(2020, 1, 1)")]),
    "a tag that does not fit": (("k: 3", "k: !!timestamp x"), [
        (11, f"{ARGS}.k", "'NoneType' object has no attribute 'groupdict'")]),
    "a Python object": (("k: 3", "k: !!python/object/apply:os.getcwd []"), [
        (11, f"{ARGS}.k", "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.getcwd'")]),
    "an undefined alias": (("k: 3", "k: *k"), [(11, "$", "found undefined alias")]),
    "a bracket left open": (("k: 3}", "k: 3"), [(12, "$", "while parsing a flow mapping; did not find expected ',' or '}'")]),
    "a tab": (("  f:", "\tf:"), [(4, "$", "while scanning for the next token; found character that cannot start any token")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_spec_is_refused_with(name, tmp_path):
    change, expected = BROKEN[name]
    assert mistakes(spec_with(tmp_path, change)) == expected


def test_all_mistakes_are_told_at_once(tmp_path):
    folder = spec_with(tmp_path, ("name: work", "nam: 3"), ("points: 1", "points: x"), ("data/x.txt", "data/y.txt"))
    assert [line for line, _, _ in mistakes(folder)] == [1, 1, 5, 11]


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 1, "must be a mapping (got None)"),
        (b"- a", 1, "must be a mapping (got ['a'])"),
        (b"name: x\ntitle: \xff\n", 2, "not UTF-8 (byte 0xff)"),
        (b"x" * (LARGEST_SPEC + 1), 1, "a spec may have 1 MiB, not 1.0"),
        (b"&a [" * 500, 1, None),
        (b"[" * 20000, 1, None),
        (b"[" * 500_000, 1, None),
    ],
    ids=["empty", "a list", "not UTF-8", "too large", "anchors", "deep", "deeper"],
)
def test_a_file_that_is_no_spec_is_refused(data, line, message, tmp_path):
    (found,) = mistakes(write(tmp_path, {"assignment.yaml": data}))
    assert found[:2] == (line, "$")
    assert message is None or found[2] == message


def test_anchors_that_multiply_are_refused(tmp_path):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "more than 10000 values" in mistakes(write(tmp_path, {"assignment.yaml": bomb}))[0][2]


def test_a_link_out_of_the_assignment_is_no_data_file(tmp_path):
    folder = spec_with(tmp_path / "a")
    (folder / "data/x.txt").unlink()
    write(tmp_path, {"x.txt": "1"})
    (folder / "data/x.txt").symlink_to(tmp_path / "x.txt")
    assert mistakes(folder) == [(11, f"{ARGS}.X", "data/x.txt is outside the assignment's folder")]


def test_an_assignment_is_found_by_its_name(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert find("naive_em") == find("assignments/naive_em")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("naive_me", "naive_me: no such assignment (did you mean 'naive_em'?)"),
        (
            "qqq",
            f"qqq: no such assignment (known: {', '.join(sorted(p.parent.name for p in NAIVE_EM.parent.glob('*/*.yaml')))})",
        ),
        ("tests", "tests: no assignment.yaml in this folder"),
    ],
)
def test_an_assignment_that_is_not_there_gets_one_line(name, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UsageError) as caught:
        find(name)
    assert str(caught.value) == message


def test_the_schema_for_editors_is_that_of_the_code():
    """Export it anew: python -c "import json, grader.spec as s; print(json.dumps(s.json_schema(), indent=2))"."""
    assert json.loads((ROOT / "docs/assignment.schema.json").read_text()) == json_schema()


def test_the_schema_accepts_what_is_right_and_rejects_what_is_not():
    validator = jsonschema.Draft202012Validator(json_schema())
    spec = yaml.safe_load((NAIVE_EM / "assignment.yaml").read_text())
    for path in NAIVE_EM.parent.glob("*/assignment.yaml"):
        assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == [], path
    assert not validator.is_valid({**spec, "nam": "x"})
    assert not validator.is_valid({**spec, "questions": {"q": {"kind": "number", "points": 1}}})
    assert not validator.is_valid({**spec, "functions": {"f": {"points": "one", "returns": ["y"], "cases": []}}})
