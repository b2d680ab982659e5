"""What is drawn of a function for people, beside what its cases say: nothing of it is judged.

The student's components are those that a case returned. The student's curve is another matter: what a loop returns
does not tell how it got there, so the child is asked to go round the student's own steps, once, after all is judged,
and only where the case failed. What it answers is a stranger's word, and taken for numbers or for nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from grader.components import like
from grader.content import Curve, Drawing, Scatter
from grader.draw import DrawCurve, DrawScatter
from grader.judged import Judged
from grader.model import Returned
from grader.run import Run
from grader.sandbox.requests import rounds_request
from grader.sandbox.values import RefusedError
from grader.spec import Function
from grader.variants import Variants

SECONDS = 1.0
"""How long the rounds may take together, where the function has as much: its own time may have gone by meanwhile."""


def of(function: Function, judged: Sequence[Judged], run: Run, variants: Variants) -> tuple[Drawing, ...]:
    """Return the drawings of a function whose calls are judged."""
    if variants.plan.public_only:  # which is checked on a terminal
        return ()
    shown = [one for one in judged if function.cases[one.call.key[1]].drawable]
    came = [one for one in shown if isinstance(one.answer.outcome, Returned)]
    drawings: list[Drawing | None] = []
    for draw in function.draw:
        match draw:
            case DrawScatter():
                drawings.append(next(filter(None, (_scatter(draw, one, variants) for one in came)), None))
            case DrawCurve():
                failed = [one for one in came if one.failed]
                drawings.append(_curve(draw, function, failed[0], run, variants) if failed else None)
    return tuple(filter(None, drawings))


def _scatter(draw: DrawScatter, one: Judged, variants: Variants) -> Scatter | None:
    right, call = variants.scatter(one.call, draw), one.call
    return replace(right, got=draw.clusters(like(one.value, call.want), call.rules.returns)) if right else None


def _curve(draw: DrawCurve, function: Function, one: Judged, run: Run, variants: Variants) -> Curve | None:
    call, spec = one.call, variants.plan.assignment.spec
    want = variants.curve(call, draw.curve)
    steps = [[name, args, spec.functions[name].returns] for name, args in function.steps.items()]
    try:
        frame = rounds_request(steps, call.args, draw.curve, len(want), call.seed)
    except RefusedError:
        return None
    run.begin()
    run.deadline.wall = min(run.deadline.wall, time.monotonic() + SECONDS)
    outcome = run.ask(frame).outcome
    return draw.drawn(call.name, outcome.value, want) if isinstance(outcome, Returned) else None
