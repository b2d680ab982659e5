"""A table that Moodle imports into its gradebook, with what there is to mend as feedback.

Moodle stops where it does not find a student, and takes a row in which the student's cell is empty for the student of
the row above. So nobody stands in the table who is not on the class's list, where there is one, and there is a column
for addresses where all have one. Feedback without points would take away those that Moodle has, so there is no row of
a submission that was not graded.
"""

import html
from collections.abc import Iterator

from grader import cells
from grader.classroom import Classroom
from grader.model import Result
from grader.printable import cut
from grader.roster import Student

LONGEST = 300
"""How much of a message stands in the feedback, in characters."""


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the table line by line."""
    emails = bool(classroom.students) and all(student.email for student in classroom.students.values())
    yield cells.line(
        "ID number", *(["Email address"] if emails else []), classroom.assignment, f"{classroom.assignment} (Feedback)"
    )
    unknown = set(classroom.unknown)
    for result in classroom.results:
        if not result.fault and result.id not in unknown:
            student = classroom.students.get(result.id, Student(result.id))
            whose = (student.id, student.email) if emails else (student.id,)
            yield cells.line(*whose, result.score, html.escape(_feedback(result), quote=False))


def _feedback(result: Result) -> str:
    """Return what every item earned and what is first to mend in it; Moodle takes it for HTML."""
    lines = []
    for item in result.items:
        first = next(
            (case for case in item.cases if case.status not in {"passed", "pending"} and not case.remark), None
        )
        earned = "still to be marked" if item.status == "pending" else f"{item.score:.4g} of {item.max_score:.4g}"
        lines.append(f"{item.name}: {earned}." + (f" {cut(first.message, LONGEST)}" if first else ""))
    if result.penalty:
        lines.append(f"Handed in late: {result.penalty:.4g} taken off.")
    return "\n".join(lines)
