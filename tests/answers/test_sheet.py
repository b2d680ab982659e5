"""A sheet is data: what stands in it is what was typed, and what is wrong with one answer leaves the others alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers.sheet import DEEPEST, LARGEST, MOST, SUFFIXES, Sheet, parse
from grader.answers.verdict import UnreadableAnswer
from grader.yamlfile import MANY


def sheet(text, kind="yaml"):
    return parse(f"answers.{kind}", text if isinstance(text, bytes) else text.encode())


TYPED = {
    "010": "010", "1:30": "1:30", "0x1F": "0x1F", "1_000": "1_000", "yes": "yes", "No": "No", "null": "null", "~": "~", "-24.50": "-24.50", "1e3": "1e3",
    ".5": ".5", ".inf": ".inf", "2026-01-01": "2026-01-01", "'2'": "2", '"a: b"': "a: b", "(x+y)/2": "(x+y)/2", "-x^2": "-x^2", "5 # a remark": "5",
    "=": "=", "<<": "<<", "": "", "a\n  b": "a b", "|\n  a\n  b": "a\nb\n", "&a 5": "5",
}  # fmt: skip


@pytest.mark.parametrize("text", TYPED)
def test_a_value_of_yaml_is_the_text_that_was_typed(text):
    assert sheet(f"q: {text}\nr: 5\n") == Sheet({"q": [TYPED[text]], "r": ["5"]})


JSON = {
    "-24.50": "-24.50", "1e3": "1e3", "1E400": "1E400", "NaN": "NaN", "-Infinity": "-Infinity", "true": "true", "false": "false", "null": "", '"a"': "a",
    "9" * 5000: "9" * 5000, r'"\u0000"': "\0", r'"\ud83d\ude00"': "😀", r'"\ud800"': "?", r'"a\ude00b"': "a?b",
}  # fmt: skip


@pytest.mark.parametrize("text", JSON, ids=lambda text: text[:20])
def test_a_value_of_json_is_the_text_that_was_typed(text):
    found = sheet(f'{{"q": {text}}}', "json")
    assert found == Sheet({"q": [JSON[text]]})
    found.attempts["q"][0].encode()


TABLES = {
    "rows": "q,5\nr,a\n",
    "a heading": "id,answer\nq,5\nr,a\n",
    "another heading": "Question,Value\nq,5\nr,a\n",
    "semicolons": "q;5\nr;a\n",
    "a heading with semicolons": "question;answer\nq;5\nr;a\n",
    "spaces": " q , 5 \n r , a \n",
    "quotation marks": 'q,"5"\n"r",a\n',
    "lines of Windows": "q,5\r\nr,a\r\n",
    "lines of old Macs": "q,5\rr,a\r",
    "empty rows": "\n,\nq,5\n\n,,\nr,a",
    "a mark at the beginning": "\ufeffq,5\nr,a\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_an_answer_a_row(name):
    assert sheet(TABLES[name], "csv") == Sheet({"q": ["5"], "r": ["a"]})


CELLS = {
    "a comma in quotation marks": ('q,"a, c"\n', "a, c"),
    "a comma as it is": ("q,-24,5\n", "-24,5"),
    "a comma beside semicolons": ("q;-24,5\n", "-24,5"),
    "a semicolon beside commas": ("q,a; c\n", "a; c"),
    "quotation marks within": ('q,"say ""a"""\n', 'say "a"'),
    "two lines": ('q,"a\nb"\n', "a\nb"),
    "a NUL": ("q,5\0\n", "5\0"),
    "nothing": ("q\n", ""),
    "a heading that comes later": ("q,5\nid,answer\n", "5"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_may_have_everything_in_it(name):
    text, expected = CELLS[name]
    assert sheet(text, "csv").attempts["q"] == [expected]


SAME = {
    "several attempts": ({"q": ["-24", "-24.5"]}, "q: {attempts: [-24, -24.5]}", '{"q": {"attempts": [-24, -24.5]}}', "q,-24\nq,-24.5\n"),
    "several blanks": ({"q": [{"x": "1", "y": "2"}]}, "q: {x: 1, y: 2}", '{"q": {"x": 1, "y": 2}}', "q.x,1\nq.y,2\n"),
    "one answer": ({"q": ["a, b"]}, "q: a, b", '{"q": "a, b"}', 'q,"a, b"\n'),
    "none": ({}, "", "{}", ""),
    "an empty one": ({"q": [""]}, "q:", '{"q": null}', "q,\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_three_kinds_say_the_same(name):
    attempts, *texts = SAME[name]
    for text, kind in zip(texts, ("yaml", "json", "csv"), strict=True):
        assert sheet(text, kind) == Sheet(attempts)


ATTEMPTS = {
    "several ticks": ("q: [a, c]", [["a", "c"]]),
    "several ticks in several attempts": ("q: {attempts: [[a], [a, c]]}", [["a"], ["a", "c"]]),
    "blanks in several attempts": ("q: {attempts: [{x: 1}, {x: 2}]}", [{"x": "1"}, {"x": "2"}]),
    "no attempt": ("q: {attempts: []}", []),
    "a blank that is called attempts": ("q: {attempts: a}", [{"attempts": "a"}]),
    "a blank beside attempts": ("q: {attempts: [a], x: b}", [{"attempts": ["a"], "x": "b"}]),
    "an alias": ("p: &p [a]\nq: *p", [["a"]]),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_answer_may_have_parts_and_attempts(name):
    text, expected = ATTEMPTS[name]
    assert sheet(text).attempts["q"] == expected


def test_a_first_row_with_an_answer_is_no_heading():
    for row in ("name,5", "q,answer"):
        key, answer = row.split(",")
        assert sheet(row, "csv") == Sheet({key: [answer]})


def test_a_blank_that_is_called_attempts_is_one_in_a_table_too():
    assert sheet("q.attempts,5\nr,6\n", "csv") == Sheet({"q": [{"attempts": "5"}], "r": ["6"]})


@pytest.mark.parametrize("text", [b"\xef\xbb\xbfq: 5\r\nr: a\r\n", b"---\nq: 5\nr: a\n...\n", b"{q: 5, r: a}"])
def test_yaml_of_any_editor_is_read(text):
    assert sheet(text) == Sheet({"q": ["5"], "r": ["a"]})


def test_blanks_in_a_table_have_attempts_too_and_keep_what_is_not_filled_again():
    assert sheet("q.x,1\nq.y,2\nq.x,3\n", "csv").attempts["q"] == [{"x": "1", "y": "2"}, {"x": "3", "y": "2"}]


def test_a_table_with_more_columns_has_the_answer_in_the_second():
    text = "question,answer,comment\nq,5,easy\nr,6,max(1,2)\n"
    assert sheet(text, "csv").attempts == {"q": ["5"], "r": ["6"]}


PROBLEMS = {
    "a key twice": ("yaml", "q: 1\nr: 5\nq: 2\n", "answers.yaml, line 3: the key stands here twice"),
    "a blank twice": ("yaml", "q: {x: 1,\n  x: 2}\nr: 5\n", "answers.yaml, line 2: the key stands here twice"),
    "an anchor in itself": ("yaml", "q: &a [*a]\nr: 5\n", "answers.yaml, line 1: an anchor that contains itself"),
    "a mapping for a blank": ("yaml", "q: {[x]: 1}\nr: 5\n", "answers.yaml, line 1: a key must be a text"),
    "deep JSON": ("json", '{"r": 5, "q": ' + "[" * 500 + "]" * 500 + "}",
                  "answers.json: the answer has too many parts, or they are nested too deep"),
    "deep mappings": ("json", '{"r": 5, "q": ' + '{"a": ' * 300 + "1" + "}" * 301,
                      "answers.json: the answer has too many parts, or they are nested too deep"),
    "many parts": ("json", json.dumps({"r": "5", "q": ["a"] * (MOST + 1)}),
                   "answers.json: the answer has too many parts, or they are nested too deep"),
    "rows of both kinds": ("csv", "q,1\nq.x,2\nr,5\n", "answers.csv: `q` has rows of its own and rows for its blanks"),
    "rows of both kinds, the other way round": (
        "csv", "q.attempts,1\nq,2\nr,5\n", "answers.csv: `q` has rows of its own and rows for its blanks"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_wrong_with_one_answer_leaves_the_others_alone(name):
    kind, text, message = PROBLEMS[name]
    found = sheet(text, kind)
    assert found.problems == {"q": message}
    assert found.attempts["r"] == ["5"]


HINT = 'put a text with `: `, ` #` or signs in front in "quotes"'
TOO_MANY, TOO_DEEP = f"has more than {MOST} answers", 'is nested too deep: put a text with brackets in "quotes"'
CROWDED = f"has {MANY} dashes or brackets, or more"
LINES = "must have a line `question: answer` for each question, with a space after the `:`"
UNREADABLE = {
    "an open bracket": ("yaml", "q: [1\n", ", line 2, is not valid YAML: while parsing a flow sequence; did not find expected ',' or ']' ({HINT})"),
    "a colon": ("yaml", "p: 1\nq: a: b", ", line 2, is not valid YAML: mapping values are not allowed in this context ({HINT})"),
    "a star in front": ("yaml", "q: *x + 2", ", line 1, is not valid YAML: found undefined alias ({HINT})"),
    "a minus apart": ("yaml", "q: - 5", ", line 1, is not valid YAML: block sequence entries are not allowed in this context ({HINT})"),
    "bars": ("yaml", "q: |x|", ", line 1, is not valid YAML: while scanning a block scalar; did not find expected comment or line break ({HINT})"),
    "a tab": ("yaml", "\tq: 5", ", line 1, is not valid YAML: while scanning for the next token; found character that cannot start any token ({HINT})"),
    "two documents": ("yaml", "q: 5\n---\nr: 6", ", line 2, is not valid YAML: expected a single document in the stream; but found another document ({HINT})"),
    "a list as a key": ("yaml", "? [a]\n: b", ", line 1, is not valid YAML: a key must be a text ({HINT})"),
    "a NUL": ("yaml", "q: 5\0", ", line 1, is not valid YAML: unacceptable character #x0000: control characters are not allowed ({HINT})"),
    "half a character": ("yaml", r'q: "\ud800"', ", line 1, is not valid YAML: while parsing a quoted scalar; found invalid Unicode character escape code ({HINT})"),
    "no space behind the colon": ("yaml", "q:5\n", f" {LINES}"),
    "a list": ("yaml", "- 5\n", f" {LINES}"),
    "a tag": ("yaml", "q: !x 5", ', line 1, has a text that begins with `!`: put it in "quotes"'),
    "a Python object": ("yaml", "q: !!python/object/apply:os.getcwd []", ', line 1, has a text that begins with `!`: put it in "quotes"'),
    "a set": ("yaml", "q: !!set {a, b}", ', line 1, has a text that begins with `!`: put it in "quotes"'),
    "a number made by a tag": ("yaml", "q: !!int {=: 5}", ', line 1, has a text that begins with `!`: put it in "quotes"'),
    "a date made by a tag": ("yaml", "q: !!timestamp {=: 2026-01-01}", ', line 1, has a text that begins with `!`: put it in "quotes"'),
    "a key without quotation marks": ("json", "{q: 5}", ", line 1, is not valid JSON: Expecting property name enclosed in double quotes"),
    "an open brace": ("json", '{\n"q": 5', ", line 2, is not valid JSON: Expecting ',' delimiter"),
    "nothing": ("json", "", ", line 1, is not valid JSON: Expecting value"),
    "two marks at the beginning": ("json", "\ufeff\ufeff{}", ", line 1, is not valid JSON: Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    "a key of JSON twice": ("json", '{"q": 1, "q": 2}', ": the key `q` stands there twice"),
    "a long key of JSON twice": ("json", '{"KEY": 1, "KEY": 2}'.replace("KEY", "q" * 100), f": the key `{'q' * 80}…` stands there twice"),
    "a key of JSON twice within": ("json", '{"q": {"x\\n": 1, "x\\n": 2}}', r": the key `x\n` stands there twice"),
    "a list of JSON": ("json", "[5]", f" {LINES}"),
    "a JSON that is too deep": ("json", "[" * 100_000, " is nested too deep"),
    "an open quotation mark": ("csv", 'q,5\nr,"a\n', ", line 2, is not valid CSV: unexpected end of data"),
    "a text behind a quotation mark": ("csv", 'q,"a"b\n', """, line 1, is not valid CSV: ',' expected after '"'"""),
    "a long cell": ("csv", "q," + "a" * 140_000, ", line 1, is not valid CSV: field larger than field limit (131072)"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_sheet_that_cannot_be_read_says_why_and_where(name):
    kind, text, message = UNREADABLE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        sheet(text, kind)
    assert str(caught.value) == f"answers.{kind}{message.replace('{HINT}', HINT)}"


@pytest.mark.parametrize("kind", ["yaml", "json", "csv"])
def test_a_sheet_of_other_bytes_is_refused(kind):
    for data, message in [
        (b"q: 5\nr: \xe9", f"answers.{kind}, line 2, is not UTF-8: save it as that"),
        ("q: 5".encode("utf-16"), f"answers.{kind}, line 1, is not UTF-8: save it as that"),
        (b" " * (LARGEST + 1), f"answers.{kind} has 257 KiB; an answer sheet may have 256"),
        (b" " * 2**20, f"answers.{kind} has 1024 KiB; an answer sheet may have 256"),
    ]:
        with pytest.raises(UnreadableAnswer) as caught:
            sheet(data, kind)
        assert str(caught.value) == message


def filled(text, before="", after=""):
    """Return as much of a text as a sheet may have."""
    return before + text * ((LARGEST - len(before) - len(after)) // len(text)) + after


HOSTILE = {
    "many keys": ("yaml", "".join(f"k{n}: v\n" for n in range(MOST + 1)), TOO_MANY),
    "one key": ("yaml", filled("a: b\n"), TOO_MANY),
    "a long list": ("yaml", filled("a,", "q: [", "]"), TOO_MANY),
    "lists in a list": ("yaml", filled("[],", "q: [", "]"), CROWDED),
    "mappings in a list": ("yaml", filled("{a: b},", "q: [", "]"), CROWDED),
    "dashes": ("yaml", filled("- "), CROWDED),
    "question marks": ("yaml", filled("? "), CROWDED),
    "brackets": ("yaml", filled("["), CROWDED),
    "brackets with a long text in them": ("yaml", filled("a,", "q: " + "[" * (MANY - 1)), TOO_DEEP),
    "braces with a long text in them": ("yaml", filled("a,", "{a: " * (MANY - 1)), TOO_DEEP),
    "anchors": ("yaml", "".join(f"k{n}: &a{n} v\n" for n in range(15_000)), TOO_MANY),
    "aliases": ("yaml", filled("*a ,", "a: &a v\nq: [", "]"), TOO_MANY),
    "merged keys": ("yaml", filled("<<: *b\n", "b: &b {x: y}\n"), TOO_MANY),
    "aliases of aliases": ("yaml", "".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n" for n in range(9)),
                           f", line 1, is not valid YAML: more than {MANY} values ({HINT})"),
    "many keys of JSON": ("json", json.dumps(dict.fromkeys(map(str, range(MOST + 1)), 1)), TOO_MANY),
    "many attempts of JSON": ("json", json.dumps({f"k{n}": {"attempts": ["x"] * 500} for n in range(3)}), TOO_MANY),
    "empty lists of JSON": ("json", json.dumps({f"k{n}": {"attempts": [[]] * 500} for n in range(3)}), TOO_MANY),
    "rows": ("csv", filled("q,x\n"), TOO_MANY),
    "rows of other questions": ("csv", "".join(f"q{n},x\n" for n in range(MOST + 1)), TOO_MANY),
    "empty rows": ("csv", filled("\n"), TOO_MANY),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sheet_gets_a_message(name):
    kind, text, message = HOSTILE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        sheet(text, kind)
    separator = "" if message.startswith(",") else " "
    assert str(caught.value).endswith(f"{separator}{message}")


LARGE = {
    "a long text": ("yaml", filled("a ", "q: ")),
    "a long text of escapes": ("yaml", filled(r"\x41", 'q: "', '"')),
    "a long text of lines": ("yaml", filled("a\n  ", "q: |\n  ")),
    "remarks": ("yaml", filled("#\n", "q: 5\n")),
    "a long number of JSON": ("json", filled("1", '{"q":', "}")),
    "quotation marks": ("csv", filled('""', 'q,"', '"')),
    "cells": ("csv", filled(",", "q")),
    "as many answers as there may be": ("yaml", "q: 1\n" + "".join(f"k{n}: v\n" for n in range(MOST - 1))),
    "as many parts as there may be": ("json", json.dumps({"q": ["a"] * MOST})),
    "as deep as it may be": ("yaml", "q: " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_sheet_is_read_all_the_same(name):
    kind, text = LARGE[name]
    found = sheet(text, kind)
    assert len(found.attempts["q"]) == 1
    assert found.problems == {}


@given(st.sampled_from(SUFFIXES), st.one_of(st.binary(), st.text("aq.,;:!&*{}[]\"'|>-?<=%@`#\\0\n\t ").map(str.encode)))
def test_no_bytes_do_more_than_be_unreadable(suffix, data):
    try:
        found = parse(f"answers{suffix}", data)
    except UnreadableAnswer:
        return
    assert isinstance(found, Sheet)


def test_every_suffix_is_read():
    assert set(SUFFIXES) == {".yaml", ".yml", ".json", ".csv"}
    for suffix in SUFFIXES:
        assert parse(f"answers{suffix}", b"{}" if suffix == ".json" else b"") == Sheet()
