"""Submissions are found and read as they are handed in; what cannot be read says why, and the rest is graded."""

import os
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.files import LARGEST_FILE, read
from grader.handin import Submission
from grader.submission import Handed, collect, here
from tests.conftest import write

FILE = "work.py"
WORK = Submission(file=FILE)
BOTH = Submission(file=FILE, answers="answers.yaml")


def one(path):
    (submission,) = collect([path], WORK)
    return submission


@pytest.fixture
def klass(tmp_path):
    return write(tmp_path / "class", {"alice/work.py": "a = 1", "bob/work.py": "b = 1"})


def test_a_folder_of_folders_is_a_class_in_order(klass):
    assert [(s.id, s.code.main, s.files) for s in collect([klass], WORK)] == [
        ("alice", FILE, {FILE: b"a = 1"}), ("bob", FILE, {FILE: b"b = 1"})]  # fmt: skip


def test_a_folder_with_the_file_is_one_submission(klass):
    assert one(klass / "alice").id == "alice"


def test_a_file_of_the_right_name_is_called_by_its_folder(klass):
    assert (one(klass / "alice" / FILE).id, one(klass / "alice" / FILE).files) == ("alice", {FILE: b"a = 1"})


def test_a_file_of_another_name_is_called_by_it_and_stands_alone(tmp_path):
    write(tmp_path, {"carol.py": "import helper", "helper.py": ""})
    assert (one(tmp_path / "carol.py").id, one(tmp_path / "carol.py").files) == ("carol", {FILE: b"import helper"})


def test_a_relative_path_is_called_by_the_folder_it_is_in(klass, monkeypatch):
    monkeypatch.chdir(klass / "alice")
    assert [one(Path(FILE)).id, one(Path()).id] == ["alice", "alice"]


def test_what_the_graded_file_mentions_comes_along(tmp_path):
    write(tmp_path / "dan", {
        FILE: "from helper import x\nimport pack.inner", "helper.py": "import third", "third.py": "",
        "pack/__init__.py": "", "pack/inner.py": "", "unrelated.py": "", "notes.txt": "helper",
        ".git/third.py": "", "venv/lib/third.py": "", "__pycache__/helper.py": "",
    })  # fmt: skip
    assert set(one(tmp_path / "dan").files) == {FILE, "helper.py", "third.py", "pack/__init__.py", "pack/inner.py"}


def test_the_graded_file_is_found_further_down(tmp_path):
    write(tmp_path / "class", {"erin/project/src/work.py": "import aid", "erin/project/src/aid.py": ""})
    submission = one(tmp_path / "class")
    assert (submission.id, submission.code.main) == ("erin", "project/src/work.py")
    assert set(submission.files) == {"project/src/work.py", "project/src/aid.py"}


def test_the_hash_is_of_names_and_contents(tmp_path):
    names = {"a": {FILE: "1"}, "b": {FILE: "1"}, "c": {FILE: "2"}, "d": {FILE: "1", "work_.py": ""}}
    for name, files in names.items():
        write(tmp_path / name, files)
    hashes = [one(tmp_path / name).sha256 for name in names]
    assert hashes[0] == hashes[1] == hashes[3]
    assert hashes[0] != hashes[2]


def fifo(path):
    os.mkfifo(path)


def link_out(path):
    write(path.parent.parent.parent, {"secret.py": "x"})
    path.symlink_to(path.parent.parent.parent / "secret.py")


UNREADABLE = {
    "a binary": (lambda path: path.write_bytes(b"PK\0\1"), "work.py is not a text file"),
    "fifty megabytes": (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 50 * 2**20),
                        "work.py has 50.0 MiB; a file may have 1 MiB"),
    "a link out of the folder": (link_out, "work.py is a link out of the folder, which is not followed"),
    "a dangling link": (lambda path: path.symlink_to("nowhere.py"), "work.py cannot be read: No such file or directory"),
    "a link to itself": (lambda path: path.symlink_to(path), "work.py cannot be read: a link to itself"),
    "a pipe": (fifo, "work.py is not a file"),
    "a folder": (lambda path: path.mkdir(), "work.py is not a file"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_says_why_and_the_rest_is_read(name, klass):
    make, problem = UNREADABLE[name]
    (klass / "alice" / FILE).unlink()
    make(klass / "alice" / FILE)
    alice, bob = collect([klass], WORK)
    assert alice.code.problem.startswith(problem)
    assert (alice.files, bob.code.problem) == ({}, None)


def test_a_link_inside_the_folder_is_followed(klass):
    (klass / "bob" / FILE).rename(klass / "bob" / "final.py")
    (klass / "bob" / FILE).symlink_to("final.py")
    assert collect([klass], WORK)[1].files == {FILE: b"b = 1"}


def test_a_helper_that_links_out_is_not_there(klass):
    write(klass, {"alice/work.py": "import aid", "bob/work.py": "secret = 1"})
    (klass / "alice" / "aid.py").symlink_to(klass / "bob" / FILE)
    assert collect([klass], WORK)[0].files == {FILE: b"import aid"}


def test_modules_of_too_many_megabytes_are_refused(klass):
    names = [f"m{n}" for n in range(12)]
    write(
        klass / "alice", {FILE: f"import {', '.join(names)}", **{f"{name}.py": b"#" * LARGEST_FILE for name in names}}
    )
    assert collect([klass], WORK)[0].code.problem == "its modules have more than 8 MiB"


def test_a_folder_of_too_many_files_is_refused(klass, monkeypatch):
    monkeypatch.setattr("grader.files.MOST_ENTRIES", 3)
    write(klass / "carl", {f"{n}.txt": "" for n in range(5)})
    assert collect([klass], WORK)[2].code.problem == "its folder holds more than 3 files and folders"


def test_a_students_folder_that_is_a_link_is_refused(klass):
    (klass / "zoe").symlink_to(klass / "alice")
    assert collect([klass], WORK)[2].code.problem == "the folder is a link, which is not followed"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({".DS_Store": "", "desktop.ini": ""}, "no work.py was handed in"),
        ({"hw/report.docx": ""}, "no work.py was handed in (but hw/report.docx)"),
        ({"a.txt": "", "em.py": "", "b.txt": "", "c.txt": ""}, "no work.py was handed in (but em.py, a.txt, b.txt)"),
        ({"a.py": "", "Work.PY": ""}, "no work.py was handed in (but Work.PY, a.py): call Work.PY exactly work.py"),
        ({"work.ipynb": ""}, "no work.py was handed in (but work.ipynb)"),
        ({"worker-1.py": ""}, "no work.py was handed in (but worker-1.py)"),
        *(
            ({name: ""}, f"no work.py was handed in (but {name}): call {name} exactly work.py")
            for name in (
                "work (1).py",
                "work - Copy.py",
                "work - Copy (2).py",
                "work-1.py",
                "WORK.py.txt",
                "work - Kopie.py",
            )
        ),
    ],
)
def test_a_folder_without_the_file_is_a_submission_without_it(files, problem, klass):
    write(klass / "carl", files)
    carl = collect([klass], WORK)[2]
    assert (carl.id, carl.code.problem, carl.code.absent) == ("carl", problem, True)


def test_several_files_of_that_name_are_told(klass):
    write(klass / "carl", {"v1/work.py": "", "v2/work.py": ""})
    assert collect([klass], WORK)[2].code.problem == "there are 2 files named work.py: v1/work.py, v2/work.py"


def test_a_file_as_large_as_allowed_is_read(klass):
    (klass / "alice" / FILE).write_bytes(b"#" * LARGEST_FILE)
    assert collect([klass], WORK)[0].code.problem is None


def test_a_name_that_is_not_utf8_becomes_an_id_that_is(tmp_path):
    folder = os.fsencode(tmp_path) + b"/class/al\xffce"
    os.makedirs(folder)
    with open(folder + b"/work.py", "wb") as file:
        file.write(b"x = 1")
    assert one(tmp_path / "class").id == "al\\xffce"
    assert one(tmp_path / "class").files == {FILE: b"x = 1"}


def test_a_name_of_several_lines_becomes_an_id_of_one(tmp_path):
    write(tmp_path / "class" / "al\nice\x1b[31m", {FILE: "x = 1"})
    assert one(tmp_path / "class").id == "al\\nice\\x1b[31m"


def test_a_backup_in_a_folder_does_not_make_a_class(tmp_path):
    write(tmp_path / "ann", {FILE: "x = 1", "old/work.py": "x = 0"})
    assert one(tmp_path / "ann").files == {FILE: b"x = 1"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nobody", "nobody: no such file or folder"),
        ("empty", "empty: no work.py here, and no folders with one"),
        ("notes.txt", "notes.txt: a submission is a .py file or a folder with work.py"),
        ("flat", "flat: no work.py here, and no folders with one (but alice.py)"),
        ("class", "class: a work.py here, and 2 in folders of it: which are meant?"),
    ],
)
def test_a_path_without_submissions_gets_one_line(path, message, tmp_path, monkeypatch):
    monkeypatch.chdir(
        write(
            tmp_path,
            {"notes.txt": "", "flat/alice.py": "", "class/work.py": "", "class/a/work.py": "", "class/b/work.py": ""},
        )
    )
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        collect([Path(path)], WORK)
    assert str(caught.value) == message


def test_two_submissions_of_one_name_are_refused(klass, tmp_path):
    write(tmp_path / "late", {"alice/work.py": ""})
    with pytest.raises(UsageError, match="two submissions are called 'alice'"):
        collect([klass, tmp_path / "late"], WORK)


def test_code_and_answers_are_found_apart(tmp_path):
    write(
        tmp_path,
        {
            "class/ann/work.py": "a = 1",
            "class/ann/answers.json": "{}",
            "class/bob/work.py": "",
            "class/eve/hw/answers.yaml": "",
        },
    )
    ann, bob, eve = collect([tmp_path / "class"], BOTH)
    assert (ann.code.main, ann.sheet.main, ann.files) == (FILE, "answers.json", {FILE: b"a = 1", "answers.json": b"{}"})
    assert bob.sheet == Handed("answers.yaml", problem="no answers.yaml was handed in", absent=True)
    assert (eve.code.absent, eve.sheet.main) == (True, "hw/answers.yaml")


def test_of_code_and_answers_each_misses_what_is_not_the_others(tmp_path):
    write(tmp_path / "class", {"ann/wrk.py": "", "ann/Answers.JSON": "", "bob/aid.py": "", "bob/answers.yaml": ""})
    ann, bob = collect([tmp_path / "class"], BOTH)
    assert ann.code.problem == "no work.py was handed in (but wrk.py, Answers.JSON)"
    assert ann.sheet.problem == (
        "no answers.yaml was handed in (but Answers.JSON): call Answers.JSON exactly answers.json"
    )
    assert bob.code.problem == "no work.py was handed in (but aid.py)"


def test_a_sheet_of_another_name_stands_alone_and_keeps_its_kind(tmp_path):
    (carol,) = collect([write(tmp_path, {"carol.csv": "loglik,1", "work.py": ""}) / "carol.csv"], BOTH)
    assert (carol.id, carol.sheet.main, carol.code.absent) == ("carol", "answers.csv", True)


def test_two_sheets_are_told(tmp_path):
    (ann,) = collect(
        [write(tmp_path / "ann", {"answers.yaml": "", "answers.csv": ""})], Submission(answers="answers.yaml")
    )
    assert ann.sheet.problem == "there are 2 files that may be meant: answers.csv, answers.yaml"


def test_of_ones_own_folder_what_is_there_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert here(BOTH, Path()) == Path(FILE)
    write(tmp_path, {"answers.csv": ""})
    assert here(BOTH, Path()) == Path("answers.csv")


def test_in_a_folder_inside_the_assignments_what_lies_there_is_taken_first(tmp_path, monkeypatch):
    write(tmp_path, {FILE: "", "inner/notes.md": ""})
    monkeypatch.chdir(tmp_path / "inner")
    assert here(BOTH, Path("..")) == Path("..") / FILE
    write(tmp_path, {f"inner/{FILE}": ""})
    assert here(BOTH, Path("..")) == Path(FILE)


def test_what_is_wanted_is_told_with_all_its_names(tmp_path):
    with pytest.raises(
        UsageError,
        match=r"notes.md: a submission is a .py, .yaml, .yml, .json, .csv file or a folder with work.py or answers.yaml",
    ):
        collect([write(tmp_path, {"notes.md": ""}) / "notes.md"], BOTH)


def test_of_modules_that_are_too_many_no_more_are_read_than_that_takes(klass, monkeypatch):
    names = [f"m{n}" for n in range(300)]
    write(klass / "alice", {FILE: f"import {', '.join(names)}", **{f"{name}.py": b"#" * 100 for name in names}})
    monkeypatch.setattr("grader.submission.LARGEST_ALL", 1000)
    opened = []
    monkeypatch.setattr("grader.submission.read", lambda path, root: opened.append(path) or read(path, root))
    assert collect([klass / "alice"], WORK)[0].code.problem == "its modules have more than 0 MiB"
    assert len(opened) < 20
