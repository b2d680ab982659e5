"""The table that `nbgrader export` writes, for what reads that.

As in nbgrader's, one who handed in nothing has 0; unlike in nbgrader's, cells are quoted where they have to be, and
those of a submission that was not graded are empty.
"""

from collections.abc import Iterator

from grader import cells
from grader.classroom import Classroom
from grader.model import Result
from grader.roster import Student

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def render(classroom: Classroom) -> Iterator[str]:
    """Yield the table line by line."""
    yield cells.line(*COLUMNS)
    most = 0.0
    for result in classroom.results:
        most = max(most, result.max_score)
        student = classroom.students.get(result.id, Student(result.id))
        yield cells.line(
            classroom.assignment,
            classroom.due,
            _handed_in(result),
            *_named(student),
            *_points(result),
            result.max_score,
        )
    for student in classroom.missing:
        yield cells.line(classroom.assignment, classroom.due, None, *_named(student), 0.0, 0.0, 0.0, most)


def _handed_in(result: Result) -> str:
    """Return when that was handed in which counts."""
    return next((attempt.handed_in for attempt in result.attempts if attempt.counts), "")


def _named(student: Student) -> tuple[str, str, str, str]:
    """Return a student's id, last and first name and address; of a name without a comma the last word is the last."""
    last, comma, first = student.name.partition(",")
    if not comma:
        first, _, last = student.name.strip().rpartition(" ")
    return student.id, last.strip(), first.strip(), student.email


def _points(result: Result) -> tuple[float | None, ...]:
    if result.score is None:
        return None, None, None
    return sum(item.score for item in result.items), result.penalty, result.score
