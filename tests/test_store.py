"""What was graded stays graded, whatever ends the grader, and of each attempt exactly one result is the current one."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from grader import __version__, database, store
from grader.content import Mark
from grader.database import MIGRATIONS
from grader.errors import FaultError, UsageError
from grader.marks import Given
from grader.policy import Late, Policy
from grader.report.json import render
from grader.roster import Student
from grader.store import About, Arrival, ClassList
from tests.conftest import ROOT
from tests.results import faulty, result

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path):
    with store.opened(tmp_path / "out") as kept:
        yield kept


def add(kept, *names, key="key", handed_in=None, late=False, **changes):
    """Keep a result for each name; a result whose content is the name, where it is for alice."""
    for name in names:
        one = faulty(name, **changes) if "fault" in changes else result(name, **changes)
        kept.add(one, key, Arrival(handed_in, late), {"work.py": f"# {name}"})


def hand_in(kept, *contents, **when):
    add(kept, *["alice"] * (not contents), **when)
    for content in contents:
        add(kept, "alice", sha256=content, **when)


def order(kept):
    """Return what alice handed in, in the order in which it first came, and in that in which it last came."""
    found = kept.attempts("alice")
    lasts = sorted(found, key=lambda handing: handing.last)
    return tuple("".join(handing.result.sha256 for handing in each) for each in (found, lasts))


# --- results ---------------------------------------------------------------------------------------------------------


def test_a_result_comes_back_as_it_was(kept):
    add(kept, "alice")
    (handing,) = kept.attempts("alice")
    assert (render(handing.result), handing.handed_in, handing.late) == (render(result()), None, False)


CURRENT = {
    "a fault after a result": (["good", "!ours"], "good"),
    "a result after a fault": (["!ours", "good"], "good"),
    "a fault, and another": (["!ours", "!ours again"], "!ours again"),
    "a result, and another": (["good", "better"], "better"),
    "a fault between two results": (["good", "!ours", "better"], "better"),
    "faults after a result": (["good", "!ours", "!ours again"], "good"),
}


@pytest.mark.parametrize(("gradings", "wanted"), CURRENT.values(), ids=CURRENT)
def test_the_latest_result_without_a_fault_is_the_current_one(kept, gradings, wanted):
    for said in gradings:
        fault = {"fault": said} if said.startswith("!") else {"stdout": said}
        add(kept, "alice", **fault)
        add(kept, "bob", stdout="of another")
    (handing,) = kept.attempts("alice")
    assert (handing.result.fault or handing.result.stdout) == wanted
    assert [one.result.fault or one.result.stdout for one in kept.history("alice")] == gradings


def test_history_tells_by_what_and_when_each_result_was_made(kept):
    before = datetime.now(UTC)
    add(kept, "alice", key="first")
    add(kept, "alice", key="second")
    first, second = kept.history("alice")
    assert [(one.key, one.grader) for one in (first, second)] == [("first", __version__), ("second", __version__)]
    assert before <= first.at <= second.at <= datetime.now(UTC)


def test_done_is_what_this_key_graded_last_and_without_a_fault(kept):
    add(kept, "alice", "bob", "cid")
    add(kept, "bob", key="another")
    add(kept, "dan", fault="ours")
    add(kept, "cid", fault="ours")  # the result of before still holds
    add(kept, "alice", sha256="1")
    assert kept.done("key") == {("alice", "0" * 64), ("alice", "1"), ("cid", "0" * 64)}
    assert kept.done("another") == {("bob", "0" * 64)}
    assert kept.done("never") == set()


def test_students_come_in_the_order_in_which_they_were_expected_and_only_with_results(kept):
    kept.expect(["cid", "alice", "nobody", "bob"])
    add(kept, "bob", "alice")
    kept.expect(["dan", "bob"])
    add(kept, "dan", "cid", "zoe")
    assert kept.students() == ["cid", "alice", "bob", "dan", "zoe"]


NAMES = {
    "empty": "", "SQL": "'; DROP TABLE results; --", "not ASCII": "Zoë 🦊", "a path": "../../etc",
    "long": "x" * 100_000, "lines": "a\nb", "wildcards": "%_",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_id_may_be_any_text(kept, name):
    add(kept, name, "alice")
    assert (kept.students(), kept.attempts(name)[0].result.id) == ([name, "alice"], name)
    assert kept.sources(name, "0" * 64) == {"work.py": f"# {name}"}


def test_half_a_character_that_a_student_printed_does_not_hurt(kept):
    add(kept, "alice", stdout="a\ud800b")
    assert kept.attempts("alice")[0].result.stdout == "a?b"


def test_sources_are_those_that_were_graded_last(kept):
    for texts in ({"a.py": "x\0\ud800", "b.py": "y"}, {"a.py": "x = 2"}):
        kept.add(result(), "key", Arrival(), texts)
    assert kept.sources("alice", "0" * 64) == {"a.py": "x = 2"}
    assert kept.sources("alice", "1") == kept.sources("bob", "0" * 64) == {}


def test_who_is_not_there_has_nothing(kept):
    assert (kept.attempts("alice"), kept.history("alice"), kept.marks("alice").by_names) == ([], [], {})


# --- attempts --------------------------------------------------------------------------------------------------------


def test_attempts_stand_in_the_order_of_their_times(kept):
    for content, hours in (("b", 2), ("c", 3), ("a", 1)):
        hand_in(kept, content, handed_in=NOON + timedelta(hours=hours))
    assert order(kept) == ("abc", "abc")


def test_times_of_any_zone_are_one_time(kept):
    far = timezone(timedelta(hours=-11))
    hand_in(kept, "b", handed_in=NOON.astimezone(far) + timedelta(microseconds=1))
    hand_in(kept, "a", handed_in=NOON)
    assert order(kept) == ("ab", "ab")
    assert kept.attempts("alice")[1].handed_in == NOON + timedelta(microseconds=1)


def test_without_times_attempts_stand_as_they_were_handed_to_the_store(tmp_path):
    for contents, wanted in (
        ("ba", ("ba", "ba")),
        ("c", ("bac", "bac")),
        ("b", ("bac", "acb")),
        ("a", ("bac", "cba")),
        ("dc", ("bacd", "badc")),
    ):
        with store.opened(tmp_path) as kept:
            hand_in(kept, *contents)
            assert order(kept) == wanted


@pytest.mark.parametrize("times", [True, False], ids=["with times", "without"])
@pytest.mark.parametrize("handed", ["abcd", "abcda", "abab", "abcdbb"])
def test_the_same_download_again_changes_nothing(tmp_path, handed, times):
    def run():
        with store.opened(tmp_path) as kept:
            for hour, content in enumerate(handed):
                when = NOON + timedelta(hours=hour) if times else None
                if ("alice", content) in kept.done("key"):
                    kept.seen("alice", content, Arrival(when))
                else:
                    hand_in(kept, content, handed_in=when)
            return order(kept), kept.attempts("alice")

    first = run()
    assert first[0][0] == "".join(dict.fromkeys(handed))
    assert first[0][1] == "".join(reversed(dict.fromkeys(reversed(handed))))
    assert [run(), run()] == [first, first]


def test_what_has_no_time_follows_what_arrived_before_it(kept):
    hand_in(kept, "a")
    hand_in(kept, "c", handed_in=NOON)
    hand_in(kept, "d")
    hand_in(kept, "b", handed_in=NOON - timedelta(days=1))
    assert order(kept) == ("abcd", "abcd")


def test_the_same_content_again_is_the_same_attempt(kept):
    """It stands where it was, with the earliest time that is known, and is what was handed in last."""
    hand_in(kept, "a", handed_in=NOON)
    hand_in(kept, "b", handed_in=NOON + timedelta(hours=1))
    kept.seen("alice", "a", Arrival(NOON + timedelta(hours=2)))
    kept.seen("alice", "a", Arrival())
    assert order(kept) == ("ab", "ba")
    assert kept.attempts("alice")[0].handed_in == NOON
    kept.seen("alice", "b", Arrival(NOON - timedelta(hours=1)))
    assert order(kept) == ("ba", "ba")
    assert kept.attempts("alice")[0].handed_in == NOON - timedelta(hours=1)
    assert len(kept.history("alice")) == 2


def test_a_time_that_comes_later_is_noted(kept):
    hand_in(kept)
    kept.seen("alice", "0" * 64, Arrival(NOON))
    assert kept.attempts("alice")[0].handed_in == NOON


@pytest.mark.parametrize(
    ("flags", "wanted"), [([True], True), ([True, True], True), ([True, False], False), ([False, True], False)]
)
def test_an_attempt_is_late_if_it_was_so_each_time(kept, flags, wanted):
    for late in flags:
        hand_in(kept, late=late)
    assert [one.late for one in kept.attempts("alice")] == [wanted]


# --- marks and the class ---------------------------------------------------------------------------------------------


def mark(student, score, item="why"):
    return Given("small", student, item, (2.0,), Mark(score, "Wörds\n", "0" * 64, (score,)))


def test_marks_stay_in_their_order(tmp_path):
    with store.opened(tmp_path) as kept:
        kept.add_marks([mark("alice", 1.0), mark("bob", 0.5)])
        kept.add_marks([mark("alice", 2.0), mark("alice", 0.0, "else")])
    with store.opened(tmp_path) as kept:
        assert kept.marks("alice").by_names == {
            ("small", "alice", "why"): [mark("alice", 1.0), mark("alice", 2.0)],
            ("small", "alice", "else"): [mark("alice", 0.0, "else")],
        }


ANN, BOB, CID = Student("17", "Ann Lee", "ann@x.org"), Student("18", "Bob"), Student("19")


def test_of_the_class_people_add_up_and_the_rest_is_what_was_said_last(kept):
    assert kept.class_list() == ClassList({}, [], [], [])
    kept.set_class(ClassList({"ann": ANN}, [BOB, CID], ["zoe", "dan"], ["x.zip: too large"]))
    assert kept.class_list() == ClassList({"ann": ANN}, [BOB, CID], ["zoe", "dan"], ["x.zip: too large"])
    kept.set_class(ClassList({"dan": BOB}, [ANN, CID]))  # ann, who handed in before, is not missing
    assert kept.class_list() == ClassList({"ann": ANN, "dan": BOB}, [CID], ["zoe"], [])


def test_a_run_without_a_list_says_nothing_of_who_is_missing(kept):
    kept.set_class(ClassList({}, [ANN]))
    kept.set_class(ClassList(refused=["x.zip: too large"]))
    assert kept.class_list() == ClassList({}, [ANN], [], ["x.zip: too large"])


# --- the file --------------------------------------------------------------------------------------------------------


def test_what_is_known_of_the_assignment_is_what_the_last_run_said(tmp_path):
    new = About("small", "Small things", Policy(Late(per_day=0.1), due=NOON))
    with store.opened(tmp_path) as kept:
        kept.begin(About("small"))
        kept.begin(new)
    with store.opened(tmp_path) as kept:
        assert kept.about == new


def test_a_folder_keeps_results_of_one_assignment(tmp_path, kept):
    kept.begin(About("naive_em"))
    with pytest.raises(UsageError) as caught:
        kept.begin(About("em"))
    assert str(caught.value) == (
        f"{tmp_path}/out/store.sqlite: results of naive_em are kept here, not of em: "
        "give each assignment a folder of its own"
    )
    assert kept.about.name == "naive_em"


def test_a_store_in_which_nothing_was_graded_says_so(kept):
    with pytest.raises(UsageError, match=r"store\.sqlite: nothing was graded here so far \(grader grade "):
        kept.about  # noqa: B018  # it raises


def test_a_temporary_store_is_gone_afterwards():
    with store.temporary() as kept:
        add(kept, "alice")
        assert kept.students() == ["alice"]
        folder = kept._path.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_only_one_file_stays(tmp_path):
    with store.opened(tmp_path / "deep" / "out") as kept:
        add(kept, "alice")
    assert os.listdir(tmp_path / "deep" / "out") == ["store.sqlite"]


COLOUR = ("ALTER TABLE assignment ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",)


def test_an_older_file_is_brought_to_the_newest_form_with_all_that_is_in_it(tmp_path):
    with store.opened(tmp_path) as kept:
        kept.begin(About("small"))
        add(kept, "alice")
    for _ in range(2):  # the second time it is new already
        with store.opened(tmp_path, (*MIGRATIONS, COLOUR)) as kept:
            assert (kept.students(), kept.about.name) == (["alice"], "small")
            assert kept._base.execute("SELECT colour FROM assignment").fetchall() == [("red",)]


def test_a_file_of_the_first_form_keeps_the_numbers_that_were_told(tmp_path):
    """There what came again had been put last."""
    with contextlib.closing(database.connected(tmp_path / store.FILENAME, MIGRATIONS[:1])) as base:
        base.execute("INSERT INTO students VALUES (1, 'alice')")
        for number, content, arrived in ((1, "a", 1), (2, "b", 0), (3, "c", 0)):  # as of two runs at once
            base.execute("INSERT INTO attempts VALUES (?, 1, ?, NULL, NULL, 0, ?)", (number, content, arrived))
            line = zlib.compress(render(result(sha256=content)).encode())
            base.execute("INSERT INTO results VALUES (?, ?, 0, 'key', '0', '', ?)", (number, number, line))
    with store.opened(tmp_path) as kept:
        assert order(kept) == ("bca", "bca")
        hand_in(kept, "d", "b")
        assert order(kept) == ("bcad", "cadb")


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    with store.opened(tmp_path) as kept:
        add(kept, "alice")
    failing = (*MIGRATIONS, (*COLOUR, "SELECT nonsense"))
    with (
        pytest.raises(UsageError, match="cannot be kept in this file: no such column: nonsense"),
        store.opened(tmp_path, failing),
    ):
        pass
    with store.opened(tmp_path, (*MIGRATIONS, COLOUR)) as kept:
        assert kept.students() == ["alice"]


def newer(tmp_path):
    with store.opened(tmp_path, (*MIGRATIONS, COLOUR)):
        return tmp_path


def foreign(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / store.FILENAME)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    return tmp_path


def no_database(tmp_path):
    (tmp_path / store.FILENAME).write_text("id,score\n" * 1000)
    return tmp_path


def a_folder_in_place_of_the_file(tmp_path):
    (tmp_path / store.FILENAME).mkdir()
    return tmp_path


def a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "out").touch()
    return tmp_path / "out"


def unwritable(tmp_path):
    return Path("/proc")  # so it is for root too


UNUSABLE = {
    newer: "{file}: a newer grader made this (its form is 3, and this grader knows those up to 2): update this one, or give another folder",
    foreign: "{file}: this is the database of another program: give the results another folder",
    no_database: "{file}: results cannot be kept in this file: file is not a database",
    a_folder_in_place_of_the_file: "{file}: results cannot be kept in this file: unable to open database file",
    a_file_in_place_of_the_folder: "{folder}: results cannot be kept in this folder: File exists",
    unwritable: "{file}: results cannot be kept in this file: unable to open database file",
}  # fmt: skip


@pytest.mark.parametrize(("make", "wanted"), UNUSABLE.items(), ids=[make.__name__ for make in UNUSABLE])
def test_what_cannot_be_a_store_is_told_in_a_line(tmp_path, make, wanted):
    folder = make(tmp_path)
    with pytest.raises(UsageError) as caught, store.opened(folder):
        pass
    assert str(caught.value) == wanted.format(folder=folder, file=folder / store.FILENAME)


def test_the_database_of_another_program_is_left_as_it_was(tmp_path):
    path = foreign(tmp_path) / store.FILENAME
    before = path.read_bytes()
    with pytest.raises(UsageError), store.opened(tmp_path):
        pass
    assert path.read_bytes() == before


def test_a_store_that_another_process_holds_for_too_long_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAITS", 0.05)
    with store.opened(tmp_path) as other:
        other._base.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(UsageError, match=r"store\.sqlite: results cannot be kept in this file: database is locked"),
            store.opened(tmp_path),
        ):
            pass
        other._base.execute("ROLLBACK")
        with contextlib.ExitStack() as stack:
            stack.enter_context(pytest.raises(FaultError, match=r"store\.sqlite: database is locked"))
            kept = stack.enter_context(store.opened(tmp_path))
            other._base.execute("BEGIN IMMEDIATE")
            add(kept, "alice")
        other._base.execute("ROLLBACK")
        assert other.students() == []


def test_who_opens_a_new_store_waits_for_another_who_does(tmp_path, monkeypatch):
    with contextlib.closing(sqlite3.connect(tmp_path / store.FILENAME, isolation_level=None)) as other:

        @contextlib.contextmanager
        def followed_by_the_others(base, transaction=database.transaction):
            with transaction(base):
                yield
            other.execute("BEGIN IMMEDIATE")

        monkeypatch.setattr(database, "transaction", followed_by_the_others)
        monkeypatch.setattr(database.time, "sleep", lambda _: other.in_transaction and other.execute("COMMIT"))
        with store.opened(tmp_path) as kept:
            assert kept.students() == []


def test_a_damaged_result_names_the_student_and_another_grading_mends_it(kept):
    add(kept, "alice")
    kept._base.execute("UPDATE results SET line = x'00'")
    with pytest.raises(
        FaultError, match=r"the result of alice cannot be read: Error .*: grade this student again, with --fresh$"
    ):
        kept.attempts("alice")
    add(kept, "alice")
    assert len(kept.attempts("alice")) == 1


# --- other processes -------------------------------------------------------------------------------------------------

KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from grader import store
from grader.store import Arrival
from tests.results import result

folder, chance = Path(sys.argv[1]), random.Random(7)
ids = [f"s{n:03}" for n in range(60)]

def grade(go, said):
    with store.opened(folder) as kept:
        kept.expect(ids)
        done = kept.done("key")
        for name in ids:
            if (name, "0" * 64) not in done:
                os.read(go, 1)
                kept.add(result(name), "key", Arrival(), {"work.py": name})
                os.write(said, name.encode())

def forked(adds=None):
    # end it when so many are kept and one is being kept, or let it finish
    (go, let_go), (heard, said) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.close(let_go)
        try:
            grade(go, said)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(said)
    for _ in range(adds or 0):
        os.write(let_go, b".")
        print(os.read(heard, 4).decode())
    if adds is not None:
        os.write(let_go, b".")
        time.sleep(chance.uniform(0, 0.003))
        os.kill(pid, signal.SIGKILL)
    os.close(let_go)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    while name := os.read(heard, 4):
        print(name.decode())
    print("status", status)

for _ in range(10):
    forked(chance.randrange(6))
forked()
"""

AT_ONCE = """
import os, sys
from pathlib import Path
from grader import store
from grader.store import Arrival
from tests.results import result

def grade(own):
    with store.opened(Path(sys.argv[1])) as kept:
        for n in range(40):
            for name in (f"{own}{n}", f"both{n}"):
                kept.add(result(name), own, Arrival(), {})

children = []
for own in ("one", "two"):
    pid = os.fork()
    if not pid:
        try:
            grade(own)
            os._exit(0)
        finally:
            os._exit(1)
    children.append(pid)
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
"""


def run(program, folder):
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it kills processes that it forks")
def test_killed_at_ten_moments_and_rerun_every_submission_has_exactly_one_result(tmp_path):
    said = run(KILLED, tmp_path)
    names = [word for word in said if word.startswith("s") and word != "status"]
    statuses = [status for before, status in zip(said, said[1:], strict=False) if before == "status"]
    assert statuses == ["-9"] * 10 + ["0"]
    assert len(names) == len(set(names)) >= 50  # what was added once is never added again
    with store.opened(tmp_path) as kept:
        assert kept.students() == [f"s{n:03}" for n in range(60)]
        assert {name: len(kept.history(name)) for name in kept.students()} == dict.fromkeys(kept.students(), 1)
        assert [len(kept.attempts(name)) for name in kept.students()] == [1] * 60
        assert [kept.sources(name, "0" * 64) for name in names] == [{"work.py": name} for name in names]
        assert kept._base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks the two")
def test_two_that_grade_at_once_lose_nothing(tmp_path):
    assert run(AT_ONCE, tmp_path) == ["[0,", "0]"]
    with store.opened(tmp_path) as kept:
        assert len(kept.students()) == 120
        assert sorted(one.key for n in range(40) for one in kept.history(f"both{n}")) == ["one"] * 40 + ["two"] * 40
        assert [len(kept.attempts(name)) for name in kept.students()] == [1] * 120
        assert kept._base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


DAMAGE = {
    "a result that is no data": ("UPDATE results SET line = 'text'", "the result of alice cannot be read: a bytes-like", "grade this student again, with --fresh"),
    "code": ("UPDATE sources SET texts = x'00'", "the code of alice cannot be read: Error", "grade this student again, with --fresh"),
    "a time": ("UPDATE attempts SET first_in = 'noon'", "when alice handed in cannot be read: Invalid", "grade into another folder"),
    "the policy": ("UPDATE assignment SET policy = '{'", "what is known of the assignment cannot be read: 1 validation error for Policy", "grade again"),
    "the list": ("UPDATE class SET missing = '['", "the class's list cannot be read: Expecting value", "grade into another folder"),
    "no list": ("DELETE FROM class", "the class's list cannot be read: ", "grade into another folder"),
    "a mark": ("INSERT INTO marks (submission, line) VALUES ('alice', '{')", "a mark of alice cannot be read: this is no mark", "grade into another folder"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "what", "then"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_told_in_a_line_with_what_to_do(kept, statement, what, then):
    kept.begin(About("small"))
    add(kept, "alice", sha256="1")
    kept._base.execute(statement)
    with pytest.raises(FaultError) as told:
        (kept.about, kept.class_list(), kept.attempts("alice"), kept.sources("alice", "1"), kept.marks("alice"))
    line = str(told.value)
    assert what in line
    assert line.endswith(then)
    assert "\n" not in line


def test_a_damaged_file_is_told_with_what_to_do(tmp_path):
    with store.opened(tmp_path) as kept:
        for n in range(200):
            add(kept, f"student {n}")
    with (tmp_path / store.FILENAME).open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(40_000))
    with (
        pytest.raises(FaultError, match="keep a copy of this file, and grade into another folder$"),
        store.opened(tmp_path) as kept,
    ):
        [kept.attempts(student) for student in kept.students()]


def test_what_could_not_be_read_stands_until_it_is(tmp_path):
    def contents(*handed):
        with store.opened(tmp_path) as kept:
            hand_in(kept, *handed)
            return [one.result.sha256 for one in kept.attempts("alice")]

    assert contents(store.UNREAD) == [store.UNREAD]
    assert contents("1") == ["1"]
    assert contents("1", store.UNREAD) == ["1", store.UNREAD]
    assert contents("1") == ["1"]
    assert contents("1", "2", store.UNREAD) == ["1", "2", store.UNREAD]
