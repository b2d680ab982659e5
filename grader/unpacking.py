"""From a bundle's data to a plan of public calls, held to their form first: they may be a stranger's.

    data ─► form ─► spec, calls, mistakes ─► plan

A spec must be what a whole one is, with stand-ins for the cases, which are in the calls. Calls are of functions that it
grades, with the keys of public ones; the names that it gives are not those of functions. So a bundle has nothing run
but what students wrote, and asks nothing of the course's code.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from grader.arguments import inside
from grader.assignment import Assignment
from grader.compare import Rules, compare
from grader.components import as_array, lookup
from grader.model import Part, Reveal
from grader.prepare import Call, Plan
from grader.properties import AtMostTimes, Check, Property
from grader.questions import Name, NonEmpty
from grader.sandbox import protocol
from grader.sandbox.values import ProtocolError, RefusedError
from grader.slips import Slip
from grader.spec import Spec
from grader.tolerances import Tolerance
from grader.yamlfile import Document

LARGEST = 2**26
"""How large a bundle may be, packed and unpacked, in bytes."""
MOST_VALUES, MOST_ROUNDS = 4000, 2**20
"""How many values may be known under one name, and how large several may be, in bytes."""
LARGEST_MATCH = 2**24
"""How many numbers it may take to find in which order components came."""
PLAIN = {"name", "title", "names", "packages", "scoring", "strict"}
OF_FUNCTION = {"points", "returns", "calls", "steps", "follow_through"}
"""The keys of a spec and of its functions that go out as they are."""
_MADE = {"limits", "submission", "data", "functions", "questions"}
"""Its other keys that go out."""
MEANINGLESS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RefusedError, RecursionError)
"""What is raised by data that make no plan."""

Made = Mapping[str, Any]


def unframed(frame: bytes) -> Any:
    """Return the value that a frame carries.

    Raises:
        ProtocolError: it is none.
    """
    header, body = protocol.lengths(frame[: protocol.PREFIX], LARGEST)
    end = protocol.PREFIX + header
    try:
        return protocol.unpack(frame[protocol.PREFIX : end], bytearray(memoryview(frame)[end : end + body]))
    except OverflowError as error:
        raise ProtocolError("a length that no array can have") from error


# --- its form --------------------------------------------------------------------------------------------------------


def _harmless(text: str) -> str:
    """Refuse characters by which a text could rewrite the screen."""
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text):
        raise ValueError("must be a text without control characters")
    return text


def _inside(path: str) -> str:
    if not re.fullmatch(r"[^/\\:\x00-\x1f]+(/[^/\\:\x00-\x1f]+)*\.py", path) or ".." in path.split("/"):
        raise ValueError("must be the path of a module below the bundle's folder")
    return path


def _needs_no_course(holds: Property | None) -> Property | None:
    if isinstance(holds, AtMostTimes | Check):
        raise ValueError("must be a property that can be judged without the course's code")  # noqa: TRY004  pydantic's
    return holds


Shown = Annotated[NonEmpty, AfterValidator(_harmless)]
Index = Annotated[int, Field(ge=0, lt=2**31)]


class _Rules(Part):
    returns: list[Name]
    tolerance: dict[str, Tolerance]
    strict: bool
    shapes_only: bool
    permute: dict[str, int]


class _More(Part):
    echo: bool | None = None


class _Call(Part):
    key: Annotated[tuple[Name, Index, Index], Field(strict=False)]
    name: Shown
    args: dict[Name, Any]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    want: Any
    rules: _Rules
    remark: bool
    reveal: Reveal
    holds: Annotated[Property | None, AfterValidator(_needs_no_course)]
    derived: bool
    more: _More


class Form(Part):
    """What a bundle's file must be."""

    spec: dict[str, Any]
    later: Index
    given: dict[Annotated[str, AfterValidator(_inside)], str]
    slips: list[Slip]
    calls: list[_Call]
    known: dict[str, Annotated[list[Index], Field(max_length=MOST_VALUES)]]
    frames: list[bytes]
    files: dict[str, str]

    def values(self, name: str) -> list[Any] | None:
        """Return what is known under a name, and None where nothing is."""
        numbers = self.known.get(name)
        if numbers is None or not all(n < len(self.frames) for n in numbers):
            return None
        frames = {n: self.frames[n] for n in numbers}
        if len(frames) > 1 and sum(map(len, frames.values())) > MOST_ROUNDS:
            return None
        try:
            values = {n: unframed(frame) for n, frame in frames.items()}
        except ProtocolError:
            return None
        return [values[n] for n in numbers]


# --- what it means ---------------------------------------------------------------------------------------------------


def planned(folder: Path, form: Form) -> Plan:
    """Return the plan that a bundle makes, without the modules that the course gives.

    Raises:
        One of `MEANINGLESS`: it makes none.
    """
    spec = _spec(folder, form.spec, form.calls)
    calls: dict[str, list[Call]] = {name: [] for name in spec.functions}
    for each in form.calls:
        calls[each.key[0]].append(_call(each))
    if not all(slip.function in spec.functions for slip in form.slips):
        raise ValueError("a mistake in a function that is not there")
    return Plan(
        assignment=Assignment(folder, spec, Document()),
        given={},
        calls={name: tuple(each) for name, each in calls.items() if each},
        slips=tuple(form.slips),
        public_only=True,
        later=form.later,
    )


def _spec(folder: Path, made: Made, calls: Sequence[_Call]) -> Spec:
    """Return the spec, held to all that a whole one is; instead of cases it has what stands for those of the calls."""
    if made.keys() != PLAIN | _MADE:
        raise ValueError("other keys than a spec goes out with")
    functions = {name: _function(name, each, calls) for name, each in made["functions"].items()}
    alone = not functions and not made["questions"]  # then there is a notebook, which is executed when it is graded
    data = [name for name in made["data"] if _is_there(folder, name)]
    spec = Spec.model_validate({**made, "functions": functions, "data": data, "execute": alone})
    for text in (spec.name, spec.title):
        _harmless(text)
    if spec.names.keys() & spec.functions.keys():
        raise ValueError("what is called must be the student's own")
    return spec.model_copy(update={"execute": None})


def _is_there(folder: Path, name: str) -> bool:
    try:
        inside(folder, name)
    except ValueError:
        return False
    return True


def _function(name: str, made: Made, calls: Sequence[_Call]) -> Made:
    if made.keys() != OF_FUNCTION:
        raise ValueError("other keys than a function goes out with")
    cases = [_case(call, made["returns"]) for call in calls if call.key[0] == name]
    fed = [arg for args in made["steps"].values() for arg in args]
    later = {"name": "later", "args": dict.fromkeys(fed, 0), "expect": dict.fromkeys(made["returns"], 0)}
    return {**made, "cases": cases or [later]}


def _case(call: _Call, returns: Sequence[str]) -> Made:
    """Return a case that stands for a call's, with other values."""
    if call.rules.returns != returns or call.derived != (call.holds is not None and not call.args):
        raise ValueError("a call that is none of its function")
    judged = {"expect": dict.fromkeys(returns, 0)} if call.holds is None else {"property": call.holds}
    rules = {"permute": call.rules.permute} if call.rules.permute else {}
    return {
        "name": "/".join(map(str, call.key)),
        "args": dict.fromkeys(call.args, 0),
        "remark": call.remark,
        **judged,
        **rules,
    }


def _call(made: _Call) -> Call:
    call = Call(
        key=made.key,
        name=made.name,
        args=made.args,
        seed=made.seed,
        want=made.want,
        rules=Rules(**{**dict(made.rules), "returns": tuple(made.rules.returns)}),
        visibility="public",
        remark=made.remark,
        reveal=made.reveal,
        holds=made.holds,
        derived=made.derived,
        more=made.more.model_dump(exclude_none=True),
    )
    if call.holds is None:
        _hold_against_itself(call)
    return replace(call, frame=call.request())


def _hold_against_itself(call: Call) -> None:
    for path, axis in call.rules.permute.items():
        part = as_array(lookup(call.want, path, call.rules.returns))
        if part is None or part.size * part.shape[axis] > LARGEST_MATCH:
            raise ValueError(f"{path} cannot be put in order")
    if compare(call.want, call.want, call.rules).problems:
        raise ValueError("a value that does not equal itself")
