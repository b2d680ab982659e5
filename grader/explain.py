"""What was found out about a function, in words: which mistake, whose mistake, with which arguments, and in all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.diagnose import Diagnosis
from grader.messages import FREE
from grader.model import CaseResult, ItemResult, Outcome, Returned
from grader.sandbox.values import Record
from grader.seen import same
from grader.structure import Clue

WHOLE = 12
"""How many numbers an array may have to be shown whole."""
FIRST = 4
"""How many numbers are shown of a larger one."""
LONGEST = 600
"""How long the arguments of a call may be, in characters."""


def listed(names: Sequence[str]) -> str:
    """Return names of functions as a list in words."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def because(function: str, blamed: Sequence[str], *, right: bool) -> Diagnosis:
    """Say that a function fails only because others, which it calls, are wrong."""
    others, are = listed(blamed), "is" if len(blamed) == 1 else "are"
    if right:
        what = f"Your `{function}` is right: it fails because {others} {are} wrong."
    else:
        what = f"`{function}` fails here because {others} {are} wrong; elsewhere it has a mistake of its own."
    return Diagnosis(f"because_of_{'_and_'.join(blamed)}", what, elsewhere=True)


def never_calls(function: str, part: str) -> Diagnosis:
    """Say that a function never calls another."""
    return Diagnosis(f"never_calls_{part}", f"`{function}` never calls `{part}`.", "What is each round made of?")


def changes(args: Mapping[str, Any], outcome: Outcome) -> list[str]:
    """Return which arguments a call has changed in place, by what its process says they are now."""
    if not isinstance(outcome, Returned) or outcome.after is None:
        return []
    return [name for (name, value), now in zip(args.items(), outcome.after, strict=False) if not same(value, now)]


def changes_input(function: str, part: str, arguments: Sequence[str]) -> Diagnosis:
    """Say that one function breaks another by changing what it is given."""
    noun = "argument" if len(arguments) == 1 else "arguments"
    what = f"`{function}` fails because `{part}` changes its {noun} {listed(arguments)} in place."
    return Diagnosis("changes_input", what, f"`{function}` still needs what it was: make a new one instead.")


def of_clues(clues: Sequence[Clue]) -> Diagnosis:
    """Return the diagnosis that clues make: the first of several for the same part, else one for each part."""
    if not clues[0].path or len({clue.path for clue in clues}) == 1:
        clues = clues[:1]
    ids = "+".join(dict.fromkeys(clue.id for clue in clues))
    whats, looks = (" ".join(dict.fromkeys(texts)) for texts in zip(*((c.what, c.look) for c in clues), strict=True))
    return Diagnosis(ids, whats, looks)


def of_rounds(function: str, off: Sequence[int]) -> Diagnosis:
    """Say that a function stops too early or too late, by how many rounds in each call."""
    early = off[0] < 0
    most, least = max(map(abs, off)), min(map(abs, off))
    how = f"{least} to {most} rounds" if least != most else "one round" if most == 1 else f"{most} rounds"
    what = (
        f"`{function}` stops {how} {'early' if early else 'late'}: what it returns is right for the round it stops at."
    )
    look = "When does the rule that ends the loop hold for the first time, and is it tested before or after the round?"
    return Diagnosis("stops_early" if early else "stops_late", what, look)


def freed(text: str) -> str:
    """Return a message with the words that it costs nothing."""
    return text if text.endswith(FREE) else f"{text} {FREE}"


def summed_up(item: ItemResult, diagnoses: Sequence[Diagnosis | None]) -> ItemResult:
    """Return a function's result with a sentence of how it did."""
    counted = [case for case in item.cases if not case.remark]
    return replace(item, summary=_summary(item, counted, [found for found in diagnoses if found]))


def _summary(item: ItemResult, counted: Sequence[CaseResult], diagnoses: Sequence[Diagnosis]) -> str:
    failing = [case for case in counted if case.status != "passed"]
    name = f"`{item.name}`"
    if not failing:
        return f"{name} passes all {len(counted)} cases." if len(counted) > 1 else f"{name} passes its only case."
    if len(failing) == len(counted):
        text = f"{name} passes none of its {len(counted)} cases" if len(counted) > 1 else f"{name} does not pass"
    else:
        text = f"{name} fails {len(failing)} of {len(counted)} cases"
    whats = list(dict.fromkeys(found.what for found in diagnoses))
    return f"{text}: {' '.join(whats)}" if whats else f"{text}."


def of_inputs(args: Mapping[str, Any]) -> str:
    """Return the arguments of a call: small ones whole, large ones by their shape and first entries."""
    text = ", ".join(f"{name} = {of_value(value)}" for name, value in args.items())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"


def of_value(value: Any) -> str:
    """Return a value, short enough to be read."""
    if isinstance(value, np.ndarray) and value.size > WHOLE:
        first = ", ".join(_number(entry) for entry in value.ravel()[:FIRST].tolist())
        return f"array of shape {value.shape} [{first}, …]"
    if isinstance(value, np.ndarray | list | tuple):
        entries = value.tolist() if isinstance(value, np.ndarray) else value
        return f"[{', '.join(map(of_value, entries))}]" if isinstance(entries, list | tuple) else _number(entries)
    if isinstance(value, Record):
        return f"{value.name}({', '.join(f'{name}={of_value(part)}' for name, part in value.fields.items())})"
    return _number(value)


def _number(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else repr(value)[: WHOLE * 8]
