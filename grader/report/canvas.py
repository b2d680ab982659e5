"""A table that Canvas imports into its gradebook.

Canvas looks for a student by SIS User ID, then by SIS Login ID, then by name. Its own `ID` is a number that we do not
know: that cell is empty, for another number there could be another student's. A row without points would take away
those that Canvas has, so there is none of a submission that was not graded, or of one who handed in nothing. Nor is
there one of who is not on the class's list, where there is one.
"""

from collections.abc import Iterator

from grader import cells
from grader.classroom import Classroom
from grader.roster import Student

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
"""All but the assignment's, in the order by which Canvas knows them."""
POINTS = "    Points Possible"
"""How Canvas begins the row that says what an assignment is worth."""


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the table line by line."""
    most = max((result.max_score for result in classroom.results), default=None)
    yield cells.line(*COLUMNS, classroom.assignment)
    yield cells.line(POINTS, *[None] * (len(COLUMNS) - 1), most)
    unknown = set(classroom.unknown)
    for result in classroom.results:
        if not result.fault and result.id not in unknown:
            student = classroom.students.get(result.id, Student(result.id))
            yield cells.line(student.name or student.id, None, student.id, student.id, None, result.score)
