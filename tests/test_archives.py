"""Of a stranger's archive comes out what can matter; what can harm is refused by name, and the rest is there."""

import io
import stat
import struct
import zipfile
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from grader import archives
from grader.archives import OF_CLASS, OF_STUDENT, Room, extract
from grader.errors import FaultError
from grader.files import LARGEST_FILE, UnreadableError
from tests.conftest import write


def member(name, *, mode=0, **attributes):
    info = ZipInfo("x")
    info.filename = name  # as it is: the constructor would mend it
    info.external_attr = mode << 16
    info.compress_type = ZIP_DEFLATED
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def zipped(files):
    """Return an archive of files: text or bytes by their names, or by what `member` makes."""
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, text)
    return data.getvalue()


@pytest.fixture
def take(tmp_path):
    def take(data, room=OF_STUDENT, suffixes=(".py",)):
        path = write(tmp_path, {"in.zip": data if isinstance(data, bytes) else zipped(data)}) / "in.zip"
        (tmp_path / "out").mkdir(exist_ok=True)
        return extract(path, tmp_path / "out", suffixes, room, "in.zip")

    return take


def there(tmp_path):
    return {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*.*")
        if path.is_file()
    }


def test_what_can_matter_comes_out_and_of_the_rest_an_empty_file(take, tmp_path):
    taken = take({
        "a b/Zoë.py": "x = 1", "notes/todo.txt": "x", "__MACOSX/a b/._Zoë.py": "", ".DS_Store": "", "a b/.DS_Store": "",
        "venv/lib/six.py": "", ".git/hooks/x.py": "", "._Zoë.py": "",
    })  # fmt: skip
    assert (there(tmp_path), taken.told) == ({"a b/Zoë.py": b"x = 1", "notes/todo.txt": b""}, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a b", "notes"]


HOSTILE = {
    "one that leads out": (["../../evil.py"], "../../evil.py leads out of the folder"),
    "one that leads out further down": (["a/../../evil.py"], "a/../../evil.py leads out of the folder"),
    "an absolute path": (["/etc/evil.py"], "/etc/evil.py has an absolute path"),
    "a drive": (["C:evil.py"], "C:evil.py has an absolute path"),
    "a backslash": (["a\\evil.py"], "a\\evil.py has a backslash in its name"),
    "a line break": (["a\nb.py"], "a\\nb.py has control characters in its name"),
    "an escape sequence": (["\x1b[31m.py"], "\\x1b[31m.py has control characters in its name"),
    "a link": ([member("evil.py", mode=stat.S_IFLNK | 0o777)], "evil.py is a link"),
    "a device": ([member("evil.py", mode=stat.S_IFCHR | 0o777)], "evil.py is not a file"),
    "a deep path": (["a/" * 40 + "evil.py"], "a/" * 40 + "evil.py has no name, or one that is too long or nested too deep"),
    "a long name": (["a" * 256 + ".py"], "a" * 200 + " has no name, or one that is too long or nested too deep"),
    "no name": (["."], ". has no name, or one that is too long or nested too deep"),
    "one twice": (["evil.py", "evil.py"], "evil.py is there twice, or under names that differ only in capital letters"),
    "one in capitals": (["a/evil.py", "A/EVIL.py"],
                        "A/EVIL.py is there twice, or under names that differ only in capital letters"),
    "a file for a folder": (["x.py", "x.py/evil.py"], "x.py/evil.py needs a folder where there is a file"),
    "a folder for a file": (["x.py/evil.py", "x.py"], "x.py is a file where there is a folder"),
    "another archive": (["evil.zip"], "evil.zip is an archive in an archive, which is not opened"),
    "too large": ([(member("evil.py"), b"\0" * (LARGEST_FILE + 1))], "evil.py has 1.0 MiB; a file may have 1 MiB"),
    "odd compression": ([member("evil.py", compress_type=zipfile.ZIP_LZMA)],
                        "evil.py is compressed in a way that is not opened here: make a plain .zip"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_member_is_refused_by_name_and_the_rest_comes_out(name, take, tmp_path):
    members, reason = HOSTILE[name]
    files = [one if isinstance(one, tuple) else (one, b"evil") for one in members]
    taken = take([("good.py", b"good"), *files, ("last.py", b"last")])
    assert taken.told == [reason]
    assert there(tmp_path).items() >= {"good.py": b"good", "last.py": b"last"}.items()
    assert [path.name for path in tmp_path.rglob("evil.*") if path.read_bytes()] in ([], ["evil.py"])
    assert set(tmp_path.iterdir()) == {tmp_path / "in.zip", tmp_path / "out"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_refused_is_there_as_an_empty_file_with_the_reason(take, tmp_path):
    taken = take([("a/work.py", "1"), ("a/work.py", "2")])
    assert there(tmp_path) == {"a/work.py": b""}
    assert taken.refused == {tmp_path / "out/a/work.py": taken.told[0]}


def patched(data, offset, value, *, signature=b"PK\x01\x02"):
    """Return an archive with other bytes at a place of its directory's only entry."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def test_an_encrypted_file_is_refused(take):
    assert take(patched(zipped({"a.py": "x"}), 8, b"\1\0")).told == ["a.py is encrypted"]


def test_a_bomb_that_lies_about_its_size_is_not_inflated(take, tmp_path):
    data = zipped({"a.py": b"#" * 8 * 2**20})
    lie = struct.pack("<I", 10)
    taken = take(patched(patched(data, 24, lie), 22, lie, signature=b"PK\x03\x04"))
    assert taken.told == ["a.py is damaged"]
    assert there(tmp_path) == {"a.py": b""}


def test_data_that_say_another_sum_are_damaged(take):
    assert take(patched(zipped({"a.py": "x"}), 16, b"\0\0\0\0")).told == ["a.py is damaged"]


def test_what_is_inflated_is_counted_by_the_student(take, tmp_path):
    room = Room(100, 100, each=100, total=2**20, several=True)
    taken = take({"ann/a.py": b"#" * 60, "ann/b.py": b"#" * 60, "bob/a.py": b"#" * 60}, room)
    assert taken.told == ["ann/b.py is too much: with what is beside it there are more than 0 MiB"]
    assert there(tmp_path) == {"ann/a.py": b"#" * 60, "ann/b.py": b"", "bob/a.py": b"#" * 60}


def test_what_is_inflated_is_counted_together(take):
    room = Room(100, 100, each=2**21, total=2**20)
    assert take({"ann/a.py": b"#" * 2**19, "bob/b.py": b"#" * 2**19, "c/c.py": b"#"}, room).told == [
        "c/c.py is too much: the archive has more than 1 MiB in it"]  # fmt: skip


def test_more_members_than_there_may_be_are_not_even_listed(take):
    many = {f"{n}.txt": "" for n in range(400)}
    for entries in (399, 2):
        with pytest.raises(UnreadableError, match=f"in.zip holds more than {entries} files and folders"):
            take(many, Room(entries, 9, 2**20, 2**20))


def test_a_long_list_is_refused_before_it_is_held(take, monkeypatch):
    data = zipped({"n" * 200 + str(n): "" for n in range(100)})
    monkeypatch.setattr(archives, "CHUNK", 1000)
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # there is one for each member
    with pytest.raises(UnreadableError, match="in.zip holds more than 2 files and folders"):
        take(data, Room(2, 9, 2**20, 2**20))


def test_a_class_in_a_folder_is_counted_by_the_student_too(take, tmp_path):
    take({"notes.txt": "", **{f"class/s{n}/work.py": "" for n in range(9)}}, Room(99, 3, 2**20, 2**20, several=True))
    assert len(there(tmp_path)) == 10


def test_what_is_made_is_counted_by_the_student_and_what_matters_is_made_first(take, tmp_path):
    files = {"read me.txt": "", "ann/1.txt": "", "ann/2.txt": "", "ann/b/c/d.py": "", "ann/e.py": "", "bob/f.py": ""}
    told = take(files, Room(9, 5, 2**20, 2**20, several=True)).told
    assert told == [f"ann/{n}.txt is beyond the 5 files and folders of one student that are taken out" for n in (1, 2)]
    assert set(there(tmp_path)) == {"ann/b/c/d.py", "ann/e.py", "bob/f.py", "read me.txt"}


def test_what_was_refused_is_told_up_to_a_number(take):
    taken = take({f"/{n}.py": "" for n in range(60)})
    assert (len(taken.told), taken.untold) == (50, 10)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"Rar!\x1a\7\0", zipped({"a.py": "x"})[:-10]],
    ids=["nothing", "two letters", "a RAR", "a ZIP without its end"],  # by its bytes it has another name every second
)
def test_what_is_no_archive_is_told(data, take, tmp_path):
    with pytest.raises(UnreadableError, match="in.zip cannot be read: it is no whole .zip archive"):
        take(data)


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "in.zip").mkdir()
    with pytest.raises(UnreadableError, match="in.zip is not a file"):
        extract(tmp_path / "in.zip", tmp_path, (".py",), OF_STUDENT, "in.zip")
    with pytest.raises(UnreadableError, match="x.zip cannot be read: No such file or directory"):
        extract(tmp_path / "x.zip", tmp_path, (".py",), OF_STUDENT, "x.zip")


def test_a_full_disk_is_our_fault(take, monkeypatch):
    def full(*_arguments, **_keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    taking = archives._Taking(Path("/nowhere"), (".py",), OF_STUDENT, wrapped=False)
    with pytest.raises(FaultError, match="an archive cannot be taken out here: No space left on device"):
        taking.take(None, member("a/b.py", orig_filename="a/b.py"))


def test_students_archives_come_out_of_a_classs(take, tmp_path):
    take({"ann/work.zip": b"PK"}, OF_CLASS)
    assert there(tmp_path) == {"ann/work.zip": b"PK"}


@pytest.mark.parametrize(("name", "stem"), [("a.zip", "a"), ("a.b.TAR.GZ", "a.b"), ("a.py", "a"), ("a", "a")])
def test_a_name_without_its_kind(name, stem):
    assert archives.stem(name) == stem
