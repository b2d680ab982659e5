"""JUnit XML, as CI systems read it: a suite a submission, a test a case.

A `failure` is a wrong or missing result, an `error` is one that broke, and what is not counted, or not yet, is
`skipped`. JUnit knows no points: they are properties of the suite. GitLab drops a test that has the class and name of
another, so cases of one name are numbered; and it reads no file of 30 MB, so texts are cut, and cut shorter once the
file is large.
"""

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import quoteattr

from grader.cells import number
from grader.classroom import Classroom
from grader.model import CaseResult, ItemResult, Result
from grader.printable import cut

LONGEST = 2_000
"""How much of a message, or of what was printed, is shown, in characters."""
LONGEST_NAME = 200
"""The same of a name, and of a message where it is told in one line."""
SHORT = 100
"""The same in a file that is large already."""
LARGE = 15_000_000
"""From where on a file is large, in bytes."""

_TAGS = {"passed": None, "failed": "failure", "missing": "failure", "pending": "skipped"}
"""What a status is to JUnit; any other is an error."""


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the document suite by suite."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name={quoteattr(_name(classroom.assignment))}>\n'
    size = 0
    for result in classroom.results:
        suite = tostring(_suite(result, LONGEST if size < LARGE else SHORT), encoding="unicode")
        size += len(suite.encode())
        yield f"{suite}\n"
    yield "</testsuites>\n"


def _suite(result: Result, most: int) -> Element:
    tests = _fault(result, most) if result.fault else list(_tests(result, most))
    counts = {
        "tests": len(tests),
        "failures": sum(test.find("failure") is not None for test in tests),
        "errors": sum(test.find("error") is not None for test in tests),
        "skipped": sum(test.find("skipped") is not None for test in tests),
    }
    numbers = {key: str(value) for key, value in counts.items()}
    suite = Element("testsuite", {"name": _name(result.id), **numbers, "time": _seconds(result.seconds)})
    properties = SubElement(suite, "properties")
    for name, value in _points(result):
        SubElement(properties, "property", name=_name(name), value=number(value))
    suite.extend(tests)
    if result.printed:
        SubElement(suite, "system-out").text = cut(result.printed, most)
    return suite


def _points(result: Result) -> Iterator[tuple[str, float]]:
    if result.score is not None:
        yield "score", result.score
    yield "max_score", result.max_score
    if result.penalty:
        yield "penalty", result.penalty
    for item in result.items:
        yield f"{item.name}.score", item.score
        yield f"{item.name}.max_score", item.max_score


def _fault(result: Result, most: int) -> list[Element]:
    test = Element("testcase", classname=_name(result.id), name="grading", time=_seconds(result.seconds))
    told = "a fault of the grader or its machine, which costs no points"
    SubElement(test, "error", type="fault", message=told).text = cut(result.fault or "", most)
    return [test]


def _tests(result: Result, most: int) -> Iterator[Element]:
    for item in result.items:
        seen: Counter[str] = Counter()
        for case in item.cases or [_whole(item)]:
            seen[case.name] += 1
            name = case.name + (f" ({seen[case.name]})" if seen[case.name] > 1 else "")
            yield _test(f"{result.id}.{item.name}", name, case, most)


def _whole(item: ItemResult) -> CaseResult:
    """Return an item that has no cases as one."""
    return CaseResult(item.name, item.status, "public", item.score, item.max_score, 0.0, item.summary)


def _test(classname: str, name: str, case: CaseResult, most: int) -> Element:
    test = Element("testcase", classname=_name(classname), name=_name(name), time=_seconds(case.seconds))
    if case.spot:
        test.attrib |= {"file": _name(case.spot.file), "line": str(case.spot.line)}
    tag = _TAGS.get(case.status, "error")
    if tag:
        about = SubElement(
            test,
            "skipped" if case.remark else tag,
            type=case.status,
            message=cut(case.message, min(most, LONGEST_NAME)),
        )
        about.text = cut(case.message + (f"\ncalled with {case.inputs}" if case.inputs else ""), most)
    return test


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"


def _name(text: str) -> str:
    return cut(text, LONGEST_NAME)
