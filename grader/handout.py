"""The questions of an assignment as its handout asks them, in Markdown."""

import textwrap

from grader.answers.choice import LETTERS
from grader.questions import ChoiceQuestion, FormulaQuestion, NumberQuestion, Question
from grader.spec import Spec

WIDTH = 100
"""How long lines are, in characters."""
SHORT = 12
"""Options of no more characters are listed in a line, and need no letters."""


def render(spec: Spec) -> str:
    """Return a section for each question, with its options in their shuffled order, and an empty sheet."""
    sections = [_section(n + 1, name, question) for n, (name, question) in enumerate(spec.questions.items())]
    return "\n\n".join([*sections, _sheet(spec)]) + "\n"


def _section(n: int, name: str, question: Question) -> str:
    points = f"{question.points:g} {'point' if question.points == 1 else 'points'}"
    tries = {None: "", 1: ", 1 attempt"}.get(question.attempts, f", {question.attempts} attempts")
    parts = [f"### {n}. `{name}` ({points}{tries})", _wrapped(question.prompt), *_how(question)]
    return "\n\n".join(part for part in parts if part)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _how(question: Question) -> list[str]:
    """Return what the kind of a question has to say: its options, or what may stand in its answer."""
    match question:
        case ChoiceQuestion():
            return [_options(question), *([_blanks(list(question.blanks))] if question.blanks else [])]
        case FormulaQuestion():
            names = ", ".join(f"`{name}`" for name in [*question.variables, *question.constants])
            return [f"A formula in {names}."]
        case NumberQuestion(rounded=True, decimals=int(decimals)):
            return [f"Rounded to {decimals} {'decimal' if decimals == 1 else 'decimals'}."]
        case NumberQuestion(rounded=True, digits=int(digits)):
            return [f"Rounded to {digits} significant {'digit' if digits == 1 else 'digits'}."]
    return []


def _options(question: ChoiceQuestion) -> str:
    several = "\n\nTick all that are right." if isinstance(question.answer, list) else ""
    if all(len(option) <= SHORT for option in question.options):
        return f"{'Of' if several else 'One of'}: {', '.join(f'`{option}`' for option in question.order)}.{several}"
    return "\n".join(f"{letter}) {option}  " for letter, option in zip(LETTERS, question.order, strict=False)) + several


def _blanks(names: list[str]) -> str:
    return f"Answer for each of {', '.join(f'`{name}`' for name in names)}."


def _sheet(spec: Spec) -> str:
    lines = [f"    {line}" for line in sheet(spec).splitlines()]
    return "\n".join([f"### The sheet, `{spec.submission.answers}`", "", *lines])


def sheet(spec: Spec) -> str:
    """Return the sheet to fill in, as YAML."""
    lines = []
    for name, question in spec.questions.items():
        blanks = question.blanks if isinstance(question, ChoiceQuestion) else None
        filled = " {" + ", ".join(f"{blank}: " for blank in blanks) + "}" if blanks else ""
        lines.append(f"{name}:{filled}")
    return "\n".join(lines) + "\n"
