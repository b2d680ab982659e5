"""A result as a line of JSON is read back as it was; what is no result is told in one line."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.content import Content, Mark, Picture, RubricLine
from grader.model import Attempts, CaseResult, ItemResult, Result
from grader.report.json import document, parse, render
from tests.results import classroom, result

TEXT = st.text(max_size=5)
POINTS = st.floats(0, 1e6)
SECONDS = POINTS.map(lambda seconds: round(seconds, 6))


def some(strategy):
    return st.lists(strategy, max_size=2).map(tuple)


CONTENT = st.builds(Content, text=TEXT, pictures=some(st.builds(Picture, TEXT, st.binary(max_size=5))))
ITEM = st.builds(
    ItemResult, score=POINTS, max_score=POINTS, summary=TEXT, explanation=st.none() | TEXT, latex=st.none() | TEXT,
    cases=some(st.builds(CaseResult, score=POINTS, max_score=POINTS, seconds=SECONDS, remark=..., diagnosis=..., inputs=TEXT)),
    attempts=st.none() | st.builds(Attempts), content=st.none() | CONTENT, rubric=some(st.builds(RubricLine, POINTS, TEXT)),
    mark=st.none() | st.builds(Mark, score=POINTS, lines=some(POINTS)),
)  # fmt: skip
RESULT = st.builds(
    Result, files=some(TEXT), items=some(ITEM), max_score=POINTS, sandbox=some(TEXT), seconds=SECONDS,
    fault=st.none() | st.text(min_size=1), notes=some(TEXT),
)  # fmt: skip


@given(RESULT)
def test_any_result_is_read_back_as_it_was(result):
    assert parse(render(result)) == result


@pytest.mark.parametrize("who", [[], ["alice"], ["alice", "bob", "carl"]], ids=len)
def test_a_class_is_an_array_of_its_results(who):
    results = [result(one) for one in who]
    text = "".join(document(classroom(results=results)))
    assert [parse(json.dumps(one)) for one in json.loads(text)] == results


def item(**changes):
    return ItemResult(
        **{"name": "why", "kind": "text", "status": "pending", "score": 0.0, "max_score": 2.0, "cases": (), **changes}
    )


def line(**changes):
    result = Result(
        "hw", "alice", (), "0", (item(content=Content("x", (Picture("image/png", b"\xff\x00"),))),), 2.0, "", (), 0.1
    )
    return {**json.loads(render(result)), **changes}


def test_a_picture_is_base64_and_content_has_its_hash():
    (got,) = line()["items"]
    content = Content("x", (Picture("image/png", b"\xff\x00"),))
    assert got["content"] == {
        "text": "x", "pictures": [{"media": "image/png", "data": "/wA="}], "sha256": content.sha256}  # fmt: skip


def test_an_item_without_content_says_so():
    assert json.loads(render(Result("hw", "a", (), "0", (item(),), 2.0, "", (), 0.1)))["items"][0]["content"] is None


def test_a_line_of_before_there_were_contents_and_notes_is_read():
    (old,) = line()["items"]
    for key in ("content", "rubric", "mark"):
        del old[key]
    got = parse(json.dumps({key: value for key, value in line(items=[old]).items() if key != "notes"}))
    assert (got.items[0], got.notes) == (item(), ())


def with_item(**changes):
    (one,) = line()["items"]
    return json.dumps(line(items=[{**one, **changes}]))


NOT_RESULTS = {
    "no JSON": ("grade", "Invalid JSON: expected value at line 1 column 1"),
    "no mapping": ("[]", "Input should be an object"),
    "of another schema": (json.dumps(line(schema=2)), "$.schema: Input should be 1"),
    "a part missing": (json.dumps({k: v for k, v in line().items() if k != "items"}), "$.items: Field required"),
    "an unknown status": (with_item(status="great"), "$.items[0].status: Input should be 'passed'"),
    "a text for points": (with_item(score="2"), "$.items[0].score: Input should be a valid number"),
    "a truth value for points": (with_item(score=True), "$.items[0].score: Input should be a valid number"),
    "no number": (with_item(score=float("nan")), "$.items[0].score: Input should be a finite number"),
    "no base64": (
        with_item(content={"text": "", "pictures": [{"media": "", "data": "?"}]}), "$.items[0].content.pictures[0].data: "),
    "half a character": (json.dumps(line(stdout="\ud800")), "Invalid JSON: "),
    "too deep": ("[" * 100_000, "Invalid JSON: recursion limit exceeded"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), NOT_RESULTS.values(), ids=NOT_RESULTS)
def test_what_is_no_result_is_told_on_one_line(text, why):
    with pytest.raises(ValueError, match=re.escape(f"this is no result of `grader grade`: {why}")) as raised:
        parse(text)
    assert "\n" not in str(raised.value)
