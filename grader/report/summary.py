"""The instructor's page: how a class did, what was hard for it, what went wrong most, and everybody in a table.

The table is plain cells, so that a large class opens at once; a script adds the search and the sorting to it.
"""

from urllib.parse import quote

from grader import statistics, templating
from grader.classroom import Classroom
from grader.files import filename
from grader.statistics import Statistics

NAMED = 30
"""How many of the students with a mistake are named; the table finds them all."""
BAR_HEIGHT = 120
"""How high the highest bar of the histogram is."""


def render(classroom: Classroom) -> str:
    """Return the page of a class."""
    found = statistics.of(classroom.results)
    values = {
        "classroom": classroom,
        "assignment": classroom.title or classroom.assignment,
        "class_": found,
        "bars": _bars(found),
        "named": NAMED,
        "link": link,
        "name": {id_: student.name for id_, student in classroom.students.items() if student.name},
    }
    return templating.render("summary.html", values)


def link(student: str) -> str:
    """Return where a student's page is, seen from this one."""
    return f"feedback/{quote(filename(student))}.html"


def _bars(found: Statistics) -> list[tuple[str, int, int]]:
    """Return the bars of the histogram: what each stands for, how many there are, and how high it is."""
    most = max(*found.bins, 1)
    width = 100 // statistics.BINS
    names = [f"{width * n} to {width * (n + 1)} %" for n in range(statistics.BINS)]
    return [(name, count, round(BAR_HEIGHT * count / most)) for name, count in zip(names, found.bins, strict=True)]
