"""A class's list is read as spreadsheets and platforms write it, and a student is found by what a platform calls them."""

import re
from datetime import UTC, datetime

import pytest

from grader import roster
from grader.errors import UsageError
from grader.roster import Roster, Student
from tests.conftest import ROOT, write

ANN = Student("s1", "Ann Lee", "ann@uni.example")
JOERG = Student("s2", "Jörg van der Berg", "jvdb@uni.example")
PLAIN = "id,name,email\ns1,Ann Lee,ann@uni.example\ns2,Jörg van der Berg,jvdb@uni.example\n"


def read(tmp_path, data):
    return roster.read(write(tmp_path, {"list.csv": data if isinstance(data, bytes) else data.encode()}) / "list.csv")


def mistakes(tmp_path, data):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, data)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("cp1252"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t").replace("\n", "\r\n"),
        "Student ID,Full name,E-mail\n" + PLAIN.partition("\n")[2],
        "SID;First Name;Last Name;E-Mail Address\ns1;Ann;Lee;ann@uni.example\ns2;Jörg;van der Berg;jvdb@uni.example\n",
        "Surname,First name,ID number,Email address\nLee,Ann,s1,ann@uni.example\nvan der Berg,Jörg,s2,jvdb@uni.example\n",
        "Matrikelnummer;Vorname;Nachname;E-Mail-Adresse\ns1;Ann;Lee;ann@uni.example\n"
        "s2;Jörg;van der Berg;jvdb@uni.example\n",
        "Vollsta\u0308ndiger Name;ID-Nummer;E-Mail-Adresse;Benutzername\nAnn Lee;s1;ann@uni.example;al\n"
        "Jörg van der Berg;s2;jvdb@uni.example;jb\n",
        "Name;Vorname;Matr.-Nr.;E-Mail\nLee;Ann;s1;ann@uni.example\nvan der Berg;Jörg;s2;jvdb@uni.example\n",
        "Prénom,Nom,Numéro d'identification,Adresse de courriel\nAnn,Lee,s1,ann@uni.example\n"
        "Jörg,van der Berg,s2,jvdb@uni.example\n",
        "Nombre,Apellido(s),Número de ID,Dirección de correo\nAnn,Lee,s1,ann@uni.example\n"
        "Jörg,van der Berg,s2,jvdb@uni.example\n",
        "First name,Name,SID,Email\nAnn,Ann Lee,s1,ann@uni.example\nJörg,Jörg van der Berg,s2,jvdb@uni.example\n",
        "\n\nEMAIL,STUDENT,SIS_User_ID,Section\nann@uni.example,  Ann   Lee ,s1\n,,\n"
        'jvdb@uni.example,"Jörg\nvan der Berg", s2 ,1,and more\n',
    ],
    ids=["plain", "a byte order mark", "cp1252", "semicolons", "tabs", "other words", "Gradescope", "Moodle", "German",
         "Moodle in German", "a name in two columns", "Moodle in French", "Moodle in Spanish", "a name and half of it",
         "untidy"],
)  # fmt: skip
def test_a_list_is_read_however_it_was_saved(data, tmp_path):
    assert read(tmp_path, data).students == (ANN, JOERG)


def test_github_classrooms_list_has_two_names_for_each(tmp_path):
    text = '"identifier","github_username","github_id","name"\n"s1","ann-l","77",""\n"","joe","78",""\n"s3","","",""\n'
    listed = read(tmp_path, text)
    assert listed.students == (Student("s1", github="ann-l"), Student("joe", github="joe"), Student("s3"))
    assert (listed.find("Ann-L"), listed.find("77")) == (listed.students[0], None)


def test_the_headers_that_are_documented_are_known_and_in_the_order_in_which_they_count():
    rows = re.findall(
        r"^\| (`id`|`name`|`email`|GitHub's name) \| (.+) \|$", (ROOT / "docs/classes.md").read_text(), re.MULTILINE
    )
    parts = {"`id`": ["id"], "`name`": ["name", "first", "last"], "`email`": ["email"], "GitHub's name": ["github"]}
    assert [column for column, _ in rows] == list(parts)
    for column, headers in rows:
        known = [header for part in parts[column] for header in roster.COLUMNS[part]]
        places = [known.index(roster._header(header)) for header in re.findall("`(.+?)`", headers)]
        assert column != "`id`" or places == sorted(places)


def test_canvas_has_a_row_that_is_nobody(tmp_path):
    text = 'Student,ID,SIS User ID,Section,work (12)\n"    Points Possible",,,,3\n"Lee, Ann",71,s1,A,\n'
    assert read(tmp_path, text).students == (Student("71", "Lee, Ann"),)


def test_bytes_that_no_spreadsheet_of_windows_writes_are_latin_1(tmp_path):
    assert read(tmp_path, b"id,name\ns1,\x81\xe9\n").students[0].name == "\x81é"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ID number,Email\n,ann@uni.example\n,bob@uni.example\n", ["ann@uni.example", "bob@uni.example"]),
        ("name\nAnn Lee\nBob Ray\n", ["Ann Lee", "Bob Ray"]),
        ("first name,surname\nAnn,Lee\nBob,Ray\n", ["Ann Lee", "Bob Ray"]),
        ("username,id\nann,7\nbob,8\n", ["7", "8"]),
        ("id,username\n,ann\n,bob\n", ["ann", "bob"]),
    ],
    ids=["addresses", "names", "two names", "two kinds of ids", "one kind of ids that is filled in"],
)
def test_without_ids_a_student_is_known_by_what_there_is(text, ids, tmp_path):
    assert [student.id for student in read(tmp_path, text).students] == ids


def test_the_list_may_know_when_something_was_handed_in(tmp_path):
    text = "id,Handed_in\na,2026-12-01T22:59:00Z\nb,-\nc,\nd,2026-12-01 23:59+01:00\n"
    time = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert [student.handed_in for student in read(tmp_path, text).students] == [time, None, None, time]


WRONG = {
    "empty": ("", ["list.csv: there are no students in it: it needs a header, such as id,name,email, and a line each"]),
    "only a header": ("id,name\n\n", [
        "list.csv: there are no students in it: it needs a header, such as id,name,email, and a line each"]),
    "no header": ("\ns1,Ann\ns2,Bob\n", [
        "list.csv:2: no column called id, email or name has something in it (there are: s1, Ann)"]),
    "another language": ("Kürzel;Gruppe\nal;1\n", [
        "list.csv:1: no column called id, email or name has something in it (there are: Kürzel, Gruppe)"]),
    "nothing in it": ("id,group\n,1\n", [
        "list.csv:1: no column called id, email or name has something in it (there are: id, group)"]),
    "several": ("ID,name,handed_in\ns1,Ann,\n,Bob,\n\ns1,Cid,\ns3,Dan,2026-12-01 12:00\n,Eve,soon\n", [
        "list.csv:3: ID: it is empty, and by it a student is known",
        "list.csv:5: ID: 's1' stands in line 2 already",
        "list.csv:6: handed_in: must be a time with its zone, as 2026-12-01T23:59:00+01:00, not 2026-12-01 12:00",
        "list.csv:7: ID: it is empty, and by it a student is known",
        "list.csv:7: handed_in: must be a time with its zone, as 2026-12-01T23:59:00+01:00, not soon"]),
    "two of one name": ("First name,Surname\nAnn,Lee\nAnn,Lee\n", [
        "list.csv:3: Surname: 'Ann Lee' stands in line 2 already"]),
    "a short row": ("name,id\nAnn,s1\nBob\n", ["list.csv:3: id: it is empty, and by it a student is known"]),
    "a spreadsheet": (b"PK\3\4\0\0", ["list.csv: this is not a text file: save the class's list as CSV, in UTF-8"]),
    "an open quote": ('id,name\ns1,Ann\ns2,"Bob\n', ["list.csv:3: this is no CSV: unexpected end of data"]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_list_is_refused_with_every_line_that_is_wrong(name, tmp_path):
    data, expected = WRONG[name]
    assert mistakes(tmp_path, data) == expected


def test_of_very_many_mistakes_some_are_told(tmp_path):
    told = mistakes(tmp_path, "id\n" + "a\n" * 31)
    assert (len(told), told[-1]) == (21, "list.csv: and 10 more such mistakes")


def test_a_list_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(roster, "LARGEST", 2**20)
    assert mistakes(tmp_path, b"x" * 2**20 + b"\n") == ["list.csv: a class's list may have 1 MiB, and this has more"]


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"nobody.csv: the class's list cannot be read: No such file or directory$"):
        roster.read(tmp_path / "nobody.csv")


CLASS = Roster((
    ANN,
    JOERG,
    Student("ann", "Zoë O'Hara", "zoe@uni.example"),
    Student("s4", "Bob Ray", "b.ray@uni.example"),
    Student("s5", "Ray, Bob", "b.ray@mail.example"),
    Student("S4", "Mai", "twin@uni.example"),
    Student("s7", "Twin", "Twin@uni.example"),
    Student("s8", " ".join("abcdefghij")),
))  # fmt: skip
FOUND = {
    "an id": (["s1"], "s1"),
    "an id before an address's beginning": (["ann"], "ann"),
    "an id in its own case before another's": (["S4"], "S4"),
    "an id in another case": (["S1"], "s1"),
    "an address": (["ANN@uni.example"], "s1"),
    "an address's beginning": (["jvdb"], "s2"),
    "an address's beginning that two have": (["b.ray"], None),
    "an address that two have": (["twin@uni.example"], None),
    "a name": (["Ann Lee"], "s1"),
    "a name, turned round": (["Lee, Ann"], "s1"),
    "a name, squeezed": (["leeann"], "s1"),
    "a name of many words, squeezed": (["vanderbergjorg"], "s2"),
    "a name of many words, turned elsewhere": (["Berg, Jörg van der"], "s2"),
    "a name without its accents": (["jorg VAN DER berg"], "s2"),
    "a name with its accents apart": (["Jo\u0308rg van der Berg"], "s2"),
    "a name without its mark": (["oharazoe"], "ann"),
    "a name that two have": (["Bob Ray"], None),
    "a name of very many words": (["a b c d e f g h i j"], "s8"),
    "a name of very many words, turned round": (["b c d e f g h i j a"], None),
    "half a name": (["Ann"], "ann"),
    "the first that is known": (["nobody", "b.ray", "s2"], "s2"),
    "an id, though a name comes first": (["Ann Lee", "s2"], "s2"),
    "nobody": (["nobody"], None),
    "nothing": ([], None),
    "an empty text": (["", " ", "-"], None),
    "what is too long for anybody": (["s1" + " " * 1_000_000], None),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_student_is_found_by(name):
    keys, expected = FOUND[name]
    found = CLASS.find(*keys)
    assert (found.id if found else None) == expected


def test_to_find_everyone_no_one_is_looked_at_twice(monkeypatch):
    """Twenty thousand are found by what is made of them once, not by going through the list."""
    made = 0

    def counted(name):
        nonlocal made
        made += 1
        return [name]

    monkeypatch.setattr(roster, "_turned", counted)
    students = tuple(Student(f"s{n}", f"Name {n}", f"n{n}@uni.example") for n in range(2000))
    large = Roster(students)
    assert [large.find(f"name{n}") for n in range(2000)] == list(students)
    assert made == 2000
