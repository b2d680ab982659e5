"""What goes out in a student's bundle, packed into one file: nothing that is hidden, and none of the course's code.

    plan ──► its public calls ─────────────────────────┐
    spec ──► names, limits, points; no answers ────────┼─► packed ─► `.grader`
    variants ──► what known mistakes return for them ──┘

What it takes the course's own code to judge stays out, and is graded later: cases with right parts, functions of
`checks.py`, times in units of the reference's. A public case of which less than all is revealed goes out without what
is wanted: only types and shapes are looked at then.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np

from grader import bundle, shared
from grader.bundle import FORMAT, MARK
from grader.compare import Rules
from grader.diagnose import pairs
from grader.errors import SpecError
from grader.prepare import Call, Plan
from grader.properties import AtMostTimes, Check
from grader.questions import ChoiceQuestion, FormulaQuestion, NumberQuestion, Question
from grader.sandbox import protocol
from grader.sandbox.values import Record, RefusedError
from grader.slips import Slip
from grader.spec import Spec
from grader.unpacking import LARGEST, MEANINGLESS, MOST_ROUNDS, OF_FUNCTION, PLAIN, Form, Made, planned
from grader.variants import Variants, named_rounds, named_value

MOST_TOGETHER = 4 * 2**20
"""How much two slips together may return for all calls of a function to be kept, in bytes."""
VEILED = "{} (only types and shapes)"
"""What a case is called of which nothing else is looked at."""

Known = Iterable[tuple[str, list[Any]]]
"""What variants return, by its names: in a list, which is empty where they return nothing."""


def public(plan: Plan) -> Plan:
    """Return of a plan what may be known to everybody."""
    shown = plan.public().only(_needs_no_course)
    return replace(shown, calls={name: tuple(map(_veiled, calls)) for name, calls in shown.calls.items()})


def _needs_no_course(call: Call) -> bool:
    return not call.using and not isinstance(call.holds, AtMostTimes | Check)


def _is_veiled(call: Call) -> bool:
    return call.reveal != "all" and call.holds is None


def _veiled(call: Call) -> Call:
    """Return a call without what is wanted, if that may not be told."""
    if not _is_veiled(call):
        return call
    rules = Rules(call.rules.returns, strict=call.rules.strict, shapes_only=True)
    return replace(call, want=_blank(call.want), rules=rules, name=VEILED.format(call.name))


def _blank(value: Any) -> Any:
    """Return a value of the same form with nothing in it."""
    match value:
        case np.ndarray():
            return np.zeros_like(value)
        case Record(name, fields):
            return Record(name, {key: _blank(part) for key, part in fields.items()})
        case dict():
            return {key: _blank(part) for key, part in value.items()}
        case list() | tuple():
            return type(value)(map(_blank, value))
        case None:
            return None
    return type(value)()


def pack(plan: Plan, variants: Variants, files: Mapping[str, bytes]) -> bytes:
    """Return the file of a bundle that has these other files; it is the same for the same assignment.

    Raises:
        SpecError: there is too much in it, or students' graders could not read it.
    """
    where = f"{plan.assignment.folder}: its public cases cannot be handed out"
    try:
        made = _made(plan, variants, files)
        planned(plan.assignment.folder, Form.model_validate(made))
        return MARK + b"%d\n" % FORMAT + zlib.compress(_frame(made), 9)
    except RefusedError as error:
        raise SpecError(f"{where}: {error}") from error
    except MEANINGLESS as error:
        raise SpecError(f"{where}, since no bundle may have what they have: {error}") from error


def _made(plan: Plan, variants: Variants, files: Mapping[str, bytes]) -> Made:
    shown = public(plan)
    frames = _Frames()
    return {
        "spec": _spec(shown.assignment.spec, shared.data(plan.assignment)[0]),
        "later": shown.later,
        "given": {name: bundle.digest(data) for name, data in shown.given.items()},
        "slips": _slips([slip for slip in shown.slips if slip.function in shown.calls]),
        "calls": [_call(call) for calls in shown.calls.values() for call in calls],
        "known": {name: [frames.place(value) for value in values] for name, values in _known(shown, variants)},
        "frames": frames.all,
        "files": {name: sha256(data).hexdigest() for name, data in sorted(files.items())},
    }


class _Frames:
    """Values that are kept once, however often they come."""

    def __init__(self) -> None:
        self.all: list[bytes] = []
        self._places: dict[bytes, int] = {}

    def place(self, value: Any) -> int:
        """Return which of the frames has the value."""
        frame = _frame(value)
        if frame not in self._places:
            self._places[frame] = len(self.all)
            self.all.append(frame)
        return self._places[frame]


def _frame(value: Any) -> bytes:
    return protocol.pack(value, LARGEST)


def _spec(spec: Spec, data: Iterable[str]) -> Made:
    return {
        **spec.model_dump(mode="json", include=PLAIN),
        "limits": spec.limits.model_dump(),
        "submission": spec.submission.model_dump(exclude_none=True),
        "data": sorted(data),
        "functions": {name: each.model_dump(include=OF_FUNCTION) for name, each in spec.functions.items()},
        "questions": {name: _unanswered(question) for name, question in spec.questions.items()},
    }


def _unanswered(question: Question) -> Made:
    """Return a question by which an answer can be read, and not judged: what stands for the right one is no secret."""
    kept = {"kind": question.kind, "points": question.points, "attempts": question.attempts}
    match question:
        case NumberQuestion():
            return {**kept, "answer": "0"}
        case FormulaQuestion():
            ranges = {name: [0.0, 1.0] for name in question.variables}
            return {**kept, "answer": "0", "variables": ranges, "constants": question.constants}
        case ChoiceQuestion(blanks=None):
            first = question.order[0]
            ticked = [first] if isinstance(question.answer, list) else first
            return {**kept, "options": question.order, "answer": ticked}
        case ChoiceQuestion():
            return {
                **kept,
                "options": question.order,
                "blanks": dict.fromkeys(question.blanks or (), question.order[0]),
            }
    return kept


def _slips(slips: Sequence[Slip]) -> list[Made]:
    """Return what is told of mistakes, and of their keywords only which of them share one."""
    keywords = sorted({key for slip in slips for key in slip.change})
    return [
        {
            **slip.model_dump(exclude={"change"}),
            "change": {f"k{keywords.index(key)}": None for key in sorted(slip.change)},
        }
        for slip in slips
    ]


def _call(call: Call) -> Made:
    tolerance = {path: each.model_dump(exclude_defaults=True) for path, each in call.rules.tolerance.items()}
    return {
        "key": list(call.key),
        "name": call.name,
        "args": dict(call.args),
        "seed": call.seed,
        "want": call.want,
        "rules": {
            "returns": list(call.rules.returns),
            "tolerance": tolerance,
            "strict": call.rules.strict,
            "shapes_only": call.rules.shapes_only,
            "permute": dict(call.rules.permute),
        },
        "remark": call.remark,
        "reveal": call.reveal,
        "holds": call.holds and call.holds.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "derived": call.derived,
        "more": dict(call.more),
    }


def _known(plan: Plan, variants: Variants) -> Known:
    """Yield what known variants return for the calls, and the reference's rounds."""
    for name, calls in plan.calls.items():
        valued = [call for call in calls if call.holds is None and not call.remark and not _is_veiled(call)]
        for call in valued:
            for slip in (*variants.of(name), *variants.of(name, "accepted")):
                yield from _unless_right(call, named_value(call, (slip,)), variants.computed(call, (slip,)))
        yield from _small(_together(name, valued, variants), MOST_TOGETHER)
        for call in valued if plan.assignment.spec.functions[name].steps else ():
            yield from _small([(named_rounds(call), [*variants.iterate(call)])], MOST_ROUNDS)


def _unless_right(call: Call, name: str, values: list[Any]) -> Known:
    """Yield what a variant returns, if that is not what is wanted, for which what is not known stands."""
    if not values or _frame(values[0]) != _frame(call.want):
        yield name, values


def _together(function: str, calls: Sequence[Call], variants: Variants) -> Known:
    """Yield what two slips return together; nothing where one of them returns nothing alone."""
    for call in calls:
        alone = {slip.id: variants.value(call, (slip,)) for slip in variants.of(function)}
        for pair in pairs(variants.of(function)):
            values = variants.computed(call, pair) if all(alone[slip.id] for slip in pair) else []
            yield from _unless_right(call, named_value(call, pair), values)


def _small(known: Known, most: int) -> Known:
    """Return what is known if it is not too large, else nothing of it."""
    kept, frames, size = [], set[bytes](), 0
    for name, values in known:
        new = {_frame(value) for value in values} - frames
        size += sum(map(len, new))
        if size > most:
            return []
        frames |= new
        kept.append((name, values))
    return kept
