"""Results and classrooms for tests, as short as what matters about them."""

from dataclasses import replace

from grader.classroom import Classroom
from grader.model import CaseResult, ItemResult, Result, Spot


def case(name="three", status="passed", **changes):
    """A case worth a point; what did not pass earned none, and says so."""
    passed = status == "passed"
    fields = {
        "visibility": "public", "score": float(passed), "max_score": 1.0, "seconds": 0.004,
        "message": "" if passed else "`y` is wrong: got 4, want 6", **changes,
    }  # fmt: skip
    return CaseResult(name, status, **fields)


def item(name="double", *cases, **changes):
    """A function; its status and points are those of its cases, of which it has one that passed unless others are given."""
    cases = cases or (case(),)
    counted = [one for one in cases if not one.remark]
    fields = {
        "kind": "function",
        "status": next((one.status for one in counted if one.status != "passed"), "passed"),
        "score": sum(one.score for one in counted),
        "max_score": sum(one.max_score for one in counted),
        **changes,
    }
    return ItemResult(name, cases=cases, **fields)


def result(who="alice", *items, **changes):
    """A submission; of a function that passed, unless others are given."""
    items = items or (item(),)
    fields = {
        "assignment": "small", "files": ("work.py",), "sha256": "0" * 64,
        "max_score": sum(one.max_score for one in items), "stdout": "", "sandbox": ("process",), "seconds": 0.25, **changes,
    }  # fmt: skip
    return Result(id=who, items=items, **fields)


def faulty(who="bob", fault="the sandbox did not start", **changes):
    """A submission that a fault of ours kept from being graded; it has no items."""
    return replace(result(who, **{"fault": fault, **changes}), items=())


def classroom(*results, **changes):
    """A class; of alice, who passed, unless others are given."""
    return Classroom(**{"assignment": "small", "results": results or (result(),), **changes})


HOSTILE = {
    "the end of CDATA": "]]>",
    "markup": "<script>alert(1)</script>&amp;\"'",
    "control characters": "\x00\x08\x1b[31mred\x7f\x85\r",
    "text from right to left": "\u202egpj.exe",
    "half a character": "\ud83d",
    "no character": "\ufffe\uffff",
    "a formula": "=cmd|' /C calc'!A0",
    "a formula after a semicolon": "a;+1",
    "pipes": "a | b \\| c",
    "a command of a workflow": "\n::error file=x::y\n::add-mask::z",
    "lines": "one\ntwo\r\nthree",
    "Markdown": "# x\n[a](javascript:b) ![c](http://d) `e` **f** @octocat www.g.h $i$ <!-- ~~",
    "an emoji": "😀",
    "commas": "a,line=1,b",
    "percent signs": "%0A::error::",
    "a long line": "x" * 1_000_000,
}
"""Texts by which a student could get more than a text into a report."""


def hostile(text):
    """A class of one, all of whose texts that a student can choose are this one."""
    wrong = item(
        "double", case(text, "error", message=text, inputs=text, spot=Spot(text, 3)), case(text, "failed", message=text)
    )
    return classroom(result(text, wrong, item("pair"), stdout=text, notes=(text,), files=(text,)))
