"""JUnit XML is well formed, says what is wrong and what broke, and is read by those who read it."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from grader.model import Spot
from grader.report import junit
from tests.results import HOSTILE, case, classroom, faulty, hostile, item, result

junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed (the extra `test`)")

NEEDED = {
    "testsuites": set(), "testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}, "properties": set(),
    "property": {"name", "value"}, "failure": set(), "error": set(), "skipped": set(), "system-out": set(),
}  # fmt: skip
"""The attributes that the schema of Jenkins's xUnit plugin wants of each element."""
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"},
    "testcase": {"name", "time", "classname", "group", "file", "line"},  # the last two are pytest's and GitLab's
    "property": {"name", "value"},
    "failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"type", "message"},
}  # fmt: skip
INSIDE = {
    "testsuites": {"testsuite"}, "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "properties": {"property"}, "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
}  # fmt: skip


def check(element):
    """Hold an element, and what is in it, to the schema."""
    tag, attributes = element.tag, set(element.attrib)
    assert NEEDED[tag] <= attributes <= ALLOWED.get(tag, set())
    assert {child.tag for child in element} <= INSIDE.get(tag, set())
    if "time" in attributes:
        assert re.fullmatch(r"\d+\.\d+", element.get("time"))
    for child in element:
        check(child)


def read(*results, **changes):
    text = "".join(junit.render(classroom(*results, **changes))).encode()
    suites = junitparser.JUnitXml.fromstring(text)
    check(suites._elem)
    return suites


def cases_of(*cases):
    (suite,) = read(result("alice", item("double", *cases)))
    return list(suite)


def kinds(test):
    return [(type(one).__name__, one.type) for one in test.result]


STATUSES = {
    "failed": "Failure", "missing": "Failure", "pending": "Skipped",
    "error": "Error", "timeout": "Error", "memory": "Error", "killed": "Error", "blocked": "Error",
}  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_what_is_wrong_fails_and_what_broke_is_an_error(status, kind):
    (test,) = cases_of(case("three", status))
    assert (test.classname, test.name, kinds(test)) == ("alice.double", "three", [(kind, status)])


def test_what_passed_has_nothing_to_say():
    (test,) = cases_of(case())
    assert (test.result, test.time) == ([], 0.004)


def test_a_remark_costs_nothing_and_fails_nothing():
    (test, _) = cases_of(case("style", "failed", remark=True), case())
    assert kinds(test) == [("Skipped", "failed")]


def test_a_failure_says_what_and_where_and_with_which_arguments():
    (test,) = cases_of(case("three", "failed", message="`y` is wrong", inputs="x = 3", spot=Spot("work.py", 7)))
    (failure,) = test.result
    assert (failure.message, failure.text) == ("`y` is wrong", "`y` is wrong\ncalled with x = 3")
    assert (test._elem.get("file"), test._elem.get("line")) == ("work.py", "7")


def test_a_suite_counts_as_its_readers_do():
    wrong = item("double", case("a"), case("b", "failed"), case("c", "error"), case("d", "pending"))
    (suite,) = read(result("alice", wrong))
    told = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert told == (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 1, 1)


def test_points_are_properties():
    (suite,) = read(result("alice", item("double"), penalty=0.25))
    assert {one.name: one.value for one in suite.properties()} == {
        "score": "0.75", "max_score": "1", "penalty": "0.25", "double.score": "1", "double.max_score": "1"}  # fmt: skip


def test_a_fault_of_ours_is_an_error_and_has_no_score():
    (suite,) = read(faulty("bob", "no sandbox"))
    (test,) = suite
    assert (test.classname, test.name, kinds(test), test.result[0].text) == (
        "bob", "grading", [("Error", "fault")], "no sandbox")  # fmt: skip
    assert [one.name for one in suite.properties()] == ["max_score"]


def test_an_item_without_cases_is_a_test():
    (suite,) = read(result("alice", replace(item("why", case("answer", "pending")), cases=())))
    assert [(test.classname, test.name, kinds(test)) for test in suite] == [
        ("alice.why", "why", [("Skipped", "pending")])]  # fmt: skip


def test_no_two_tests_have_the_same_class_and_name_for_gitlab_drops_one():
    tests = cases_of(case("three"), case("three"), case("three", "failed"))
    assert [test.name for test in tests] == ["three", "three (2)", "three (3)"]


def test_a_class_is_a_suite_each_in_order():
    assert [suite.name for suite in read(result("bob"), result("alice"))] == ["bob", "alice"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_a_student_chooses_stays_text(text):
    (suite,) = read(*hostile(text).results, assignment=text)
    tests = list(suite)
    assert len(tests) == 3
    assert Counter((test.classname, test.name) for test in tests).most_common(1)[0][1] == 1
    assert [kinds(test) for test in tests] == [[("Error", "error")], [("Failure", "failed")], []]


def test_markup_is_read_back_as_it_was():
    (suite,) = read(result("a<b", item("double", case("x", "failed", message="]]> & <b>"))))
    assert (suite.name, next(iter(suite)).result[0].text) == ("a<b", "]]> & <b>")


def test_texts_are_cut_and_cut_shorter_where_the_file_is_large(monkeypatch):
    printed = result("alice", stdout="x" * 100_000)
    monkeypatch.setattr(junit, "LARGE", 2_000)
    first, second = (suite._elem.findtext("system-out") for suite in read(printed, printed))
    assert first == "x" * junit.LONGEST + " … (98000 more characters)"
    assert second == "x" * junit.SHORT + " … (99900 more characters)"


def test_what_may_be_the_arguments_of_a_hidden_case_is_left_out():
    (suite,) = read(result("alice", item("f", case("a", visibility="hidden")), stdout="X = zebra"))
    assert suite._elem.find("system-out") is None


def test_a_class_of_a_thousand_in_which_all_is_wrong_at_length_is_less_than_gitlab_reads():
    wrong = item("double", *(case(f"case {n}", "error", message="x" * 5_000) for n in range(30)))
    one = result("alice", wrong, stdout="y" * 60_000)
    long, short = (len(junit.tostring(junit._suite(one, most))) for most in (junit.LONGEST, junit.SHORT))
    assert junit.LARGE + long + 1_000 * short < 30_000_000
