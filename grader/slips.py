"""Known variants of the right answer: slips, which are wrong, and accepted ones, which are right as well.

`slips.py` of an assignment holds the right functions once more, with a keyword for each way to go wrong, and a table
`SLIPS` that names the mistakes. `accepted.py` has the same form, and a table `ACCEPTED`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationError

from grader import model
from grader.course import Course, what_happened
from grader.errors import FaultError, SpecError
from grader.mistakes import suggest
from grader.model import Part
from grader.questions import Name, NonEmpty

TABLES: dict["Home", str] = {"slips": "SLIPS", "accepted": "ACCEPTED"}
Home = Literal["slips", "accepted"]


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    raise ValueError("must be a number, a text, True, False or None")


class Slip(Part):
    """A variant of the right answer: the function of its module that is called, and the keywords that make it one."""

    id: Name
    function: Name
    change: Annotated[dict[Name, Annotated[Any, PlainValidator(_plain)]], Field(min_length=1)]
    what: NonEmpty
    """What went wrong, in a sentence; of an accepted one, what is done otherwise."""
    look: str = ""
    """Where to look, in a sentence."""
    home: Home = "slips"
    """The module that it is in."""


def read(course: Course) -> tuple[Slip, ...]:
    """Return the variants that an assignment has.

    Raises:
        SpecError: a table is not one; it says which entry is wrong, and how.
        FaultError: the module cannot be imported.
    """
    return tuple(slip for home in TABLES for slip in _read(course, home))


def _read(course: Course, home: Home) -> list[Slip]:
    file = course.assignment.folder / f"{home}.py"
    if not file.is_file():
        return []
    outcome = course.call(TABLES[home], [], 0, module=home)
    match outcome:
        case model.Returned(list(entries)):
            return _checked(course, f"{file}: {TABLES[home]}", entries, home)
        case model.Returned() | model.Missing():
            raise SpecError(f"{file}: it must have a list named {TABLES[home]}")
    raise FaultError(f"{file} {what_happened(outcome)}")


def _checked(course: Course, where: str, entries: list[Any], home: Home) -> list[Slip]:
    slips: list[Slip] = []
    functions = course.assignment.spec.functions
    for n, entry in enumerate(entries):
        try:
            slip = Slip.model_validate({**entry, "home": home} if isinstance(entry, dict) else entry)
        except ValidationError as error:
            detail = error.errors()[0]
            key = ".".join(map(str, detail["loc"]))
            raise SpecError(f"{where}[{n}]{key and f'.{key}'}: {detail['msg']}") from None
        if slip.function not in functions:
            raise SpecError(
                f"{where}[{n}]: no function {slip.function!r} is graded{suggest(slip.function, [*functions])}"
            )
        if any(slip.id == other.id for other in slips):
            raise SpecError(f"{where}[{n}]: another one has the id {slip.id!r}")
        slips.append(slip)
    return slips
