"""A student's bundle: the same calls, messages and diagnoses as with the whole assignment, and none of what is hidden."""

import contextlib
import zlib
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from grader import assignment, bundle, cache, engine, packing, submission
from grader.errors import UsageError
from grader.prepare import prepare
from grader.report import json
from grader.sandbox import protocol
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.values import Opaque
from grader.variants import Variants
from tests.conftest import INPUTS, NAIVE_EM, ROOT, SOLUTION, SPEC, write

SHIPPED = sorted(path.parent for path in (ROOT / "assignments").glob("*/assignment.yaml"))
SAMPLES = [
    "right_loops", "right_vectorised", "wrong_shapes", "wrong_stops_early", "wrong_variance_not_by_d", "wrong_axis",
    "wrong_not_written", "wrong_old_means", "wrong_old_signature", "wrong_not_normalised",
]  # fmt: skip
WHOLE = SPEC + """
  total:
    points: 1
    returns: [y]
    calls: [double]
    cases:
      - {name: with its own parts, args: {x: 4}}
      - {name: with right parts, args: {x: 5}, using: reference}
      - {name: judged by the course, args: {x: 6}, property: {check: positive}}
      - {name: as fast as the reference, args: {x: 7}, property: {at_most_times: 9}}
      - {name: what is wanted stays secret, args: {x: {array: [1.0, 2.0, 3.0]}}, reveal: diagnosis}
      - {name: nothing is below zero, property: {at_least: 0, of: y}}
  hidden:
    points: 5
    returns: [y]
    cases:
      - {name: of no one's knowledge, args: {x: 8}, visibility: hidden}
"""  # fmt: skip
ALL = SOLUTION + "\ndef total(x):\n    return double(x) + 1\n\ndef hidden(x):\n    return x\n"
SLIPS = """
def total(x, plus=1, times=2):
    return times * x + plus

def hidden(x, sign=1):
    return sign * x

SLIPS = [
    {"id": "sign", "function": "hidden", "change": {"sign": -1}, "what": "Nobody shall know of this."},
    {"id": "no_plus", "function": "total", "change": {"plus": 0}, "what": "One is not added.", "look": "What is left?"},
    {"id": "thrice", "function": "total", "change": {"times": 3}, "what": "It is thrice as much."},
    {"id": "no_double", "function": "total", "change": {"times": 1}, "what": "It is not twice as much."},
]
"""


@pytest.fixture
def whole(tmp_path):
    """An assignment with cases of every kind."""
    files = {"assignment.yaml": WHOLE, "inputs.py": INPUTS, "solution.py": ALL, "slips.py": SLIPS, "checks.py": ""}
    return write(tmp_path / "whole", {**files, "checks.py": "def positive(y):\n    return bool(y > 0)\n"})


def packed(folder):
    """Write an assignment's bundle beside it, and return its path."""
    plan = prepare(assignment.load(folder))
    with contextlib.closing(Variants(plan)) as variants:
        files = {**plan.given, ".grader": packing.pack(plan, variants, {})}
        return plan, write(folder.parent / "bundle", files) / ".grader"


@pytest.fixture(scope="module")
def check():
    """Check code by variants, and return the result."""
    with contextlib.ExitStack() as stack:
        servers = {}

        def checked(variants, code=None, *, path=None):
            spec = variants.plan.assignment.spec
            if spec.limits not in servers:
                server = ForkServer(Zygote(), spec.limits, spec.packages, functions=4)
                servers[spec.limits] = stack.enter_context(server)
            folder = path or write(variants.plan.assignment.folder.parent / "mine", {"work.py": code})
            handed = submission.collect([folder], spec.submission)
            (result,) = engine.grade_by(variants, handed, [servers[spec.limits]])
            return result

        yield checked


def as_data(call):
    """Return a call as data that can be compared."""
    return protocol.pack([call.name, dict(call.args), call.seed, call.want, call.remark, call.derived, call.frame])


# --- what goes out ---


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_the_public_calls_of_every_shipped_assignment_come_out_as_they_went_in(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "MOST_TOGETHER", 0)  # which takes no part in it
    plan = prepare(assignment.load(folder))
    with contextlib.closing(Variants(plan)) as variants:
        path = write(tmp_path, {**plan.given, ".grader": packing.pack(plan, variants, {})}) / ".grader"
    public, came = packing.public(plan), bundle.read(path).plan
    assert came.calls.keys() == public.calls.keys()
    for name, calls in public.calls.items():
        assert [as_data(call) for call in came.calls[name]] == [as_data(call) for call in calls]
        assert [(c.key, c.rules, c.holds, c.reveal) for c in came.calls[name]] == [
            (c.key, c.rules, c.holds, c.reveal) for c in calls
        ]
    assert came.max_score == public.max_score
    assert came.given == public.given
    assert [slip.id for slip in came.slips] == [slip.id for slip in plan.slips]


def test_what_takes_the_course_itself_to_judge_is_counted_and_graded_later(whole):
    _, path = packed(whole)
    plan = bundle.read(path).plan
    names = [call.name for call in plan.calls["total"]]
    assert names == [
        "with its own parts", "what is wanted stays secret (only types and shapes)", "nothing is below zero",
    ]  # fmt: skip
    assert "hidden" not in plan.calls
    assert {slip.function for slip in plan.slips} == {"total"}
    assert plan.later == 5  # an array, right parts, the course's, the reference's time, and of no one's knowledge
    assert plan.max_score == 4


def test_of_a_case_with_a_secret_only_types_and_shapes_are_looked_at(whole, check):
    _, path = packed(whole)
    variants = bundle.read(path)
    (veiled,) = [call for call in variants.plan.calls["total"] if call.rules.shapes_only]
    assert veiled.want.tolist() == [0, 0, 0]
    wrong = ALL.replace("double(x) + 1", "double(x) + 1 if type(x) is int else 9 * x")
    assert cases(check(variants, wrong), "total") == {"with its own parts": "passed", veiled.name: "passed", **LAST}
    flat = ALL.replace("double(x) + 1", "double(x) + 1 if type(x) is int else 0.5")
    assert cases(check(variants, flat), "total")[veiled.name] == "failed"


LAST = {"nothing is below zero": "passed"}


def cases(result, name):
    (item,) = [item for item in result.items if item.name == name]
    return {case.name: case.status for case in item.cases}


QUESTIONS = """
name: asked
submission: {answers: answers.yaml}
due: 2020-01-01T00:00:00+00:00
questions:
  number: {kind: number, points: 1, answer: -24.5, visibility: public, explanation: It falls., explain: due}
  several: {kind: number, points: 1, answer: [31.25, "[7, 8]"], rounded: true, decimals: 2, close: {atol: 9.5}}
  formula: {kind: formula, points: 1, answer: ln(xi)/n + 77, variables: {xi: [0.125, 9.75]}, constants: {n: 2}, forbid: [sqrt], require: [ln]}
  one: {kind: choice, points: 1, options: [it rises, it falls, neither of them], answer: it falls, shuffle: 3}
  ticks: {kind: choice, points: 1, options: [a, b, c], answer: [b, c], credit: each}
  blanks: {kind: choice, points: 1, options: [u, v], blanks: {x0: v, x1: u}}
  prose: {kind: text, points: 2, rubric: [{points: 2, text: names the bound}]}
"""
ANSWERS = "number: 3\nseveral: 7.123\nformula: xi*sqrt(n)\none: a\nticks: [a]\nblanks: {x0: u, x1: u}\nprose: so\n"


def test_answers_are_read_and_not_judged(tmp_path):
    _, path = packed(write(tmp_path / "asked", {"assignment.yaml": QUESTIONS}))
    variants = bundle.read(path)
    write(tmp_path / "mine", {"answers.yaml": ANSWERS})
    handed = submission.collect([tmp_path / "mine"], variants.plan.assignment.spec.submission)
    (result,) = engine.grade_by(variants, handed, [])
    assert {item.name: item.status for item in result.items} == dict.fromkeys(
        ["number", "several", "formula", "one", "ticks", "blanks", "prose"], "pending"
    )
    assert all(item.explanation is None for item in result.items)
    assert result.max_score == 8


def test_an_answer_that_cannot_be_read_is_told(tmp_path):
    _, path = packed(write(tmp_path / "asked", {"assignment.yaml": QUESTIONS}))
    variants = bundle.read(path)
    write(tmp_path / "mine", {"answers.yaml": "number: 1,5\nformula: y + 1\none: up\n"})
    handed = submission.collect([tmp_path / "mine"], variants.plan.assignment.spec.submission)
    (result,) = engine.grade_by(variants, handed, [])
    found = {item.name: (item.status, item.cases[0].message) for item in result.items}
    assert found["number"][0] == found["formula"][0] == found["one"][0] == "error"
    order = variants.plan.assignment.spec.questions["one"].order
    whole = assignment.load(tmp_path / "asked").spec.questions["one"].order
    assert order == whole
    assert found["several"][0] == "missing"


def test_no_answer_goes_out(tmp_path):
    _, path = packed(write(tmp_path / "asked", {"assignment.yaml": QUESTIONS}))
    text = unpacked(path)
    for secret in (b"24.5", b"31.25", b"77", b"9.75", b"sqrt", b"falls.", b"9.5", b"bound"):
        assert secret in QUESTIONS.encode()
        assert secret not in text
    questions = bundle.read(path).plan.assignment.spec.questions
    assert questions["one"].right == [questions["one"].order[0]]
    assert questions["blanks"].blanks == {"x0": "u", "x1": "u"}


def unpacked(path):
    return zlib.decompress(path.read_bytes().partition(b"\n")[2])


# --- the same engine ---


def without_times(result):
    return replace(
        result, seconds=0, items=tuple(
            replace(item, cases=tuple(replace(case, seconds=0) for case in item.cases)) for item in result.items
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def naive_em(tmp_path_factory):
    """The shipped assignment: the variants of its public cases, and those that its bundle brings."""
    plan = prepare(assignment.load(NAIVE_EM))
    path = tmp_path_factory.mktemp("naive_em") / ".grader"
    with contextlib.closing(Variants(plan)) as variants:
        write(path.parent, {**plan.given, ".grader": packing.pack(plan, variants, {})})
    with contextlib.closing(Variants(plan.public())) as whole:
        yield whole, bundle.read(path)


@pytest.mark.parametrize("sample", SAMPLES)
def test_messages_and_diagnoses_are_those_of_the_whole_assignment(naive_em, check, sample):
    path = NAIVE_EM / "samples" / sample
    whole, brought = (without_times(check(variants, path=path)) for variants in naive_em)
    assert [item.status for item in brought.items] == [item.status for item in whole.items]
    wrong = {item.name for item in whole.items if item.status != "passed"}
    for one, other in zip(brought.items, whole.items, strict=True):
        if one.name != "run" or not wrong & {"estep", "mstep"}:
            assert one == other
    assert json.render(brought)


def test_two_slips_and_a_round_too_few_are_known_in_a_bundle(naive_em):
    whole, brought = naive_em
    (call, *_) = brought.plan.calls["run"]
    rounds, ours = whole.rounds(call), brought.rounds(call)
    assert [one.is_right for one in ours] == [one.is_right for one in rounds]
    assert len(ours) > 20
    slips = [slip for slip in brought.of("estep") if slip.home == "slips"]
    alone = {slip.id: brought.known(brought.plan.calls["estep"][0], (slip,)) for slip in slips}
    together = brought.known(brought.plan.calls["estep"][0], tuple(slips[:2]))
    assert together is not None
    assert not together.is_same(alone[slips[0].id].parts)


def test_nothing_is_computed_or_kept_when_a_bundle_is_read(whole, check, monkeypatch):
    _, path = packed(whole)
    for name in ("key", "load", "keep"):
        monkeypatch.setattr(cache, name, lambda *_: pytest.fail("the cache was asked"))
    monkeypatch.setattr("grader.course.Course.call", lambda *_, **__: pytest.fail("the course was asked"))
    with contextlib.closing(bundle.read(path)) as variants:
        result = check(variants, ALL.replace("return double(x) + 1", "return double(x)"))
    assert [case.diagnosis for case in result.items[2].cases][:1] == ["no_plus"]
    assert not variants.knows_reference


def test_where_a_variant_s_value_is_not_known_it_speaks_neither_for_nor_against_it(whole, check):
    _, path = packed(whole)
    variants = bundle.read(path)
    secret = variants.plan.calls["total"][1]
    (slip, *_) = variants.of("total")
    assert variants.known(secret, (slip,)).is_right
    result = check(variants, ALL.replace("return double(x) + 1", "return 3 * x + 1"))
    assert result.items[2].cases[0].diagnosis == "thrice"


def test_two_slips_together_are_named(whole, check):
    _, path = packed(whole)
    result = check(bundle.read(path), ALL.replace("return double(x) + 1", "return 3 * x"))
    assert result.items[2].cases[0].diagnosis == "no_plus+thrice"


def test_what_two_slips_return_is_left_out_where_it_is_much(whole, check, monkeypatch):
    monkeypatch.setattr(packing, "MOST_TOGETHER", 10)
    _, path = packed(whole)
    result = check(bundle.read(path), ALL.replace("return double(x) + 1", "return 3 * x"))
    assert result.items[2].cases[0].diagnosis != "no_plus+thrice"


def test_where_a_part_is_wrong_it_is_to_be_mended_first(whole, check):
    _, path = packed(whole)
    result = check(bundle.read(path), ALL.replace("return 2 * x", "return 7 * x"))
    first = result.items[2].cases[0]
    assert first.diagnosis == "mend_double_first"
    assert first.message == "`total` calls `double`: mend it first, then check again."


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (ALL.replace("return 2 * x", "return 7 * x").replace("return double(x) + 1", "return double(x)[0]"), "raised TypeError"),
        (ALL.replace("return 2 * x", "return 7 * x").replace("return double(x) + 1", "raise NotImplementedError"), "not written yet"),
        (ALL.replace("return 2 * x", "return 7 * x").replace("def total", "def totals"), "There is no function `total`"),
    ],
    ids=["raises", "not written", "missing"],
)  # fmt: skip
def test_what_a_function_does_wrong_by_itself_is_still_told(whole, check, code, message):
    _, path = packed(whole)
    first = check(bundle.read(path), code).items[2].cases[0]
    assert message in first.message
    assert ("mend it first" in first.message) == (message == "raised TypeError")


STEPS = """
name: steps
reference: solution
submission: {file: work.py}
functions:
  up: {points: 1, returns: [x], cases: [{name: of one, args: {x: 1.0}}]}
  climb:
    points: 1
    returns: [x]
    steps: {up: [x]}
    cases:
      - {name: to the top, args: {x: 1.0}}
      - {name: never down, args: {x: 1.0}, property: {non_decreasing: x, over: steps}}
"""
CLIMB = "def up(x):\n    return x + 1\n\ndef climb(x):\n    for _ in range(5):\n        x = up(x)\n    return x\n"


def test_properties_over_steps_are_judged_with_the_student_s_own_steps_alone(tmp_path, check):
    _, path = packed(write(tmp_path / "steps", {"assignment.yaml": STEPS, "solution.py": CLIMB}))
    variants = bundle.read(path)
    assert check(variants, CLIMB).score == 2
    falls = check(variants, CLIMB.replace("x + 1", "x - 1"))
    assert falls.items[1].cases[1].status == "failed"
    raises = check(variants, CLIMB.replace("return x + 1", "raise ValueError").replace("x = up(x)", "x += 1"))
    assert [case.status for case in raises.items[1].cases] == ["passed", "failed"]
    assert "`up`, called in round 1, does not return its values." in raises.items[1].cases[1].message


def test_a_round_too_few_is_named(tmp_path, check):
    _, path = packed(write(tmp_path / "steps", {"assignment.yaml": STEPS, "solution.py": CLIMB}))
    result = check(bundle.read(path), CLIMB.replace("range(5)", "range(4)"))
    assert result.items[1].cases[0].diagnosis == "stops_early"


# --- found and read ---


@pytest.mark.parametrize("inside", [".", "data"])
def test_it_is_found_in_the_folder_or_the_one_above(whole, tmp_path, monkeypatch, inside):
    packed(whole)
    (tmp_path / "bundle" / "data").mkdir()
    monkeypatch.chdir(tmp_path / "bundle" / inside)
    with contextlib.closing(bundle.opened()) as variants:
        assert (variants.plan.assignment.spec.name, variants.plan.later) == ("small", 5)
        assert variants.plan.public_only


def test_a_folder_can_be_named_whether_it_is_a_bundle_or_the_whole_assignment(whole, tmp_path):
    packed(whole)
    with contextlib.closing(bundle.opened(str(tmp_path / "bundle"))) as variants:
        assert not variants.knows_reference
    with contextlib.closing(bundle.opened(str(whole))) as variants:
        assert variants.knows_reference
        assert variants.plan.public_only
        assert variants.plan.later == 2  # an array, and of no one's knowledge


def test_where_there_is_neither_it_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(write(tmp_path, {"a/b/work.py": ""}) / "a" / "b")
    with pytest.raises(UsageError) as raised:
        bundle.opened()
    assert str(raised.value) == (
        "no .grader or assignment.yaml in this folder or the one above: go to the folder that you got with the "
        "assignment, or say where it is with --assignment DIR"
    )


NEWER = b"grader bundle 2\nwhatever"
OLDER = b"grader bundle 0\nwhatever"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (NEWER, "{} was made by a newer grader: pip install --upgrade proofgrade"),
        (OLDER, "{} was made by an older grader: get the assignment's files again"),
        (b"", None), (b"\x80\x04garbage", None), (b"grader bundle 1\n", None), (b"grader bundle one\n", None),
        (b"grader bundle 1\n" + zlib.compress(b"no frame"), None),
        (b"grader bundle 1\n" + zlib.compress(protocol.pack([1, 2])), None),
        (b"grader bundle 1\n" + zlib.compress(protocol.pack({"spec": {}})), None),
        (b"grader bundle 1\n" + zlib.compress(bytes(2**20)), None),
        (b"grader bundle " + b"9" * 5000 + b"\n", None), ("grader bundle ²\n".encode(), None),
        (b"grader bundle 1\n" + zlib.compress(b"\x00\x00\x00\x1c\0\0\0\0" + b'{"array":["<f8",[0,%d]]}' % 10**30), None),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path, data, told):
    path = write(tmp_path, {".grader": data}) / ".grader"
    with pytest.raises(UsageError) as raised:
        bundle.read(path)
    broken = "{} is broken, or was not made by `grader release`: get the assignment's files again"
    assert str(raised.value) == (told or broken).format(path)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_broken(whole, kept):
    _, path = packed(whole)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(UsageError, match="is broken, or was not made by"):
        bundle.read(path)


def test_a_file_that_would_unpack_to_very_much_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "LARGEST", 1000)
    monkeypatch.setattr(protocol, "unpack", lambda *_: pytest.fail("it was read"))
    made = b"grader bundle 1\n" + zlib.compress(protocol.pack({"spec": "x" * 5000}))
    with pytest.raises(UsageError, match="is broken"):
        bundle.contents(made, Path(".grader"))


def test_a_package_that_is_not_there_is_named(whole, monkeypatch):
    _, path = packed(whole)
    monkeypatch.setattr(bundle, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as raised:
        bundle.read(path)
    assert str(raised.value) == "small needs the package 'numpy', which is not here: install it"


# --- given modules ---

COMMON = "class Pair:\n    pass\n"


@pytest.fixture
def with_given(whole):
    """The bundle of an assignment that gives two modules, one of them in a folder."""
    write(whole, {"given/common.py": COMMON, "given/more/inner.py": "ONE = 1\n"})
    return packed(whole)[1]


def test_given_modules_are_not_in_it_and_are_read_from_beside_it(with_given):
    given = {"common.py": COMMON.encode(), "more/inner.py": b"ONE = 1\n"}
    assert bundle.read(with_given).plan.given == given
    assert all(data.strip() not in unpacked(with_given) for data in given.values())


def test_lines_of_a_given_module_may_end_otherwise(with_given):
    write(with_given.parent, {"common.py": COMMON.replace("\n", "\r\n")})
    assert b"\r\n" in bundle.read(with_given).plan.given["common.py"]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("common.py", COMMON + "X = 1\n",
         "common.py is not the file that was handed out: take it from the bundle again (one of your own goes into a "
         "folder of its own in here, with your work, and is checked from there)"),
        ("common.py", None, "common.py cannot be read: No such file or directory: take it from the bundle again"),
        ("more/inner.py", None, "more/inner.py cannot be read: No such file or directory: take it from the bundle again"),
        ("common.py", b" " * 2**21, "common.py has 2.0 MiB; a file may have 1 MiB: take it from the bundle again"),
    ],
    ids=["changed", "missing", "missing in a folder", "enormous"],
)  # fmt: skip
def test_a_given_module_that_is_not_as_it_was_handed_out_is_told(with_given, name, data, told):
    (with_given.parent / name).unlink()
    write(with_given.parent, {} if data is None else {name: data})
    with pytest.raises(UsageError) as raised:
        bundle.read(with_given)
    assert str(raised.value) == told


def test_a_student_s_own_copy_of_a_given_module_may_lie_with_the_work_in_a_folder(with_given, check, monkeypatch):
    mine = write(
        with_given.parent / "mine",
        {"common.py": "TWO = 2\n", "work.py": "import common\n" + ALL.replace("2 * x", "common.TWO * x")},
    )
    monkeypatch.chdir(mine)
    result = check(bundle.opened(), path=Path())
    assert [item.status for item in result.items] == ["passed", "passed", "passed"]


# --- a stranger's ---

EVIL = [
    (["calls", 0, "more"], {"module": "os"}),
    (["calls", 0, "key", 0], "system"),
    (["calls", 0, "holds"], {"check": "positive"}),
    (["calls", 0, "holds"], {"at_most_times": 9}),
    (["spec", "names"], {"double": "os.system"}),
    (["spec", "reference"], "work"),
    (["spec", "functions", "double", "cases"], []),
    (["given"], {"../common.py": "0"}), (["given"], {"/etc/common.py": "0"}), (["given"], {"C:common.py": "0"}),
    (["given"], {"a\\b.py": "0"}), (["given"], {"notes.txt": "0"}), (["given"], {"common.py": b"print(1)"}),
    (["spec", "title"], "\x1b]0;title\x07"), (["spec", "name"], "\x9b2J"), (["calls", 0, "name"], "\x1b[2J"),
    (["spec", "functions", "e\x1b[2J"], {}), (["spec", "packages"], ["a.b\0c"]),
    (["calls", 0, "rules", "permute"], {"y": 7}), (["calls", 0, "rules", "permute"], {"y": "x"}),
    (["calls", 0, "want"], Opaque("thing")), (["calls", 0, "want"], float("nan")), (["calls", 1, "want"], (1, 2, 3)),
    (["calls", 0, "derived"], True), (["calls", 0, "seed"], 2**32), (["calls", 0, "seed"], -1),
    (["calls", 1, "key"], ["double", 0, 0]), (["later"], -1), (["later"], "\x1b[2J"),
    (["slips", 0, "function"], "nosuch"), (["slips", 0, "id"], "a b"), (["known"], {"x": [-1]}),
    (["frames"], ["text"]), (["spec", "functions", "total", "calls"], ["total"]),
    (["spec", "limits", "seconds"], 0), (["spec", "submission"], {"file": "../work.py"}),
]  # fmt: skip


def changed(made, path, value):
    """Return data with another value at a path."""
    if not path:
        return value
    copy = dict(made) if isinstance(made, dict) else list(made)
    key, *rest = path
    copy[key] = changed(copy[key], rest, value) if rest else value
    return copy


def read_made(folder, made):
    """Read a bundle that has these data."""
    return bundle.read(
        write(folder, {".grader": b"grader bundle 1\n" + zlib.compress(packing._frame(made))}) / ".grader"
    )


@pytest.mark.parametrize(
    ("path", "value"), EVIL, ids=lambda value: ".".join(map(str, value)) if isinstance(value, list) else None
)
def test_what_no_release_writes_is_refused(whole, tmp_path, path, value):
    made = bundle.contents(packed(whole)[1].read_bytes(), Path())
    assert read_made(tmp_path / "same", made).plan.calls
    if isinstance(value, float):
        made = changed(made, ["calls", 0, "rules", "tolerance"], {})
    with pytest.raises(UsageError, match="is broken, or was not made by"):
        read_made(tmp_path / "evil", changed(made, path, value))


def test_data_files_outside_of_the_folder_and_those_that_are_not_there_are_not_read(whole, tmp_path):
    made = bundle.contents(packed(whole)[1].read_bytes(), Path())
    write(tmp_path, {"secret.csv": "1\n", "mine/data/x.csv": "2\n"})
    named = ["../secret.csv", str(tmp_path / "secret.csv"), "data/gone.csv", "data/x.csv"]
    spec = read_made(tmp_path / "mine", changed(made, ["spec", "data"], named)).plan.assignment.spec
    assert spec.data == ["data/x.csv"]


def test_the_order_of_components_is_not_looked_for_where_they_are_far_too_many(whole, tmp_path):
    made = bundle.contents(packed(whole)[1].read_bytes(), Path())
    made = changed(made, ["calls", 0, "rules", "permute"], {"y": 0})
    assert read_made(tmp_path / "few", changed(made, ["calls", 0, "want"], np.arange(9.0))).plan.calls
    with pytest.raises(UsageError, match="is broken"):
        read_made(tmp_path / "many", changed(made, ["calls", 0, "want"], np.arange(1e5)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: {"known": {name: [10**6] for name in made["known"]}},
        lambda made: {"frames": [b"xx" for _ in made["frames"]]},
        lambda made: {"frames": [packing._frame({"a": "text"}) for _ in made["frames"]]},
        lambda made: {"frames": [packing._frame([0] * 10**5 + [n]) for n in range(12)], "known": {name: [*range(12)] for name in made["known"]}},
    ],
    ids=["no such frame", "no frames", "other values", "too much"],
)  # fmt: skip
def test_what_is_known_of_mistakes_and_cannot_be_read_names_none(whole, check, tmp_path, spoil):
    made = bundle.contents(packed(whole)[1].read_bytes(), Path())
    result = check(
        read_made(tmp_path / "evil", {**made, **spoil(made)}), ALL.replace("return double(x) + 1", "return double(x)")
    )
    assert (result.fault, result.items[2].status) == (None, "failed")
    assert not {case.diagnosis for case in result.items[2].cases} & {"no_plus", "thrice", "no_double"}


def places(value, path=()):
    """Yield the paths of all parts of data."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


ODD = [None, True, -1, 0, 10**30, 2.5, float("inf"), "", "x", "a/../b", "\x1b", b"", [], [[]], {}, {"x": 1}, {1: {}}, (), np.zeros((0, 3)), 1j]  # fmt: skip


@hypothesis.given(data=strategies.data())
@hypothesis.settings(max_examples=300, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_whatever_is_put_into_a_bundle_it_is_refused_or_makes_a_plan(fuzzed, tmp_path, data):
    path = data.draw(strategies.sampled_from(fuzzed[1]))
    made = changed(fuzzed[0], list(path), data.draw(strategies.sampled_from(ODD)))
    try:
        variants = read_made(tmp_path / "fuzzed", made)
    except UsageError:
        return
    for name, calls in variants.plan.calls.items():
        assert all(call.frame for call in calls)
        for slip in variants.of(name):
            variants.known(calls[0], (slip,))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """What is in the bundle of an assignment with cases and questions of every kind, and the paths of its parts."""
    questions = QUESTIONS.partition("questions:")[2].replace("explain: due", "explain: never")
    spec = WHOLE.replace("{file: work.py}", "{file: work.py, answers: answers.yaml}") + "questions:" + questions
    files = {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": ALL, "slips.py": SLIPS}
    folder = write(
        tmp_path_factory.mktemp("fuzzed") / "whole",
        {**files, "checks.py": "def positive(y):\n    return bool(y > 0)\n"},
    )
    made = bundle.contents(packed(folder)[1].read_bytes(), Path())
    return made, list(places(made))
