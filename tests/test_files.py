"""Strangers' files are found and read without harm; any name becomes one that is safe on every system, and its own."""

import errno
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import files
from grader.errors import FaultError
from grader.files import LONGEST_NAME, filename


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("alice-b_2.x y", "alice-b_2.x y"),
        ("Zoë Müller", "Zoë Müller"),
        (unicodedata.normalize("NFD", "Zoë"), "Zoe%CC%88"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("", "%"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("x. ", "x.%20"),
        ("a\\b:c", "a%5Cb%3Ac"),
        ("a\nb\x00\u202e", "a%0Ab%00%E2%80%AE"),
        ("50%", "50%25"),
        ("con", "%63on"),
        ("LPT1.x", "%4CPT1.x"),
        ("connie", "connie"),
        ("\udcff", "%ED%B3%BF"),
    ],
)
def test_a_name_becomes_a_files_name(name, safe):
    assert filename(name) == safe


def test_a_long_name_is_cut_and_still_its_own():
    long = [filename("é" * 500 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(name.encode()) <= LONGEST_NAME for name in long)
    assert filename(long[0]) != long[0]


@given(st.text(max_size=6), st.text(max_size=6))
def test_different_names_stay_different(one, other):
    assert (filename(one) == filename(other)) == (one == other)
    assert not set(filename(one)) & set('/\\:*?"<>|\0\n')


def test_folders_may_be_deeper_than_python_may_call_itself(tmp_path):
    at, deep = os.open(tmp_path, os.O_RDONLY), sys.getrecursionlimit() + 500
    for _ in range(deep):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("work.py", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)
    assert [len(path.relative_to(tmp_path).parts) for path in files.walk(tmp_path, [".py"])] == [deep + 1]
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE])
def test_what_cannot_be_read_for_no_fault_of_the_students_is_one_of_ours(number, tmp_path, monkeypatch):
    (tmp_path / "work.py").write_text("")

    def fail(*_):
        raise OSError(number, os.strerror(number))

    why = f"cannot be read here: {os.strerror(number)}: see whose it is, and who grades"
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(FaultError, match=f"^work.py {why}$"):
        files.read(tmp_path / "work.py", tmp_path)
    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(FaultError, match=f"^its folder {why}$"):
        list(files.walk(tmp_path, [".py"]))


def test_what_a_student_did_is_none_of_ours(tmp_path):
    (tmp_path / "work.py").symlink_to("nowhere.py")
    with pytest.raises(files.UnreadableError, match=r"^work.py cannot be read: No such file or directory$"):
        files.read(tmp_path / "work.py", tmp_path)
