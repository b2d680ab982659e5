"""Whether a property holds: judged on what a call returned, and where that takes more calls, these are made here."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader import model
from grader.asking import Own
from grader.compare import compare
from grader.components import entries, like
from grader.laws import Law
from grader.messages import of_problem
from grader.model import Returned
from grader.prepare import Call
from grader.properties import AtMostTimes, Check
from grader.rounds import Series, State, StopsWhen
from grader.run import Answer
from grader.sandbox.requests import call_request
from grader.sandbox.values import RefusedError
from grader.seen import LackError, Seen, Violation, parts_of, same
from grader.variants import Variants

ROUNDS = 10
"""How many rounds a property over steps looks at, where no rule ends them."""
MOST_ROUNDS = 1000
FOLLOWED_TIMES = 2
"""How many times as long as a function its rounds may take, with the reference's in the place of steps that raise."""
MOST_KEPT = 2**23
"""How many numbers the states of all rounds may have."""
HARMLESS = (Returned, model.Raised, model.Missing, model.WrongSignature, model.BadValue)
"""How a step may end without a child that dies or takes the time of the others."""
TRIES = 3
"""How often a call that takes too long is measured, beside the reference: the machine may be busy."""


class Holding:
    """Judges properties of what a submission returned."""

    def __init__(self, asker: Own, variants: Variants) -> None:
        self.asker, self.variants, self.plan = asker, variants, variants.plan
        self.functions = self.plan.assignment.spec.functions

    def broken(self, case: Call, call: Call, answer: Answer) -> Violation | None:
        """Return how what a call returned breaks the property of a case, or None where it holds.

        Raises:
            SpecError: the property names what the call's arguments have not.
        """
        if not isinstance(answer.outcome, Returned):
            return Violation("", "It returns no value.")
        after = answer.outcome.after
        left = dict(zip(call.args, after, strict=False)) if after is not None and len(after) == len(call.args) else None
        value = like(answer.outcome.value, self._form(call.key[0]))
        seen = Seen(call.args, value, call.rules.returns, left)
        try:
            return self._judged(case, call, seen, answer.seconds)
        except LackError as error:
            path = ("functions", case.key[0], "cases", case.key[1], "property")
            where = "" if call.key == case.key else f" (in the case {call.name!r})"
            raise self.plan.assignment.mistake(path, f"{error}{where}") from error

    def _judged(self, case: Call, call: Call, seen: Seen, seconds: float) -> Violation | None:
        match case.holds:
            case Law() as law:
                return self._again(law, case, call, seen)
            case Series() as series:
                return self._over_steps(series, case, call, seen)
            case AtMostTimes() as limit:
                return self._timed(limit, call, seen, seconds)
            case Check() as check:
                return self._checked(check, seen)
            case None:
                return None
            case trait:
                return trait.broken(seen)

    def _form(self, function: str) -> Any:
        """Return a right value of a function, whose form others have or stand for."""
        return next((call.want for call in self.plan.calls.get(function, ()) if call.holds is None), None)

    def _again(self, law: Law, case: Call, call: Call, seen: Seen) -> Violation | None:
        """Judge a law that ties the call to another one, which is made now."""
        want = law.expected(seen.value, seen.args, seen.returns)
        if isinstance(want, Violation):
            return want
        outcome = self.asker.ask(call, law.again(seen.args)).outcome
        if not isinstance(outcome, Returned):
            return Violation("", f"Called again {law.when(seen.args)}, it {_lacks(outcome, 'a value')}.")
        second = like(outcome.value, self._form(call.key[0]))
        problems = compare(law.compared(second, want, seen.returns), want, case.rules).problems
        if not problems:
            return None
        path = problems[0].path
        what = f"`{path}`" if path else "the value"
        told = f"Called again {law.when(seen.args)}, {what} is not what it should be by the first call."
        return Violation(path, told, of_problem(case.key[0], problems[0], reveal="all"))

    def _over_steps(self, series: Series, case: Call, call: Call, seen: Seen) -> Violation | None:
        states: list[State] = []
        state, kept = dict(call.args), 0
        end = time.monotonic() + FOLLOWED_TIMES * self.plan.assignment.spec.limits.seconds
        while len(states) < MOST_ROUNDS:
            if time.monotonic() > end:
                return Violation("", "Its steps take too long to be followed.")
            for name, arguments in self.functions[call.key[0]].steps.items():
                parts = self._step(name, [_named_in(state, arg) for arg in arguments], call.seed)
                if isinstance(parts, str):
                    return Violation("", f"`{name}`, called in round {len(states) + 1}, {parts}.")
                state |= parts
                kept += sum(map(entries, parts.values()))
            if kept > MOST_KEPT:
                return Violation("", "What its steps return is too large to be followed.")
            states.append(dict(state))
            if series.ends(states) or (not isinstance(series, StopsWhen) and len(states) >= ROUNDS):
                break
        return series.broken(states, seen, case.rules)

    def _step(self, name: str, args: list[Any], seed: int) -> dict[str, Any] | str:
        """Return what a function makes of a state, or what it does in place of that.

        Where it raises, that is what the reference makes of it, lest another be blamed.
        """
        returns = self.functions[name].returns
        try:
            if not self.asker.with_right_parts:
                outcome = self.asker.run.ask(call_request(name, args, seed)).outcome
                parts = self._named(name, outcome, returns)
                if isinstance(parts, dict) or not isinstance(outcome, HARMLESS) or not self.variants.knows_reference:
                    return parts
            with self.asker.paused():
                return self._named(name, self.variants.oracle().call(name, args), returns)
        except RefusedError as error:
            return f"would be given {error}"

    def _named(self, name: str, outcome: model.Outcome, returns: Sequence[str]) -> dict[str, Any] | str:
        named = parts_of(like(outcome.value, self._form(name)), returns) if isinstance(outcome, Returned) else None
        return _lacks(outcome, "its values") if named is None else named

    def _timed(self, limit: AtMostTimes, call: Call, seen: Seen, seconds: float) -> Violation | None:
        """Hold a call's time, and that of others like it, against the reference's: the machine may be busy."""
        violation = None
        for n in range(TRIES):
            with self.asker.paused():
                reference = self.variants.reference_seconds(call)
            if n:
                answer = self.asker.ask(call)
                seconds = answer.seconds
                value = answer.outcome.value if isinstance(answer.outcome, Returned) else None
                if not same(like(value, self._form(call.key[0])), seen.value):
                    return Violation("", f"Called again, it {_lacks(answer.outcome, 'the same')}.")
            violation = limit.broken_time(seconds, reference)
            if violation is None:
                return None
        return violation

    def _checked(self, check: Check, seen: Seen) -> Violation | None:
        """Have the course's own function look at the arguments and what was returned, by their names."""
        parts = parts_of(seen.value, seen.returns)
        if parts is None:
            return Violation("", f"It does not return {len(seen.returns)} values: {', '.join(seen.returns)}.")
        try:
            with self.asker.paused():
                offers = {**seen.args, **parts}
                outcome = self.variants.oracle().call(check.check, [], module="checks", offers=offers)
        except RefusedError as error:
            return Violation("", f"It cannot be checked: {error}.")
        match outcome:
            case Returned(None):
                return None
            case Returned(str(text)):
                return Violation("", text)
            case Returned(bool() | np.bool_() as holds):
                return None if holds else Violation("", "It does not hold.")
            case model.WrongSignature(signature):
                told = f"{check.check}{signature} in checks.py asks for what it cannot be given"
                raise LackError(f"{told} (known: {', '.join(offers)})")
            case model.Raised(kind, message):
                return Violation("", "It cannot be checked.", f"{check.check} raised {kind}: {message}.")
        return Violation("", "It cannot be checked.")


def _named_in(state: State, name: str) -> Any:
    if name not in state:
        raise LackError(f"there is no argument `{name}` for its steps")
    return state[name]


def _lacks(outcome: model.Outcome, what: str) -> str:
    return "does not end in time" if isinstance(outcome, model.TimedOut) else f"does not return {what}"
