"""Marking by hand: what a marker sees on a terminal, what a table is read back as, and that no mark is ever lost."""

import csv
import io
import json
import os
import re
import select
import sys
import time
from pathlib import Path
from urllib.request import url2pathname

import psutil
import pytest

from grader import book, marking, marksheet
from grader.content import Content, Picture, RubricLine
from grader.errors import UsageError
from grader.markfile import beside, read
from grader.marks import answers
from grader.policy import Policy
from grader.report.json import render
from grader.store import About, Arrival
from tests.test_marks import LINES, item, result

PNG = Picture("image/png", b"\x89PNG")
SVG = Picture("image/svg+xml", b"<svg><script>alert(1)</script></svg>")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Results of two, each with prose and a plot."""
    monkeypatch.chdir(tmp_path)
    return write({name: (item("why", f"{name}'s words"), plot()) for name in ("alice", "bob")})


def plot(*pictures):
    return item("shape", rubric=LINES, kind="plot", content=Content(pictures=pictures or (PNG,)))


def write(klass):
    Path("results.jsonl").write_text("".join(f"{render(result(*items, name=name))}\n" for name, items in klass.items()))
    return Path("results.jsonl")


def scores(path):
    return {(line := json.loads(text))["submission"]["id"]: line["score"] for text in path.read_text().splitlines()}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def session(monkeypatch):
    """Types lines at a terminal, and returns what it shows."""
    monkeypatch.setenv("TERM", "dumb")

    def run(path, *typed, **options):
        shown = Terminal()
        monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in typed)))
        monkeypatch.setattr(sys, "stdout", shown)
        marking.run(path, **options)
        return shown.getvalue()

    return run


# --- without a terminal ----------------------------------------------------------------------------------------------


def test_without_a_terminal_what_is_pending_is_listed(path, capsys):
    marking.run(path)
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["item", "pending", "marked"], ["why", "2", "0"], ["shape", "2", "0"]]  # fmt: skip


@pytest.fixture
def folder(path):
    """The same results in a folder, with their store."""
    with book.opened(Path("out"), new=True) as kept:
        kept.store.begin(About("homework", "", Policy()))
        for one in read(path):
            kept.store.add(one, "key", Arrival(), {})
    return Path("out")


def test_a_folder_is_marked_as_a_file_is(folder, session, capsys):
    marking.run(folder)
    assert "shape" in capsys.readouterr().out
    session(folder, "2", "Good.", "q", names=True)
    with book.opened(folder) as kept:
        assert [one.score for one in kept.results()] == [3.0, 1.0]
    assert scores(folder / "results.jsonl") == {"alice": 3.0, "bob": 1.0}
    assert "Good." in (folder / "feedback" / "alice.html").read_text()
    assert "alice,1,2,," in (folder / "gradebook.csv").read_text()


def test_of_a_folder_with_a_store_the_file_of_results_stands_for_the_folder(folder, session):
    session(folder, "2", "Good.", "q", names=True)
    session(folder / "results.jsonl", "1", "", "q", names=True)
    with book.opened(folder) as kept:
        assert [one.score for one in kept.results()] == [3.0, 2.0]
    assert not (folder / "results.marks.jsonl").exists()


def test_a_table_marks_a_folder_too(folder, session):
    session(folder, to=Path("marks.csv"), names=True)
    rows = list(csv.DictReader(io.StringIO(Path("marks.csv").read_bytes().decode("utf-8-sig"))))
    for row in rows:
        row["points"] = "1" if row["item"] == "why" else ""
    with open("marks.csv", "w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    assert "2 answers are marked anew, 2 left. The marks are in out." in session(folder, source=Path("marks.csv"))
    assert scores(folder / "results.jsonl") == {"alice": 2.0, "bob": 2.0}


def test_a_marker_who_interrupts_keeps_what_was_given_in_a_folder(folder, monkeypatch):
    answers_ = iter(["1", "So."])

    def typed(_prompt):
        try:
            return next(answers_)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(KeyboardInterrupt, match="1 answer is marked, and kept in out"):
        marking.run(folder, names=True)
    assert scores(folder / "results.jsonl") == {"alice": 2.0, "bob": 1.0}


def test_where_nothing_is_pending_it_says_so(path, session, capsys):
    session(path, *["", ""] * 2, *["", "", ""] * 2)
    assert session(path) == "Nothing is pending: 4 answers are marked.\n"


def test_where_nothing_is_for_people_it_says_so(path, capsys):
    marking.run(write({"alice": (item(content=None, status="missing"),)}))
    assert capsys.readouterr().out == "Nothing here is marked by hand.\n"


WRONG = {
    "nothing there": ("none.jsonl", {}, "none.jsonl: no such file or folder (grader grade ... --jsonl FILE writes one)"),
    "a folder without": ("empty", {}, "empty: no store.sqlite in this folder (grader grade ... --out empty makes one)"),
    "no results": ("bad.jsonl", {}, "bad.jsonl:2: this is no result of `grader grade`: $.schema: Field required"),
    "empty": ("void.jsonl", {}, "void.jsonl: no results in this file"),
    "no text": ("bytes.jsonl", {}, "bytes.jsonl: this is no UTF-8 text"),
    "both": ("results.jsonl", {"to": Path("a"), "source": Path("b")}, "--to writes a table and --from reads one: give one of them"),
    "a table that is there": ("results.jsonl", {"to": Path("bad.jsonl")}, "bad.jsonl: this is there already: read it with --from, or give another name"),
    "a table in no folder": ("results.jsonl", {"to": Path("no/marks.csv")}, "no/marks_pictures: No such file or directory"),
    "no table": ("results.jsonl", {"source": Path("none.csv")}, "none.csv: No such file or directory"),
    "a table that is no text": ("results.jsonl", {"source": Path("bytes.jsonl")}, "bytes.jsonl: this is not UTF-8: save it as CSV with the encoding UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_told_in_one_line(path, name, options, message):
    Path("empty").mkdir()
    Path("bad.jsonl").write_text("\n{}\n")
    Path("void.jsonl").write_text("")
    Path("bytes.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError) as raised:
        marking.run(Path(name), **options)
    assert str(raised.value) == message


# --- on a terminal ---------------------------------------------------------------------------------------------------


def test_answers_are_marked_question_by_question_and_the_totals_follow(path, session):
    typed = ["", "Good.", "1/2", "", "1.5", "0", "It falls.", "", "", ""]
    shown = session(path, *typed, names=True)
    assert shown.endswith("4 answers are marked, 0 left. The marks are in results.marks.jsonl.\n")
    assert scores(path) == {"alice": 1 + 2 + 1.5, "bob": 1 + 1 + 2}
    order = ["why: alice, answer 1 of 2", "alice's words", "points [2]: ", "comment: ", "→ 2 of 2", "why: bob, answer 2 of 2",
             "→ 1 of 2", "shape: alice, answer 1 of 2", "The axes are named. [1.5]: ", "the curve never falls [0.5]: ", "→ 1.5 of 2"]  # fmt: skip
    places = [shown.index(what) for what in order]
    assert places == sorted(places)


def test_names_are_not_shown_unless_asked_for(path, session):
    path = write({"alice": (item(text="one"),), "bob": (item(text="two"),)})
    assert "alice" not in session(path, "q")
    assert "alice" in session(path, "q", names=True)


def test_marks_are_for_the_answers_that_were_shown(path, session):
    shown = session(path, "0.5", "", "1.5", "", "q")
    first, second = ("alice", "bob") if shown.index("alice's") < shown.index("bob's") else ("bob", "alice")
    assert scores(path) == {first: 1.5, second: 2.5}


def test_what_is_no_mark_is_told_in_a_line_and_asked_again(path, session):
    shown = session(path, "much", "3", "2", "", "q").splitlines()
    asked = [n for n, line in enumerate(shown) if "points [2]: " in line]
    assert "'much' is no number of points: give one from 0 to 2, or a share as 1/2" in shown[asked[0]]
    assert "3 is more than there is: 2 at most" in shown[asked[0] + 1]
    assert sorted(scores(path).values()) == [1.0, 3.0]


def test_a_question_mark_helps_also_at_the_comment(path, session):
    shown = session(path, "?", "1", "?", "No more.", "q")
    assert " ".join(shown.split()).count("b goes back, q ends") == 3
    assert beside(path).by_names["hw", graded(path), "why"][0].mark.comment == "No more."


def graded(path):
    """The only one that has more than for the function."""
    ((name, _),) = [(name, score) for name, score in scores(path).items() if score != 1.0]
    return name


def test_what_is_skipped_stays_pending(path, session):
    assert "2 answers are marked, 2 left" in session(path, "s", "", "", "", "s", "", "", "", names=True)
    assert scores(path) == {"alice": 1.0, "bob": 1 + 2 + 2}


def test_back_asks_the_question_before_again(path, session):
    session(path, "s", "s", "0", "b", "1", "0.5", "", "q", names=True)
    assert scores(path)["alice"] == 1 + 1.5


def test_back_from_the_first_question_shows_the_answer_before_and_what_it_got(path, session):
    shown = session(path, "0.5", "Hm.", "b", "2", "", "q", names=True)
    assert "You gave 0.5 (Hm.)" in shown
    assert "1 answers" not in shown
    assert scores(path)["alice"] == 3.0


def test_back_at_the_very_first_shows_it_again(path, session):
    assert session(path, "b", "q", names=True).count("alice's words") == 2


def test_an_answer_whose_comment_was_not_given_is_not_marked(path, session):
    assert "0 answers are marked, 4 left" in session(path, "2", "q")


def test_the_end_of_the_input_ends_the_session(path, session):
    assert "1 answer is marked, 3 left" in session(path, "2", "")


def test_an_interrupt_while_typing_keeps_what_was_marked(path, session, monkeypatch):
    typed = iter(["2", "", "1"])

    def ask(_):
        for line in typed:
            return line
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", ask)
    with pytest.raises(KeyboardInterrupt, match=r"1 answer is marked, and kept in results\.marks\.jsonl"):
        session(path, names=True)
    assert scores(path) == {"alice": 3.0, "bob": 1.0}


def test_a_crash_while_a_mark_is_written_keeps_those_before(path, session, monkeypatch):
    full = iter([False, True])

    def fsync(_):
        if next(full):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        session(path, "2", "", "1", "", names=True)
    ((given,),) = beside(path).by_names.values()
    assert (given.submission, given.mark.score) == ("alice", 2.0)


def test_marks_that_an_earlier_session_left_are_given_to_the_results_first(path, session):
    before = path.read_bytes()
    session(path, "2", "", "q", names=True)
    path.write_bytes(before)  # as if the machine had gone down, or the class had been graded anew
    shown = session(path, "q", names=True)
    assert "alice's" not in shown
    assert scores(path) == {"alice": 3.0, "bob": 1.0}


def test_where_the_answer_changed_the_old_mark_is_shown_with_the_new_answer(path, session):
    session(path, "0.5", "Say why.", "q", names=True)
    write({"alice": (item(text="Because of Jensen."),)})
    shown = session(path, "2", "Now it is right.")
    assert "Because of Jensen." in shown
    assert "Marked 0.5 (Say why.) before the answer changed" in shown
    assert scores(path) == {"alice": 3.0}


def test_where_the_points_changed_the_old_mark_is_shown(path, session):
    session(path, "2", "", "q", names=True)
    write({"alice": (item(text="alice's words", worth=4.0),)})
    assert "Marked 2 before the question's points changed" in session(path, "q")


def test_what_a_student_wrote_cannot_rewrite_the_screen(path, session):
    write({"alice": (item(text="\x1b[2J\x1b[1;1Hall right\u202e\r\n\x07 [bold]\x00 :smile:"),)})
    shown = session(path, "q")
    assert "\\x1b[2J\\x1b[1;1Hall right\\u202e" in shown
    assert "\\x07 [bold]\\x00 :smile:" in shown
    assert not {"\x1b", "\x07", "\x00", "\r", "\u202e"} & set(shown)


def test_a_comment_keeps_no_control_characters(path, session):
    session(path, "2", "up\x1b[A", "q", names=True)
    assert json.loads(Path("results.marks.jsonl").read_text())["comment"] == "up\\x1b[A"


def test_a_long_answer_is_cut_and_all_of_it_is_in_a_file(path, session, monkeypatch):
    text = "\n".join(map(str, range(10_000)))
    write({"alice": (item(text=text),)})
    seen = {}

    def ask(_):
        link = sys.stdout.getvalue().split("all of it: ")[1].split()[0]
        seen["all"] = Path(url2pathname(link.removeprefix("file://"))).read_text(encoding="utf-8")
        return "q"

    monkeypatch.setattr("builtins.input", ask)
    shown = session(path)
    assert seen["all"] == text
    assert " 59 " in shown
    assert " 60 " not in shown


def test_pictures_are_files_while_they_are_looked_at_and_no_script_of_one_can_run(path, session, monkeypatch):
    write({"alice": (plot(PNG, SVG, Picture("text/html", b"<script>")),)})
    seen = {}

    def ask(_):
        links = [
            line.removeprefix("picture: file://") for line in sys.stdout.getvalue().splitlines() if "file://" in line
        ]
        seen.update({Path(link).name: Path(url2pathname(link)).read_bytes() for link in links})
        return "q"

    monkeypatch.setattr("builtins.input", ask)
    shown = session(path)
    assert seen.keys() == {"answer-1-1.png", "answer-1-2.html", "answer-1-3.bin"}
    assert seen["answer-1-1.png"] == PNG.data
    assert b"<script>" not in seen["answer-1-2.html"]
    assert b"default-src 'none'" in seen["answer-1-2.html"]
    folder = Path(
        next(line for line in shown.splitlines() if "file://" in line).removeprefix("picture: file://")
    ).parent
    assert not folder.exists()


def test_on_a_real_terminal_comments_come_back_with_an_arrow_key_and_an_interrupt_keeps_them(path):
    pty = pytest.importorskip("pty")
    pytest.importorskip("readline")
    program = "from pathlib import Path; from grader.marking import run; run(Path('results.jsonl'), names=True)"
    child, terminal = pty.fork()
    if not child:
        os.execve(sys.executable, [sys.executable, "-c", program], os.environ | {"TERM": "xterm"})  # noqa: S606  a shell is not what is tested
    process, shown = psutil.Process(child), b""
    for prompt, typed in [(b"points [2]: ", "1\n"), (b"comment: ", "Why?\n"), (b"points [2]: ", "0\n"),
                          (b"comment: ", "\x1b[A\n"), (b"named. [1.5]: ", "\x03")]:  # fmt: skip
        while prompt not in shown:
            assert select.select([terminal], [], [], 30)[0], shown
            shown += os.read(terminal, 1000)
        shown = shown.partition(prompt)[2]
        while process.status() == psutil.STATUS_RUNNING:
            time.sleep(0.01)  # readline overlooks an interrupt between its prompt and its wait
        os.write(terminal, typed.encode())
    process.wait(30)
    os.close(terminal)
    lines = [json.loads(line) for line in Path("results.marks.jsonl").read_text().splitlines()]
    assert [(line["submission"], line["score"], line["comment"]) for line in lines] == [
        ("alice", 1.0, "Why?"),
        ("bob", 0.0, "Why?"),
    ]
    assert scores(path) == {"alice": 2.0, "bob": 1.0}


# --- as a table ------------------------------------------------------------------------------------------------------

FIRST, SECOND = "shape 1: The axes are named. (of 1.5)", "shape 2: the curve never falls (of 0.5)"


def table(path, name="marks.csv", **options):
    """The rows of a table that was just written."""
    Path(name).unlink(missing_ok=True)
    marking.run(path, to=Path(name), **options)
    return list(csv.DictReader(io.StringIO(Path(name).read_bytes().decode("utf-8-sig"), newline="")))


def fill(rows, name="marks.csv", encoding="utf-8-sig", **form):
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), **form)
    writer.writeheader()
    writer.writerows(rows)
    Path(name).write_bytes(file.getvalue().encode(encoding))
    return Path(name)


def test_a_table_has_a_row_an_answer_and_no_names(path):
    rows = table(path)
    assert [row["item"] for row in rows] == ["why", "why", "shape", "shape"]
    assert list(rows[0]) == [
        "key",
        "item",
        "answer",
        "pictures",
        "earlier",
        "worth",
        "points",
        FIRST,
        SECOND,
        "comment",
    ]
    assert all(row["key"].isalpha() for row in rows)  # a number or a date would be written another way
    assert Path(rows[2]["pictures"]).read_bytes() == PNG.data
    text = Path("marks.csv").read_text(encoding="utf-8-sig").replace("alice's words", "").replace("bob's words", "")
    assert "alice" not in text
    assert "bob" not in text


def test_a_table_with_names_is_ordered_by_them(path):
    assert [row["submission"] for row in table(path, names=True)] == ["alice", "bob", "alice", "bob"]


FORMS = {
    "as it was written": {},
    "with semicolons, and commas in numbers": {"delimiter": ";", "lineterminator": "\r\n"},
    "without a mark for UTF-8": {"encoding": "utf-8", "lineterminator": "\n"},
    "with tabulators": {"delimiter": "\t"},
    "all in quotes": {"quoting": csv.QUOTE_ALL},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_filled_table_is_read_back_as_spreadsheets_write_it(path, capsys, form):
    rows = table(path, names=True)
    rows[0] |= {"points": "0,5", "comment": "zwei;\nZeilen, ü"}
    rows[3] |= {FIRST: "1.5", SECOND: "1/2"}
    marking.run(path, source=fill(rows, **form))
    assert scores(path) == {"alice": 1.5, "bob": 1 + 1.75}
    assert capsys.readouterr().out.endswith(
        "2 answers are marked anew, 2 left. The marks are in results.marks.jsonl.\n"
    )
    assert beside(path).by_names["hw", "alice", "why"][0].mark.comment == "zwei;\nZeilen, ü"


def test_commas_in_a_rubric_do_not_hide_the_semicolons(path):
    rubric = tuple(RubricLine(0.1, f"{n}, a, b, c, d, e") for n in range(20))
    rows = table(write({"alice": (item(rubric=rubric),)}))
    points = {column: "0" for column in rows[0] if column.startswith("why")}
    marking.run(path, source=fill([rows[0] | points], delimiter=";"))
    assert len(beside(path).by_names["hw", "alice", "why"][0].mark.lines) == 20


def test_marks_are_filled_in_and_can_be_edited(path, session):
    session(path, "1/3", "Say: why?", "q", names=True)
    rows = table(path, names=True)
    assert (rows[0]["points"], rows[0]["comment"]) == (repr(2 / 3), "Say: why?")
    before = Path("results.marks.jsonl").read_bytes()
    marking.run(path, source=Path("marks.csv"))
    assert Path("results.marks.jsonl").read_bytes() == before  # nothing is new
    rows[0]["points"] = "2"
    marking.run(path, source=fill(rows))
    assert scores(path)["alice"] == 3.0


def test_a_row_that_is_emptied_keeps_its_mark(path, session):
    session(path, "2", "", "q", names=True)
    rows = table(path, names=True)
    rows[0]["points"] = ""
    marking.run(path, source=fill(rows))
    assert scores(path)["alice"] == 3.0


def test_an_old_mark_stands_beside_the_changed_answer(path, session):
    session(path, "0.5", "Say why.", "q", names=True)
    write({"alice": (item(text="Because of Jensen."),)})
    (row,) = table(path)
    assert (row["earlier"], row["points"], row["comment"]) == ("0.5: Say why.", "", "")


@pytest.mark.parametrize("text", ["=1+1", "+x", "-1", "@x", "'=x", "''", "'x", "--", "x=1"])
def test_no_cell_is_a_formula_and_comments_come_back_as_they_were(path, session, text):
    path = write({"alice": (item(text=text),)})
    session(path, "2", text)
    (row,) = table(path)
    assert [row["answer"][0], row["comment"][0]] == ["'" if text[0] in "=+-@'" else "x"] * 2
    marking.run(path, source=Path("marks.csv"))
    (result_,) = marking.markfile.read(path)
    assert result_.items[1].mark.comment == text
    assert marksheet.read("", Path("marks.csv").read_text("utf-8-sig"), answers([result_])) == []


HOSTILE = "abc;=HYPERLINK(1)\n=1+1\n- a\r\n@b;'+c\n;\"=2;  =3\td;;-4"


def test_nothing_is_a_formula_where_tables_are_split_at_other_marks(path, session):
    """A table with commas is opened, all the same, where tables have semicolons."""
    path = write({"=alice": (item("=cmd", text=HOSTILE, rubric=(RubricLine(2.0, "=x; +y"),)),)})
    (row,) = table(path, names=True)
    cells = re.split(r"[;\t\r\n]", Path("marks.csv").read_text("utf-8-sig")) + list(row) + list(row.values())
    assert len(cells) > 20
    assert [cell for cell in cells if re.match(r"[ \"]*[=+\-@]", cell)] == []


def test_columns_and_comments_with_apostrophes_are_read_as_they_were(path, session):
    path = write({"=alice": (item("=cmd", rubric=(RubricLine(2.0, "=x; +y"),)),)})
    (row,) = table(path, names=True)
    column = "'=cmd 1: =x;' +y (of 2)"
    comment = "fine;=x\n- but\n'= why"
    marking.run(path, source=fill([row | {column: "1.5", "comment": comment.replace("'", "''")}], delimiter=";"))
    assert beside(path).by_names["hw", "=alice", "=cmd"][0].mark.comment == comment
    (again,) = table(path, "again.csv", names=True)
    assert (again[column], again["comment"]) == ("1.5", "fine;'=x\n'- but\n''= why")
    before = Path("results.marks.jsonl").read_bytes()
    marking.run(path, source=Path("again.csv"))
    assert Path("results.marks.jsonl").read_bytes() == before  # nothing is new


def test_a_long_answer_fits_into_a_cell(path):
    (row,) = table(write({"alice": (item(text="x" * 40_000),)}))
    assert row["answer"].endswith("x … (10000 more characters)")
    assert len(row["answer"]) < 32_767


def test_a_row_deleted_or_moved_is_no_mistake(path):
    rows = table(path, names=True)
    rows[1]["points"] = "2"
    marking.run(path, source=fill([rows[3], rows[1]]))
    assert scores(path) == {"alice": 1.0, "bob": 3.0}


MISTAKES = {
    "too many points": ({"points": "3"}, "points: 3 is more than there is: 2 at most"),
    "no number": ({"points": "good"}, "points: 'good' is no number of points: give one from 0 to 2, or a share as 1/2"),
    "a comment alone": ({"comment": "Hm."}, "a comment, and no points"),
    "another question's column": ({"points": "1", FIRST: "1"}, f"something stands in the column '{FIRST}', which is not for `why`"),
    "no key": ({"key": "", "points": "1"}, "there is no key"),
    "an unknown key": ({"key": "abc", "points": "1"}, "no answer has the key 'abc'"),
    "another question": ({"item": "shape", "points": "1"}, "the key is of an answer to `why`, not 'shape': was a column sorted alone?"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "what"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line_and_nothing_is_taken(path, change, what):
    rows = table(path, names=True)
    rows[0]["points"], rows[0]["answer"] = "2", "in\nthree\nlines"
    with pytest.raises(UsageError) as raised:
        marking.run(path, source=fill([rows[0], rows[1] | change]))
    assert (
        str(raised.value) == f"marks.csv:5: row 3: {what}\nnothing of marks.csv was taken: mend this, and read it again"
    )
    assert not Path("results.marks.jsonl").exists()
    assert scores(path) == {"alice": 1.0, "bob": 1.0}


def test_all_mistakes_are_told_at_once(path):
    rows = table(path, names=True)
    rows[0]["points"], rows[2][FIRST], rows[3] = "x", "1.6", rows[1] | {"points": "1"}
    with pytest.raises(UsageError) as raised:
        marking.run(path, source=fill(rows))
    assert [line.split(": ")[:3] for line in str(raised.value).splitlines()[:-1]] == [
        ["marks.csv:2", "row 2", "points"],
        ["marks.csv:4", "row 4", "shape 1"],
        ["marks.csv:4", "row 4", "shape 2"],
        ["marks.csv:5", "row 5", f"the key {rows[1]['key']} stood in a row above already"],
    ]
    assert f"{SECOND}: there are no points, though other columns of the rubric have some" in str(raised.value)


def test_a_row_whose_answer_has_changed_is_a_mistake(path):
    rows = table(path, names=True)
    write({"alice": (item("why", "New words."), plot()), "bob": (item("why", "bob's words"), plot())})
    with pytest.raises(UsageError, match="marks.csv:2: row 2: the answer has changed since the table was written"):
        marking.run(path, source=fill([rows[0] | {"points": "2"}]))


def test_what_stands_beyond_the_columns_is_a_mistake(path):
    key = table(path)[0]["key"]
    Path("marks.csv").write_text(f"key,item,points\n{key},why,1,,\n")
    marking.run(path, source=Path("marks.csv"))
    Path("marks.csv").write_text(f"key,item,points\n{key},why,1,,astray\n")
    with pytest.raises(UsageError, match="row 2: something stands in a column without a name, which is not for `why`"):
        marking.run(path, source=Path("marks.csv"))


HEADERS = {
    "no key": ("item,points", "1: there is no column `key` (grader mark RESULTS --to FILE writes a table to fill in)"),
    "an unknown column": ("key,item,pionts", "1: no column may be called 'pionts' (did you mean 'points'?)"),
    "a column twice": ("key,item,points,points", "1: 2 columns are called 'points'"),
    "a quote without an end": ('key,item,points\n"a', "2: this is no CSV: unexpected end of data"),
    "nothing": ("", "1: there is no column `key` (grader mark RESULTS --to FILE writes a table to fill in)"),
}


@pytest.mark.parametrize(("text", "what"), HEADERS.values(), ids=HEADERS)
def test_what_is_no_table_of_marks_is_told(path, text, what):
    Path("marks.csv").write_text(text)
    with pytest.raises(UsageError) as raised:
        marking.run(path, source=Path("marks.csv"))
    assert str(raised.value) == f"marks.csv:{what}"
