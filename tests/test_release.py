"""What students get: all that they need, nothing that is hidden, and the same bytes every time."""

import ast
import contextlib
import functools
import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from grader import assignment, bundle, packing, prepare, release, servers, source, submission, unpacking
from grader.errors import SpecError, UsageError
from grader.sandbox.launch import Zygote
from grader.sandbox.values import Record
from tests.conftest import INPUTS, NAIVE_EM, ROOT, SOLUTION, SPEC, write

SHIPPED = sorted(path.parent for path in (ROOT / "assignments").glob("*/assignment.yaml"))
STARTER = "def double(x):\n    raise NotImplementedError\n\n\ndef pair(xs):\n    raise NotImplementedError\n"
SHORTEST = 25
"""How long a line of the instructor's code must be, in characters, to be known for one."""


@pytest.fixture(scope="module")
def written():
    """Release an assignment, as the command does."""
    with contextlib.ExitStack() as stack:
        opened = {}

        def written(folder, to):
            loaded = assignment.load(folder)
            key = (loaded.spec.limits, tuple(loaded.spec.packages), bool(loaded.spec.functions))
            if key not in opened:
                zygotes = [stack.enter_context(Zygote())] if loaded.spec.functions else []
                opened[key] = stack.enter_context(servers.for_a_class(loaded.spec, zygotes, None, 1))
            return release.release(loaded, opened[key], to)

        yield written


@pytest.fixture
def course(small):
    """The small assignment with all that can be handed out."""
    return write(small, {
        "README.md": "# Small\n", "starter/work.py": STARTER, "given/common.py": "TWO = 2\n", "slips.py": "SLIPS = []\n",
    })  # fmt: skip


def read(folder):
    """Return the files below a folder, by their paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- nothing that is hidden ---


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, written):
    """The bundles of all shipped assignments; what two slips return together is in one of them, and can be in all."""
    folder = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        for each in SHIPPED:
            patch.setattr(packing, "MOST_TOGETHER", packing.MOST_TOGETHER if each == NAIVE_EM else 0)
            written(each, folder / each.name)
            patch.undo()
    return folder


def leaves(value):
    """Yield the values that a value is made of, and of a mapping the keys too."""
    match value:
        case Record(name, fields):
            yield name
            yield from leaves(fields)
        case dict():
            for key, part in value.items():
                yield from leaves(key)
                yield from leaves(part)
        case list() | tuple():
            for part in value:
                yield from leaves(part)
        case _:
            yield value


def everything(files):
    """Return all bytes of a bundle: of the files, of what `.grader` unpacks to, and of all texts and values in that."""
    packed = files[".grader"].partition(b"\n")[2]
    made = bundle.contents(files[".grader"], Path(".grader"))
    held = leaves([made, [unpacking.unframed(frame) for frame in made["frames"]]])
    texts = [leaf.encode() for leaf in held if isinstance(leaf, str)]
    return b"\n".join([*map(str.encode, files), *files.values(), zlib.decompress(packed), *texts])


def numbers(values):
    """Yield the bytes of arrays that nobody has by chance, and figures in both their forms."""
    for leaf in leaves(values):
        if isinstance(leaf, np.ndarray) and leaf.dtype == np.float64 and np.unique(leaf).size > 4:
            yield leaf.tobytes()
        elif isinstance(leaf, float | np.floating) and len(repr(float(leaf)).strip("-0.").replace(".", "")) >= 6:
            yield from (repr(float(leaf)).encode(), struct.pack("<d", leaf))


@functools.cache
def secrets(folder):
    """Return what may not be in a bundle of an assignment, by where it is from."""
    loaded = assignment.load(folder)
    plan = prepare.prepare(loaded)
    open_files = [folder / "README.md", *(folder / "starter").rglob("*"), *(folder / "given").rglob("*")]
    known = b"\n".join(path.read_bytes() for path in open_files if path.is_file() and "__pycache__" not in path.parts)
    told = [text for slip in plan.slips for text in (slip.what, slip.look)]
    reference = source.reference(loaded)
    found = {"reference": set(), "slips.py": set(), "accepted.py": set(), "checks.py": set(), "inputs.py": set()}
    sources = {
        "reference": [text for name, text in reference.files.items() if "reference" in name] if reference else []
    }
    sources |= {name: [(folder / name).read_bytes()] for name in found if (folder / name).is_file()}
    for name, texts in sources.items():
        lines = {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) >= SHORTEST}
        spoken = {line for line in lines if any(_quoted(line) in text for text in told if _quoted(line))}
        found[name] = {line for line in lines - spoken if line not in known}
    hidden = [call for calls in plan.calls.values() for call in calls if call.visibility == "hidden"]
    public = [call for calls in plan.calls.values() for call in calls if call.visibility == "public"]
    names = {case.name for each in loaded.spec.functions.values() for case in each.cases if case.visibility == "public"}
    found["names"] = {call.name.encode() for call in hidden} - {name.encode() for name in names}
    open_words = "\n".join([known.decode(), *names, *told]).encode()
    found["names"] = {name for name in found["names"] if name not in open_words}
    shown = b"".join(number for call in public for number in numbers([dict(call.args), call.want]))
    found["values"] = {number for call in hidden for number in numbers([dict(call.args), call.want])}
    found["values"] = {number for number in found["values"] if number not in known and number not in shown}
    return found


def _quoted(line):
    """Return the text in a line that is nothing but a text, as `"what": "..."` in a table is."""
    text = line.decode().rstrip(",").removeprefix('"what": ').removeprefix('"look": ').strip("()")
    with contextlib.suppress(ValueError, SyntaxError):
        return str(ast.literal_eval(text))
    return ""


def leaked(found, files):
    """Return which of the secrets are in a bundle."""
    text = everything(files)
    return {(kind, secret) for kind, each in found.items() for secret in each if secret in text}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_no_source_case_or_value_that_is_hidden_is_in_a_bundle(bundles, folder):
    found = secrets(folder)
    hidden = any(
        case.visibility == "hidden" for each in assignment.load(folder).spec.functions.values() for case in each.cases
    )
    assert (
        bool(found["reference"]) == bool(found["slips.py"]) == bool(found["names"]) == bool(found["values"]) == hidden
    )
    assert leaked(found, read(bundles / folder.name)) == set()


def with_more(files, secret):
    """Return a bundle in whose `.grader` a secret stands beside what is known of slips."""
    made = dict(bundle.contents(files[".grader"], Path(".grader")))
    made["frames"] = [*made["frames"], packing._frame(secret)]
    return {**files, ".grader": bundle.MARK + b"1\n" + zlib.compress(packing._frame(made), 0)}


PLACES = {
    "a file": lambda files, secret: {**files, "common.py": files["common.py"] + b"# " + secret},
    "a text": lambda files, secret: with_more(files, secret.decode()),
    "a value": lambda files, secret: with_more(files, [secret]),
}


@pytest.mark.parametrize("place", PLACES)
def test_each_secret_would_be_found_if_it_were_there(bundles, place):
    found, files = secrets(NAIVE_EM), read(bundles / "naive_em")
    kinds = [kind for kind, each in found.items() if each and (kind != "values" or place != "a text")]
    planted = {(kind, secret) for kind in kinds for secret in sorted(found[kind])[:10]}
    for _, secret in planted:
        files = PLACES[place](files, secret)
    assert {"reference", "slips.py", "accepted.py", "inputs.py", "names"} <= set(kinds)
    assert leaked(found, files) == planted


def test_a_bundle_of_all_cases_would_be_found_out(bundles, monkeypatch):
    files = read(bundles / "naive_em")
    monkeypatch.setattr(packing, "public", lambda plan: plan)
    monkeypatch.setattr(packing, "_known", lambda *_: [])
    files[".grader"] = packing.pack(prepare.prepare(assignment.load(NAIVE_EM)), None, {})
    assert {kind for kind, _ in leaked(secrets(NAIVE_EM), files)} == {"names", "values"}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_no_sample_and_no_file_of_the_instructor_s_is_in_a_bundle(bundles, folder):
    files = read(bundles / folder.name)
    allowed = {
        ".grader",
        "README.md",
        *(read(folder / "starter")),
        *(read(folder / "given") if (folder / "given").is_dir() else ()),
    }
    allowed |= {name for name in files if name.startswith("data/")}
    assert set(files) <= allowed
    assert not {name for name in files if name.endswith(("make_data.py", "slips.py", "inputs.py", "expected.yaml"))}


# --- all that is needed ---


def test_a_bundle_has_handout_starter_given_modules_data_and_one_file_more(course, written, tmp_path):
    spec = SPEC.replace("{x: 3}", "{x: {load: data/x.txt}}").replace("{make: numbers, n: 4}", "{load: data/y.txt}")
    write(course, {"assignment.yaml": spec, "data/x.txt": "1 2\n", "data/y.txt": "3 4\n", "data/notes.txt": "5\n"})
    told = written(course, tmp_path / "out")
    files = read(tmp_path / "out")
    assert {name: data for name, data in files.items() if name != ".grader"} == {
        "README.md": b"# Small\n", "work.py": STARTER.encode(), "common.py": b"TWO = 2\n", "data/x.txt": b"1 2\n",
    }  # fmt: skip
    assert told.sizes == {name: len(data) for name, data in sorted(files.items())}
    assert (told.public, told.later, told.notes) == (2, 1, ())


DATA = """
name: small
submission: {file: work.py}
functions:
  double:
    points: 1
    returns: [y]
    cases:
      - {name: one, args: {x: {load: data/shown.npz, array: a}}, expect: {y: {load: data/want.txt}}}
      - {name: two, args: {x: {load: data/mixed.npz, array: a}}, expect: {y: {load: data/mixed.npz, array: b}}}
      - {name: three, args: {x: {load: data/mixed.npz, array: c}}, expect: {y: 3}, visibility: hidden}
      - {name: four, args: {x: {load: data/hidden.txt}}, expect: {y: 3}, visibility: hidden}
"""


@pytest.mark.parametrize(
    ("data", "names", "notes"),
    [
        ("", ["data/shown.npz"],
         ("data/mixed.npz is left out: it has arrays of hidden cases too. If students may have these, name it under `data`",)),
        ("data: [data/mixed.npz, data/other.csv]\n", ["data/mixed.npz", "data/other.csv", "data/shown.npz"], ()),
    ],
    ids=["by default", "as the spec says"],
)  # fmt: skip
def test_data_files_are_those_that_public_cases_are_called_with(tmp_path, data, names, notes):
    folder = write(tmp_path / "small", {"assignment.yaml": DATA + data, "starter/work.py": STARTER})
    for name in ("data/want.txt", "data/hidden.txt", "data/other.csv"):
        write(folder, {name: "1\n"})
    for name in ("shown", "mixed"):
        held = io.BytesIO()
        np.savez(held, a=np.ones(1), b=np.ones(1), c=np.ones(1))
        write(folder, {f"data/{name}.npz": held.getvalue()})
    told = release.release(assignment.load(folder), [], tmp_path / "out")
    assert [name for name in told.sizes if name.startswith("data/")] == names
    assert tuple(note for note in told.notes) == notes


def test_the_starter_can_be_made_from_the_reference(small, written, tmp_path):
    write(small, {"assignment.yaml": SPEC + "starter: reference\n"})
    written(small, tmp_path / "out")
    made = (tmp_path / "out" / "work.py").read_text()
    assert made.count("raise NotImplementedError") == 2
    assert "2 * x" not in made


def test_marks_in_the_reference_are_enough_to_make_a_starter(small, written, tmp_path):
    marked = SOLUTION.replace("    return 2 * x", "    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION")
    marked = marked.replace("    return min", "    # BEGIN SOLUTION\n    return min") + "    # END SOLUTION\n"
    write(small, {"solution.py": marked})
    told = written(small, tmp_path / "out")
    assert told.sizes.keys() == {".grader", "work.py"}
    assert "2 * x" not in (tmp_path / "out" / "work.py").read_text()


def test_a_notebook_can_be_the_starter(small, written, tmp_path):
    spec = SPEC.replace("{file: work.py}", "{notebook: work.ipynb}") + "starter: reference\n"
    written(write(small, {"assignment.yaml": spec}), tmp_path / "out")
    assert b"raise NotImplementedError" in (tmp_path / "out" / "work.ipynb").read_bytes()
    assert b"2 * x" not in (tmp_path / "out" / "work.ipynb").read_bytes()


def test_hidden_tests_in_the_starter_s_files_are_left_out(course, written, tmp_path):
    tests = "### BEGIN HIDDEN TESTS\nassert True is not 42\n### END HIDDEN TESTS\n"
    written(write(course, {"starter/work.py": STARTER + tests}), tmp_path / "out")
    assert read(tmp_path / "out")["work.py"] == STARTER.encode()


def test_solutions_in_the_starter_s_files_are_replaced_and_the_rest_is_left_as_it_is(course, written, tmp_path):
    marked = "def double(x):\n    # BEGIN SOLUTION\n    return 2 * x\n    # END SOLUTION\n\n\ndef pair(xs):\n    raise NotImplementedError\n"
    odd = "x = 1\r\n# caf\u00e9".encode("latin-1")
    write(course, {
        "starter/work.py": marked, "starter/notes.md": "# BEGIN SOLUTION\n", "starter/odd.py": b"# coding: latin-1\r\n" + odd,
        "starter/__pycache__/work.pyc": b"1", "starter/.ipynb_checkpoints/work.py": "2 * x",
    })  # fmt: skip
    told = written(course, tmp_path / "out")
    files = read(tmp_path / "out")
    assert b"2 * x" not in files["work.py"]
    assert files["odd.py"].endswith(odd)
    assert files["notes.md"] == b"# BEGIN SOLUTION\n"
    assert set(told.sizes) == {".grader", "README.md", "common.py", "work.py", "notes.md", "odd.py"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"starter/work.py": STARTER.replace("raise NotImplementedError", "return 1", 1)}, "`double` returns a value."),
        ({"starter/work.py": STARTER.replace("raise NotImplementedError", "return 1 / 0", 1)}, "`double` raised ZeroDivisionError"),
        ({"starter/work.py": "import nothing_such\n" + STARTER}, "work.py raises ModuleNotFoundError when it is imported"),
        ({"starter/work.py": STARTER[: STARTER.index("def pair")]}, "There is no function `pair`"),
        ({"starter/work.py": "# BEGIN SOLUTION\n" + STARTER}, "starter/work.py:1: BEGIN SOLUTION, and no END SOLUTION below it"),
        ({"starter/common.py": "TWO = 3\n"}, "starter/ has a common.py, and so has the bundle from elsewhere"),
        ({"starter/odd.py": b"\xff\xff"}, "starter/odd.py is not text"),
    ],
    ids=["returns", "raises", "does not load", "has one too few", "a mark alone", "two of a name", "no text"],
)  # fmt: skip
def test_a_starter_that_is_none_is_told_and_nothing_is_written(course, written, tmp_path, files, told):
    written(course, tmp_path / "out")
    before = read(tmp_path)
    write(course, files)
    after = {name: text for name, text in read(tmp_path).items() if not name.startswith("small/")}
    with pytest.raises(SpecError) as raised:
        written(course, tmp_path / "out")
    assert told in str(raised.value)
    assert {name: text for name, text in before.items() if not name.startswith("small/")} == after


def test_where_there_is_no_starter_that_is_noted(small, written, tmp_path):
    told = written(small, tmp_path / "out")
    assert told.notes == ("there is no starter: write starter/work.py, or `starter: reference`",)


def test_it_is_told_what_was_written(course, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = release.render(written(course, Path("out"))).splitlines()
    assert lines[0] == "out:"
    assert [line.split()[0] for line in lines[1:-1]] == [".grader", "README.md", "common.py", "work.py"]
    assert lines[2].split()[1:] == ["8", "bytes"]
    assert lines[-1] == "Students can check by 2 cases; 1 case is not in it, and graded after they have handed in."


def test_of_questions_it_is_told_that_answers_can_be_read(tmp_path):
    told = release.release(assignment.load(ROOT / "assignments" / "homework_em"), [], tmp_path / "out")
    text = release.render(told)
    assert text.splitlines()[-1] == "Students can check whether 9 answers can be read."


# --- the same bytes, and nobody's files lost ---


def test_the_same_assignment_makes_the_same_bytes_wherever_it_is(course, tmp_path):
    write(course, {"slips.py": SLIPS})
    copy = tmp_path / "copy" / "small"
    for name, data in read(course).items():
        write(copy, {name: data})
    for n, folder in enumerate((course, copy)):
        surroundings = {"PYTHONHASHSEED": str(n), "XDG_CACHE_HOME": str(tmp_path / f"cache{n}"), "TZ": f"UTC+{n}"}
        for to in (f"out{n}", f"out{n}.zip"):
            command = [sys.executable, "-c", RELEASE, str(folder), str(tmp_path / to)]
            subprocess.run(command, check=True, env={**os.environ, **surroundings}, cwd=ROOT)
    assert read(tmp_path / "out0") == read(tmp_path / "out1")
    assert (tmp_path / "out0.zip").read_bytes() == (tmp_path / "out1.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "out0.zip") as file:
        assert {name: file.read(name) for name in file.namelist()} == read(tmp_path / "out0")
        assert file.namelist() == sorted(file.namelist())
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


RELEASE = """
import sys, pathlib
from grader import assignment, release
release.release(assignment.load(pathlib.Path(sys.argv[1])), [], pathlib.Path(sys.argv[2]))
"""
SLIPS = """
def double(x, *, times=2, plus=0):
    return times * x + plus

SLIPS = [
    {"id": "thrice", "function": "double", "change": {"times": 3}, "what": "Thrice."},
    {"id": "more", "function": "double", "change": {"plus": 1}, "what": "One more."},
]
"""


def test_an_earlier_release_is_replaced_whole(course, written, tmp_path):
    for to in (tmp_path / "out", tmp_path / "out.zip"):
        written(write(course, {"starter/old.txt": "old"}), to)
        (course / "starter" / "old.txt").unlink()
        assert "old.txt" not in written(course, to).sizes
    assert "old.txt" not in read(tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert "old.txt" not in file.namelist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.zip", "small"]


def test_an_empty_folder_and_one_that_is_not_there_will_do(course, written, tmp_path):
    (tmp_path / "empty").mkdir()
    written(course, tmp_path / "empty")
    written(course, tmp_path / "deep" / "er")
    assert read(tmp_path / "empty") == read(tmp_path / "deep" / "er")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"work.py": "def double(x): return 2 * x\n"}, "work.py"),
        ({"mine.txt": "notes", "sub/more.txt": "notes"}, "mine.txt, sub/more.txt"),
        ({".grader": b"damaged"}, "README.md, common.py, work.py"),
        ({f"{n}.txt": "" for n in range(5)}, "0.txt, 1.txt, 2.txt and 2 more"),
    ],
    ids=["changed", "added", "no list", "many"],
)
def test_files_that_no_release_wrote_are_never_lost(course, written, tmp_path, change, names):
    written(course, tmp_path / "out")
    write(tmp_path / "out", change)
    before = read(tmp_path / "out")
    with pytest.raises(UsageError) as raised:
        written(course, tmp_path / "out")
    told = f"{tmp_path / 'out'} has files that no release wrote, or that were changed since: {names}; name another"
    assert str(raised.value) == told
    assert read(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.txt", "out.txt is not a folder: name another"),
        ("out.zip", "out.zip is not a zip that can be read: name another"),
    ],
)
def test_a_file_that_is_no_bundle_is_not_written_over(course, written, tmp_path, name, told):
    write(tmp_path, {name: "mine"})
    with pytest.raises(UsageError) as raised:
        written(course, tmp_path / name)
    assert str(raised.value) == f"{tmp_path}/{told}"
    assert (tmp_path / name).read_text() == "mine"


def spoilt(path, offset, value):
    """Change two bytes of a zip's first entry, in both the places where they stand."""
    data = bytearray(path.read_bytes())
    for start, at in ((b"PK\x03\x04", offset), (b"PK\x01\x02", offset + 2)):
        struct.pack_into("<H", data, data.index(start) + at, value)
    path.write_bytes(data)


@pytest.mark.parametrize(("offset", "value"), [(6, 1), (8, 99)], ids=["encrypted", "packed in another way"])
def test_a_zip_that_cannot_be_read_is_not_written_over(course, written, tmp_path, offset, value):
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as file:
        file.writestr("thesis.txt", "years of work")
    spoilt(tmp_path / "out.zip", offset, value)
    before = (tmp_path / "out.zip").read_bytes()
    with pytest.raises(UsageError) as raised:
        written(course, tmp_path / "out.zip")
    assert str(raised.value) == f"{tmp_path}/out.zip is not a zip that can be read: name another"
    assert (tmp_path / "out.zip").read_bytes() == before


def test_a_zip_whose_packing_is_damaged_is_not_written_over(course, written, tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", "years of work" * 9)
    data = bytearray((tmp_path / "out.zip").read_bytes())
    data[31:36] = b"\xff" * 5
    (tmp_path / "out.zip").write_bytes(data)
    with pytest.raises(UsageError, match="is not a zip that can be read: name another"):
        written(course, tmp_path / "out.zip")


def test_a_zip_of_other_things_is_not_written_over(course, written, tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as file:
        file.writestr("thesis.txt", "years of work")
    with pytest.raises(UsageError, match=r"has files that no release wrote, or that were changed since: thesis\.txt;"):
        written(course, tmp_path / "out.zip")


def test_the_folder_that_one_is_in_is_refused(course, written, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UsageError, match="is the folder that you are in: name another"):
        written(course, Path())


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_release_that_cannot_be_written_leaves_the_earlier_one(course, written, tmp_path, monkeypatch, name):
    written(course, tmp_path / name)
    before = read(tmp_path)
    write(course, {"README.md": "# Another\n"})
    rename, replace = Path.rename, Path.replace

    def fails(path, target):
        if path.name == "new":
            raise OSError(28, "No space left on device")
        return (rename if path.is_dir() else replace)(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="No space left"):
        written(course, tmp_path / name)
    assert {path: data for path, data in read(tmp_path).items() if not path.startswith("small/")} == {
        path: data for path, data in before.items() if not path.startswith("small/")
    }


def test_public_cases_that_no_bundle_can_have_are_told_when_it_is_made(small, tmp_path):
    title = write(small, {"assignment.yaml": SPEC + 'title: "\\eyes"\n'})
    with pytest.raises(SpecError) as raised:
        release.release(assignment.load(title), [], tmp_path / "out")
    assert str(raised.value) == (
        f"{small}: its public cases cannot be handed out, since no bundle may have what they have: "
        "must be a text without control characters"
    )
    many = SPEC.replace("{x: 3}", "{x: {make: texts}}").replace("[3, 1, 2]", "{make: texts}")
    write(small, {"assignment.yaml": many, "inputs.py": INPUTS + "def texts():\n    return 2**19 * '\\n'\n"})
    with pytest.raises(SpecError, match="cannot be handed out: more than 4 MiB of texts and lists$"):
        release.release(assignment.load(small), [], tmp_path / "out")


# --- as a student has it ---


def test_the_starter_of_a_bundle_is_what_is_checked_in_it(course, written, tmp_path, monkeypatch):
    written(course, tmp_path / "out")
    monkeypatch.chdir(tmp_path / "out")
    with contextlib.closing(bundle.opened()) as variants:
        wanted = variants.plan.assignment.spec.submission
        (handed,) = submission.collect([submission.here(wanted, variants.plan.assignment.folder)], wanted)
    assert handed.code.files["work.py"] == STARTER.encode()


def test_a_given_module_can_be_imported_at_home(course, written, tmp_path):
    written(course, tmp_path / "out")
    done = subprocess.run([sys.executable, "-c", "import common; print(common.TWO)"], cwd=tmp_path / "out",
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "2\n"


def test_all_inputs_of_the_small_assignment_are_the_instructor_s(course, written, tmp_path):
    written(course, tmp_path / "out")
    text = everything(read(tmp_path / "out"))
    for line in [*INPUTS.split("\n"), *SOLUTION.split("\n")]:
        assert len(line.strip()) < 12 or line.strip().encode() not in text.replace(STARTER.encode(), b"")
