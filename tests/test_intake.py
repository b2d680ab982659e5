"""What an instructor drops in becomes handings in by students, however platforms pack them, and none is lost."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader import submitters
from grader.errors import UsageError
from grader.handin import Submission
from grader.intake import taken_in
from grader.roster import Roster, Student
from grader.store import FILENAME
from tests.conftest import write
from tests.test_archives import zipped

WORK = Submission(file="work.py")
BOTH = Submission(file="work.py", answers="answers.yaml")
ANN, BOB = Student("ann", "Ann Lee", "ann@x.org"), Student("bob", "Bób Müller", "bob@x.org")
CLASS = Roster((ANN, BOB))
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def taken(*paths, wanted=WORK, roster=None):
    """Return what was taken in, with each entry as (id, code or its problem)."""
    with taken_in(paths, wanted, roster) as intake:
        read = [(entry.id, entry.read()) for entry in intake.entries]
    assert all(name == submission.id for name, submission in read)
    return intake, [(name, work.code.problem or work.code.files[work.code.main].decode()) for name, work in read]


def both_ways(tmp_path, files):
    """Yield a download as a folder, as an archive, and as one with everything in a folder."""
    yield write(tmp_path / "down", files)
    yield write(tmp_path, {"down.zip": zipped(files)}) / "down.zip"
    yield (
        write(
            tmp_path, {"up.zip": zipped({f"top/{name}": text for name, text in files.items()} | {"__MACOSX/._top": ""})}
        )
        / "up.zip"
    )


DOWNLOADS = {
    "folders": ({"ann/work.py": "1", "bob/work.py": "2", "cid/notes.txt": ""},
                {"ann": "1", "bob": "2", "cid": "no work.py was handed in (but notes.txt)"}),
    "files": ({"ann.py": "1", "bob.py": "2", ".DS_Store": "", "._ann.py": ""}, {"ann": "1", "bob": "2"}),
    "moodle": ({"Ann Lee_12_assignsubmission_file/work.py": "1", "Bob_13_assignsubmission_file_/a/work.py": "2",
                "Ann Lee_14_assignsubmission_file_/x.txt": "", "Eve_15_assignsubmission_onlinetext_/o.html": ""},
               {"Ann Lee_12": "1", "Bob_13": "2", "Ann Lee_14": "no work.py was handed in (but x.txt)",
                "Eve_15": "no work.py was handed in (but o.html)"}),
    "moodle's files": ({"Ann Lee_12_assignsubmission_file_work.py": "import aid", "Ann Lee_12_assignsubmission_file_aid.py": "",
                        "Bob_13_assignsubmission_file_x_14_assignsubmission_file_work.py": ""},
                       {"Ann Lee_12": "import aid",
                        "Bob_13": "no work.py was handed in (but x_14_assignsubmission_file_work.py)"}),
    "canvas": ({"leeann_12_670_work.py": "1", "müllerbob_LATE_13_671_work.py": "2", "x_14_672_notes.txt": "",
                "x_15_673_12_670_work.py": ""},
               {"leeann_12": "1", "müllerbob_13": "2", "x_14": "no work.py was handed in (but notes.txt)",
                "x_15": "no work.py was handed in (but 12_670_work.py)"}),
    "gradescope": ({"submission_7/work.py": "1", "submission_8/work.py": "2", "submission_9/work.py": "3",
                    "submission_metadata.yml": """
                        submission_7:
                          :submitters:
                          - :name: Ann Lee
                            :sid: 007
                            :email: ann@x.org
                          - :name: Bob
                            :email: bob@x.org
                        submission_8: {':submitters': [{':name': Cid, ':sid': }]}
                    """},
                   {"007": "1", "bob@x.org": "1", "Cid": "2", "submission_9": "3"}),
    "gradescope's folders": ({"submission_7/work.py": "1", "submission_7/submission_metadata.yml": ":submitters: [{':sid': ann}]",
                              "submission_8/work.py": "2"},
                             {"ann": "1", "submission_8": "2"}),
    "clones": ({"em-ann/work.py": "1", "em-bob/src/work.py": "2", "em-bob/.git/work.py": ""}, {"em-ann": "1", "em-bob": "2"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_is_understood_unpacked_and_packed(name, tmp_path):
    files, expected = DOWNLOADS[name]
    files = {name: text.replace("\n" + " " * 24, "\n") for name, text in files.items()}
    for path in both_ways(tmp_path, files):
        intake, read = taken(path)
        assert dict(read) == expected, path
        assert (len(read), intake.refused, intake.unknown, intake.missing) == (len(expected), (), (), ())


def test_what_samples_must_get_is_no_submission(tmp_path):
    files = {
        "samples/right/answers.yaml": "q: 1",
        "samples/wrong/answers.yaml": "q: 2",
        "samples/expected.yaml": "right: {}",
    }
    for path in both_ways(tmp_path, files):
        with taken_in([path], Submission(answers="answers.yaml"), None) as intake:
            assert ([entry.id for entry in intake.entries], intake.refused) == (["right", "wrong"], ())
    folder = write(tmp_path / "class", {"expected.yaml": "q: 1", "ann.yaml": "q: 2"})
    with taken_in([folder], Submission(answers="answers.yaml"), None) as intake:
        assert [entry.id for entry in intake.entries] == ["ann", "expected"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    folder = write(tmp_path / "class", {"ann/work.py": "1", "bob/work.py": "2"})
    with taken_in([folder], WORK, None) as intake:
        (folder / "ann/work.py").write_text("3")
        shutil.rmtree(folder / "bob")
        assert [entry.read().code.files for entry in intake.entries[:1]] == [{"work.py": b"3"}]
        assert intake.entries[1].read().code.absent


def test_what_was_taken_out_is_gone_at_the_end(tmp_path):
    path = write(tmp_path, {"class.zip": zipped({"ann/work.py": "1"})}) / "class.zip"
    with taken_in([path], WORK, None) as intake:
        folder = intake.entries[0].read.args[0].path
        assert folder.is_dir()
    assert not folder.exists()


def test_an_archive_of_one_file_is_called_by_the_archive(tmp_path):
    assert taken(write(tmp_path, {"ann.zip": zipped({"work.py": "1"})}) / "ann.zip")[1] == [("ann", "1")]


def test_code_and_answers_of_one_name_belong_together(tmp_path):
    folder = write(tmp_path / "flat", {"ann.py": "1", "ann.json": "{}", "bob.py": "2"})
    with taken_in([folder], BOTH, None) as intake:
        ann, bob = (entry.read() for entry in intake.entries)
    assert (set(ann.files), set(bob.files), bob.sheet.absent) == ({"work.py", "answers.json"}, {"work.py"}, True)


def test_canvas_resubmissions_are_attempts_in_order_with_what_was_beside_them(tmp_path):
    folder = write(tmp_path / "canvas", {
        "lee_12_5_work.py": "import aid", "lee_12_6_aid.py": "a = 0", "lee_LATE_12_9_work-2.py": "import aid  # 2",
        "lee_12_8_work-1.py": "import aid  # 1", "lee_12_7_aid-1.py": "a = 1",
    })  # fmt: skip
    with taken_in([folder], WORK, None) as intake:
        read = [(entry.id, entry.late, entry.read().code.files) for entry in intake.entries]
    assert read == [
        ("lee_12", False, {"work.py": b"import aid", "aid.py": b"a = 0"}),
        ("lee_12", False, {"work.py": b"import aid  # 1", "aid.py": b"a = 1"}),
        ("lee_12", True, {"work.py": b"import aid  # 2", "aid.py": b"a = 1"}),
    ]


@pytest.mark.parametrize(
    "where", ["ann/hw.zip", "ann.zip", "lee_12_670_hw.zip", "Ann_1_assignsubmission_file/a/hw.ZIP"]
)
@pytest.mark.parametrize(
    ("inner", "read"),
    [
        (zipped({"hw/work.py": "1"}), "1"),
        (zipped({"hw/wrk.py": "1"}), "no work.py was handed in (but hw/wrk.py)"),
        (zipped({"hw/work.py": "1" * (2**20 + 1)}), "hw/work.py has 1.0 MiB; a file may have 1 MiB"),
        (zipped({"../work.py": "1"}), "{}: ../work.py leads out of the folder"),
        (zipped({"hw.zip": zipped({"work.py": "1"})}), "{}: hw.zip is an archive in an archive, which is not opened"),
        (b"PK", "{} cannot be read: it is no whole .zip archive"),
    ],
)  # fmt: skip
def test_a_students_archive_is_looked_into(where, inner, read, tmp_path):
    folder = write(tmp_path / "class", {where: inner, "bob/work.py" if "/" in where else "bob.py": "2"})
    label = where.partition("/")[2] or where
    assert taken(folder)[1][0][1] == read.format(label)


@pytest.mark.parametrize("kind", ["rar", "7z", "tar.gz"])
def test_an_archive_of_another_kind_says_what_to_hand_in(kind, tmp_path):
    problem = f"hw.{kind} is an archive of a kind that is not opened: hand in work.py itself, or a .zip with it"
    files = {f"ann/hw.{kind}": "x", "bob/work.py": "2"}
    assert all(taken(path)[1] == [("ann", problem), ("bob", "2")] for path in both_ways(tmp_path, files))
    with pytest.raises(UsageError) as caught:
        taken(write(tmp_path, {f"c.{kind}": "x"}) / f"c.{kind}")
    assert str(caught.value).endswith(
        f"c.{kind}: an archive of this kind is not opened: unpack it, or make a .zip of it"
    )


def test_two_archives_are_told(tmp_path):
    folder = write(tmp_path / "class", {"ann/1.zip": "", "ann/2.rar": "", "bob/work.py": "2"})
    assert taken(folder)[1][0] == ("ann", "no work.py was handed in, but 2 archives: 1.zip, 2.rar")


@pytest.mark.parametrize("where", ["ann/hw.zip", "ann.zip", "lee_12_670_hw.zip"])
def test_what_was_left_out_of_a_students_archive_is_told_beside_the_good(where, tmp_path):
    packed = zipped({"work.py": "1"} | {f"../../evil{n}.py": "" for n in range(5)})
    folder = write(tmp_path / "class", {where: packed, "bob/work.py" if "/" in where else "bob.py": "2"})
    label = where.partition("/")[2] or where
    with taken_in([folder], WORK, None) as intake:
        ann, bob = (entry.read() for entry in intake.entries)
    assert ann.files == {"work.py": b"1"}
    assert ann.refused == (
        *(f"Left out of {label}: ../../evil{n}.py leads out of the folder." for n in range(3)),
        f"Left out of {label}: and 2 more.",
    )
    assert ann.sha256 != replace(ann, refused=()).sha256
    assert bob.refused == ()


def test_an_archive_that_links_out_is_not_followed(tmp_path):
    folder = write(tmp_path, {"secret.zip": zipped({"work.py": "1"}), "class/ann/x.txt": ""}) / "class"
    (folder / "ann/hw.zip").symlink_to(tmp_path / "secret.zip")
    (folder / "bob").mkdir()
    assert taken(folder)[1][0] == ("ann", "hw.zip is a link out of the folder, which is not followed")


def test_what_is_refused_is_told_to_the_instructor_and_the_student(tmp_path):
    files = {"ann/work.py": "#" * (2**20 + 1), "../../bob/work.py": "1", "cid/work.py": "3"}
    path = write(tmp_path, {"class.zip": zipped(files)}) / "class.zip"
    intake, read = taken(path)
    assert read == [("ann", "ann/work.py has 1.0 MiB; a file may have 1 MiB"), ("cid", "3")]
    assert intake.refused == (f"{path}: {read[0][1]}", f"{path}: ../../bob/work.py leads out of the folder")


def test_a_refused_file_of_a_flat_archive_is_its_students_problem(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.archives.LARGEST_NOTEBOOK", 2**20)
    path = write(tmp_path, {"c.zip": zipped({"lee_1_2_work.py": "#" * 2**21, "a.zip": "#" * 2**21})}) / "c.zip"
    assert taken(path)[1] == [("lee_1", "lee_1_2_work.py has 2.0 MiB; a file may have 1 MiB"),
                              ("a", "a.zip has 2.0 MiB; a file may have 1 MiB")]  # fmt: skip


def test_a_refused_helper_is_not_there(tmp_path):
    path = write(tmp_path, {"c.zip": zipped({"ann/work.py": "import aid", "ann/aid.py": "#" * 2**21})}) / "c.zip"
    with taken_in([path], WORK, None) as intake:
        assert intake.entries[0].read().files == {"work.py": b"import aid"}


def test_more_than_a_screen_of_refusals_is_cut(tmp_path):
    path = write(tmp_path, {"c.zip": zipped({"ann/work.py": "1"} | {f"/{n}": "" for n in range(60)})}) / "c.zip"
    told = taken(path)[0].refused
    assert (len(told), told[-1]) == (51, f"{path}: and 10 more")


MISUSED = {
    "nobody.zip": (None, "nobody.zip: no such file or folder"),
    "bad.zip": (b"PK", "bad.zip cannot be read: it is no whole .zip archive"),
    "none.zip": (zipped({"x.txt": ""}), "none.zip: no work.py here, and no folders with one"),
    "both.zip": (zipped({"work.py": "", "a/work.py": "", "b/work.py": ""}),
                 "both.zip: a work.py here, and 2 in folders of it: which are meant?"),
    "gs.zip": (zipped({"submission_1/work.py": "", "submission_metadata.yml": "a: ] 1"}),
               "gs.zip: submission_metadata.yml cannot be read: line 1 is not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSED)
def test_an_archive_without_submissions_gets_one_line(name, tmp_path, monkeypatch):
    data, message = MISUSED[name]
    monkeypatch.chdir(write(tmp_path, {name: data} if data else {}))
    with pytest.raises(UsageError) as caught:
        taken(Path(name))
    assert str(caught.value) == message


def test_two_plain_folders_of_one_name_are_an_error_with_a_list_too(tmp_path):
    write(tmp_path, {"one/ann/work.py": "", "two/ann/work.py": "", "two/bob/work.py": ""})
    for roster in (None, CLASS):
        with pytest.raises(UsageError, match="two submissions are called 'ann'"):
            taken(tmp_path / "one", tmp_path / "two", roster=roster)


def test_of_two_downloads_the_same_student_has_handed_in_twice(tmp_path):
    name = "Ann_1_assignsubmission_file/work.py"
    write(tmp_path, {f"two/{name}": "1", f"one/{name}": "2", "one/Bob_2_assignsubmission_file/work.py": "3"})
    assert taken(tmp_path / "two", tmp_path / "one")[1] == [("Ann_1", "1"), ("Ann_1", "2"), ("Bob_2", "3")]


def export(number, hour, **who):
    about = "".join(f"\n    :{key}: {value}" for key, value in who.items()).replace("\n    ", "\n  - ", 1)
    return {
        f"submission_{number}/work.py": str(number),
        "submission_metadata.yml": f"submission_{number}:\n  :submitters:{about}\n  :created_at: 2024-03-01 {hour}:00:00.5000 Z",
    }


def test_times_put_attempts_in_order(tmp_path):
    write(tmp_path / "one", export(1, 13, sid="ann"))
    write(tmp_path / "two", export(2, 11, sid="ann"))
    intake, read = taken(tmp_path / "one", tmp_path / "two")
    assert (read, [entry.handed_in for entry in intake.entries]) == (
        [("ann", "2"), ("ann", "1")], [NOON.replace(hour=11), NOON.replace(hour=13)])  # fmt: skip


def test_a_lists_time_is_that_of_the_last_attempt(tmp_path):
    folder = write(tmp_path / "canvas", {"leeann_LATE_1_2_work.py": "1", "leeann_LATE_1_3_work-1.py": "2"})
    intake, _ = taken(folder, roster=Roster((Student("ann", "Ann Lee", handed_in=NOON),)))
    assert [(entry.handed_in, entry.late) for entry in intake.entries] == [(None, True), (NOON, False)]


LISTED = {
    "folders": {"ANN/work.py": "1", "zoe/work.py": "2"},
    "moodle": {"Ann Lee_12_assignsubmission_file/work.py": "1", "Zoe_13_assignsubmission_file/work.py": "2"},
    "canvas": {"leeann_12_670_work.py": "1", "zoe_13_671_work.py": "2"},
    "gradescope": {"submission_7/work.py": "1", "submission_8/work.py": "2", "submission_metadata.yml":
                   "submission_7: {':submitters': [{':name': A, ':email': ann@x.org}]}\nsubmission_8: {}"},
    "clones": {"em-1-ann/work.py": "1", "em-1-zoe/work.py": "2"},
}  # fmt: skip


@pytest.mark.parametrize("name", LISTED)
def test_students_are_found_in_the_list_and_the_missing_told(name, tmp_path):
    intake, read = taken(write(tmp_path / "class", LISTED[name]), roster=CLASS)
    assert read[0] == ("ann", "1")
    assert (intake.students, intake.missing, len(intake.unknown)) == ({"ann": ANN}, (BOB,), 1)
    assert intake.unknown[0] == read[1][0]


def test_two_who_look_like_one_student_are_neither(tmp_path):
    folder = write(
        tmp_path / "m", {f"{name}_assignsubmission_file/work.py": "" for name in ("Ann Lee_1", "ann  lee_2")}
    )
    intake, _ = taken(folder, roster=CLASS)
    assert (intake.students, intake.unknown) == ({}, ("Ann Lee_1", "ann  lee_2"))
    assert intake.refused == ("Ann Lee_1, ann  lee_2 look like 'ann' of the list: none of them is taken for it",)


def test_who_has_the_very_id_is_the_student(tmp_path):
    intake, read = taken(write(tmp_path / "c", {"Ann/work.py": "1", "ann/work.py": "2"}), roster=CLASS)
    assert (intake.unknown, dict(read)["ann"]) == (("Ann",), "2")
    assert intake.refused == ("Ann, ann look like 'ann' of the list: only that one is taken for it",)


def test_nobody_hands_in_for_another_by_the_end_of_a_username(tmp_path):
    folder = write(tmp_path / "c", {"em-bob/work.py": "1", "em-x-ann/work.py": "2", "em-Zoe/work.py": "3"})
    intake, read = taken(folder, roster=CLASS)
    assert (read[0], intake.missing, intake.unknown) == (("em-Zoe", "3"), (ANN,), ("em-Zoe", "em-x-ann"))


def test_one_student_in_two_folders_of_an_export_is_neither(tmp_path):
    folder = write(tmp_path / "gs", {f"submission_{n}/{file}": text for n in (1, 2) for file, text in (
        ("work.py", str(n)), ("submission_metadata.yml", ":submitters:\n- {':sid': ann}"))})  # fmt: skip
    intake, read = taken(folder, roster=CLASS)
    assert read == [("submission_1 ann", "1"), ("submission_2 ann", "2")]
    assert intake.refused == ("ann is in 2 folders of the export, each of which keeps its folder's name",)


def test_what_a_student_may_have_written_of_a_folder_is_held_to_its_form(tmp_path):
    about = {"1": "[" * 60_000, "2": "x" * 70_000, "3": "- 1", "4": ":submitters: {}", "5": b"\xff"}
    folder = write(tmp_path / "gs", {f"submission_{n}/submission_metadata.yml": text for n, text in about.items()})
    reasons = ["it is nested too deep", "it has more than 64 KiB", "it is not a mapping, as Gradescope writes it"]
    intake, read = taken(folder)
    assert [name for name, _ in read] == [f"submission_{n}" for n in about]
    assert intake.refused == tuple(
        f"submission_{n}/submission_metadata.yml was not used: {reason}"
        for n, reason in zip("1235", [*reasons, "it is not UTF-8"], strict=True)
    )


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2024-03-01 12:00:00.123456789 Z", 12), ("2024-03-01T12:00:00+02:00", 10), ("2024-03-01 12:00:00", None),
     ("2024-13-01 12:00:00 Z", None), ("[1]", None), ("noon", None)],
)  # fmt: skip
def test_a_time_is_one_with_its_zone(text, hour):
    assert submitters.parse_one(f":created_at: {text}".encode()).time == (hour and NOON.replace(hour=hour))


def test_no_more_people_than_work_together_hand_in_together():
    people = "".join(f"- {{':sid': s{n}}}\n" for n in range(50))
    assert len(submitters.parse_one(f":submitters:\n{people}- 3\n".encode()).people) == submitters.MOST


def test_links_in_a_flat_folder_are_not_followed_even_to_its_files(tmp_path):
    folder = write(tmp_path, {"flat/bob.py": "2", "flat/hw.txt": ""}) / "flat"
    names = {"ann": "ann.py", "lee_1": "lee_1_2_work.py", "zoe": "zoe.zip"}
    for name in names.values():
        (folder / name).symlink_to("bob.py")
    problems = {student: f"{name} is a link, which is not followed" for student, name in names.items()}
    assert dict(taken(folder)[1]) == {"bob": "2", **problems}


def test_entries_are_read_in_many_threads(tmp_path):
    files = {f"s{n}/hw.zip": zipped({"work.py": str(n)}) for n in range(20)}
    with taken_in([write(tmp_path / "c", files)], WORK, None) as intake, ThreadPoolExecutor(8) as threads:
        read = threads.map(lambda entry: (entry.id, entry.read().code.files["work.py"]), intake.entries)
        assert dict(read) == {f"s{n}": str(n).encode() for n in range(20)}


def test_canvas_students_are_found_by_their_number_where_the_list_has_no_names(tmp_path):
    folder = write(tmp_path / "c", {"leeann_12_670_work.py": "1", "x_13_671_work.py": "2"})
    assert taken(folder, roster=Roster((Student("12"), Student("13", "Eve"))))[1] == [("12", "1"), ("13", "2")]


def test_refusals_of_many_archives_are_cut_together(tmp_path):
    many = {f"/{n}": "" for n in range(60)}
    write(tmp_path, {f"{name}.zip": zipped({f"{name}/work.py": "1", **many}) for name in ("a", "b")})
    told = taken(tmp_path / "a.zip", tmp_path / "b.zip")[0].refused
    assert (len(told), told[-1]) == (51, "and 52 more")


def test_results_among_what_was_handed_in_are_no_submission(tmp_path):
    folder = write(tmp_path / "c", {"ann/work.py": "1", "results/store.sqlite": "", "results/work.py": "no"})
    flat = write(tmp_path / "f", {"ann.py": "1", "results/store.sqlite": ""})
    moodle = write(tmp_path / "m", {"A_1_assignsubmission_file/work.py": "1", "results/store.sqlite": ""})
    for path in (folder, flat, moodle):
        with taken_in([path], WORK, None, path / "x" / ".." / "results") as intake:
            assert [entry.read().code.files["work.py"] for entry in intake.entries] == [b"1"]
    with taken_in([folder], WORK, None, flat / "results") as intake:  # another of the same name
        assert [entry.id for entry in intake.entries] == ["ann", "results"]


def test_results_have_a_folder_of_their_own(tmp_path):
    folder = write(tmp_path / "c", {"ann/work.py": "1"})
    one_line = "what was handed in is here, so results need a folder of their own$"
    with pytest.raises(UsageError, match=one_line), taken_in([folder], WORK, None, folder / "."):
        pass


def test_a_display_name_that_has_the_form_of_a_folder_is_still_a_name(tmp_path):
    mallory = "Bob_13_assignsubmission_file_x_99_assignsubmission_file_"
    folder = write(tmp_path / "c", {"Bob_13_assignsubmission_file/work.py": "1", f"{mallory}/work.py": "2"})
    assert dict(taken(folder)[1]) == {"Bob_13": "1", "Bob_13_assignsubmission_file_x_99": "2"}


def test_what_comes_late_beside_a_file_that_is_in_time_is_late(tmp_path):
    folder = write(tmp_path / "c", {"leeann_12_670_work.py": "import aid", "leeann_LATE_12_671_aid.py": "1"})
    assert [entry.late for entry in taken(folder)[0].entries] == [True]


def test_an_archive_that_links_to_itself_is_not_followed(tmp_path):
    folder = write(tmp_path / "c", {"ann/x.txt": "", "bob/x.txt": ""})
    (folder / "ann/hw.zip").symlink_to("hw.zip")
    assert taken(folder)[1][0] == ("ann", "hw.zip is a link out of the folder, which is not followed")


LEFT_OUT = "was left out: it is no .py file, no folder and no archive"


def test_folders_and_loose_files_are_both_taken_and_the_rest_is_told(tmp_path):
    files = {"anna/work.py": "1", "carl.py": "2", "dora.zip": zipped({"work.py": "3"}), "eve.docx": "", "Thumbs.db": "",
             "leeann_12_670_work.py": "4", "Bob_13_assignsubmission_file_work.py": "5"}  # fmt: skip
    for n, path in enumerate(both_ways(tmp_path, files)):
        intake, read = taken(path)
        assert dict(read) == {"anna": "1", "carl": "2", "dora": "3", "leeann_12": "4", "Bob_13": "5"}
        assert intake.refused == (f"{path}: " * (n > 0) + f"eve.docx {LEFT_OUT}",)


def test_loose_files_beside_an_export_are_taken_too(tmp_path):
    folder = write(tmp_path / "gs", DOWNLOADS["gradescope's folders"][0] | {"zoe.py": "3", "read.me": ""})
    intake, read = taken(folder)
    assert (dict(read), intake.refused) == (
        {"ann": "1", "submission_8": "2", "zoe": "3"}, (f"read.me {LEFT_OUT}",))  # fmt: skip


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_is_found_below_what_is_named_and_in_the_only_archive_there(name, tmp_path):
    files, expected = DOWNLOADS[name]
    files = {name: text.replace("\n" + " " * 24, "\n") for name, text in files.items()}
    write(tmp_path / "one/hw/x", files)
    (tmp_path / "one/read.me").touch()
    assert dict(taken(tmp_path / "one")[1]) == expected
    write(tmp_path / "two", {"down.zip": zipped(files), ".DS_Store": ""})
    write(tmp_path, {"two.zip": zipped({"down.zip": zipped(files)})})
    if name != "files":
        assert [dict(taken(tmp_path / two)[1]) for two in ("two", "two.zip")] == [expected] * 2


def test_what_was_refused_of_the_only_archive_is_told(tmp_path):
    folder = write(tmp_path / "c", {"m.zip": zipped({"ann/work.py": "1", "bob/work.py": "2", "../x.py": ""})})
    assert taken(folder)[0].refused == (f"{folder / 'm.zip'}: ../x.py leads out of the folder",)


ALONE = {
    "a student's folder": ({"ann/work.py": "1"}, {"ann": "1"}),
    "a student's folder with a folder": ({"ann/src/work.py": "1"}, {"ann": "1"}),
    "a student's work beside older work": ({"ann/work.py": "1", "ann/a/work.py": "", "ann/b/work.py": ""}, {"ann": "1"}),
    "a student's file of another name": ({"ann/wrk.py": "1"}, {"ann": "no work.py was handed in (but wrk.py)"}),
    "a student's archive": ({"ann.zip": zipped({"work.py": "1"})}, {"ann": "1"}),
    "a student's archive of a folder": ({"ann.zip": zipped({"hw/work.py": "1"})}, {"ann": "1"}),
    "no archive": ({"ann.zip": b"PK"}, {"ann": "ann.zip cannot be read: it is no whole .zip archive"}),
    "an archive from Canvas": ({"leeann_1_2_hw.zip": zipped({"a/work.py": "1", "b/work.py": "2"})},
                               {"leeann_1": "there are 2 files named work.py: a/work.py, b/work.py"}),
    "a folder from Moodle": ({"Ann_1_assignsubmission_file/hw.zip": zipped({"work.py": "1"})}, {"Ann_1": "1"}),
    "folders of one from Moodle": ({"Ann_1_assignsubmission_file/a/work.py": "", "Ann_1_assignsubmission_file/b/work.py": ""},
                                   {"Ann_1": "there are 2 files named work.py: a/work.py, b/work.py"}),
    "a folder beside a file": ({"hw/ann/work.py": "1", "hw/bob/work.py": "2", "cid.py": "3"},
                               {"hw": "there are 2 files named work.py: ann/work.py, bob/work.py", "cid": "3"}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_what_is_clearly_no_class_is_not_gone_into(name, tmp_path):
    files, expected = ALONE[name]
    assert dict(taken(write(tmp_path / "class", files))[1]) == expected


def test_a_folder_that_is_a_link_is_not_gone_into(tmp_path):
    write(tmp_path / "real", {"ann/work.py": "1", "bob/work.py": "2"})
    (tmp_path / "class").mkdir()
    (tmp_path / "class/hw").symlink_to(tmp_path / "real")
    assert taken(tmp_path / "class")[1] == [("hw", "the folder is a link, which is not followed")]


def test_results_are_not_taken_for_what_was_handed_in(tmp_path):
    folder = write(tmp_path / "results", {FILENAME: "", "feedback/ann.html": "", "executed/ann.ipynb": ""})
    with pytest.raises(UsageError) as caught:
        taken(folder)
    assert str(caught.value) == f"{folder}: results are here (store.sqlite): name what was handed in"
    assert taken(write(tmp_path / "ann", {FILENAME: "", "work.py": "1"}))[1] == [("ann", "1")]


def test_a_path_that_may_not_be_looked_at_is_told(tmp_path, monkeypatch):
    def may_not(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", may_not)
    with pytest.raises(UsageError, match=r"/ann: Permission denied$"):
        taken(tmp_path / "ann")


def test_clones_are_found_by_the_lists_github_usernames(tmp_path):
    folder = write(tmp_path / "c", {f"em-{name}/work.py": name for name in ("Ann-Lee", "bob", "x-ann-lee")})
    roster = Roster((Student("s1", "Ann Lee", github="ann-lee"), Student("s2", github="bob")))
    intake, read = taken(folder, roster=roster)
    assert (dict(read), intake.unknown) == (
        {"s1": "Ann-Lee", "s2": "bob", "em-x-ann-lee": "x-ann-lee"},
        ("em-x-ann-lee",),
    )
