"""The questions of an assignment as its handout asks them, in Markdown."""

import textwrap

from grader.answers.choice import lettered, listed
from grader.questions import ChoiceQuestion, FormulaQuestion, NumberQuestion, Question
from grader.spec import Spec

WIDTH = 100
"""How long lines are, in characters."""
_LINES = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)


HOW = {
    "number": "**Numbers**: `-1.5`, `2/3` or `1e-3`; with a point, not a comma, and without a unit.",
    "formula": "**Formulas**: in the names that the question gives, with `+ - * / ^` and brackets, `ln` and `log` (the "
    "same), `exp`, `sqrt`, `sum`. Write every `*`: `2*x`, not `2x`. Any formula that equals the right one is right.",
    "choice": "**Choices**: the words of an option, or its letter where there are letters; a list, as `[a, c]`, where "
    "several are right; and for several blanks `{x0: 1, x1: 2}`, or a list in their order.",
    "text": "**Text**: as many lines as you need, after `question: >-` and indented.",
    "": 'In YAML put an answer in "quotes" if it has a colon or begins with a sign other than minus.',
}
"""How to write an answer of each kind, and of any."""
SHEET = (
    "Write your answers into `{0}.yaml` (or `{0}.json`, or a table `{0}.csv` with a row `question,answer` each). The "
    "empty sheet is at the end."
)
CELLS = (
    "Answer in the cells of `{0}` that are marked for it, by a tag with the question's name or by a line of its own. "
    "In a cell with code the answer is what stands last in it, or the pictures that it shows. Put formulas and options "
    'in "quotes" there.'
)
CHECK = (
    "`grader check`, in the folder of your work, tells if all your answers can be read, before you hand them in. An "
    "answer that cannot be read costs no attempt; where no attempts are named you may answer as often as you like."
)


def render(spec: Spec) -> str:
    """Return how to answer, a section for each question with its options in shuffled order, and an empty sheet."""
    sections = [section(n + 1, name, question) for n, (name, question) in enumerate(spec.questions.items())]
    ends = [_sheet(spec)] if spec.submission.sheet else []
    return "\n\n".join([_how_to_answer(spec), "## Questions", *sections, *ends]) + "\n"


def _how_to_answer(spec: Spec) -> str:
    sheet = spec.submission.sheet
    kinds: set[str] = {question.kind for question in spec.questions.values()}
    kinds = kinds | {""} if sheet else kinds - {"text"}
    points = "\n".join(f"- {_wrapped(text)}".replace("\n", "\n  ") for kind, text in HOW.items() if kind in kinds)
    where = SHEET.format(sheet.rpartition(".")[0]) if sheet else CELLS.format(spec.submission.notebook)
    return "\n\n".join(["## How to answer", _wrapped(where), points, _wrapped(CHECK)])


def section(n: int, name: str, question: Question) -> str:
    """Return the n-th question, with what its kind has to say."""
    points = f"{question.points:g} {'point' if question.points == 1 else 'points'}"
    tries = {None: "", 1: ", 1 attempt"}.get(question.attempts, f", {question.attempts} attempts")
    parts = [f"### {n}. `{name}` ({points}{tries})", _wrapped(question.prompt), *_how(question)]
    return "\n\n".join(part for part in parts if part)


def _wrapped(text: str) -> str:
    """Return a text in lines of one width; where it has a line of its own, that is a paragraph."""
    paragraphs = (" ".join(line.split()) for line in text.splitlines())
    return "\n\n".join("\n".join(_LINES.wrap(paragraph)) for paragraph in paragraphs if paragraph)


def _how(question: Question) -> list[str]:
    """Return what the kind of a question has to say: its options, or what may stand in its answer."""
    match question:
        case ChoiceQuestion():
            return [_options(question), *([_blanks(list(question.blanks))] if question.blanks else [])]
        case FormulaQuestion():
            return [_formula(question)]
        case NumberQuestion(rounded=True, decimals=int(decimals)):
            return [f"Rounded to {decimals} {'decimal' if decimals == 1 else 'decimals'}."]
        case NumberQuestion(rounded=True, digits=int(digits)):
            return [f"Rounded to {digits} significant {'digit' if digits == 1 else 'digits'}."]
    return []


def _formula(question: FormulaQuestion) -> str:
    names = [f"`{name}`" for name in question.variables]
    names += [f"`{name}` (which is {value:g})" for name, value in question.constants.items()]
    text = f"A formula in {', '.join(names)}"
    for word, pieces in (("with", question.require), ("without", question.forbid)):
        text += f", {word} {' and '.join(f'`{piece}`' for piece in pieces)}" if pieces else ""
    return f"{text}."


def _options(question: ChoiceQuestion) -> str:
    several = isinstance(question.answer, list)
    if lettered(question.options):
        text = "\n".join(f"{line}  " for line in listed(question.order))
    else:
        text = f"{'Of' if several else 'One of'}: {', '.join(f'`{option}`' for option in question.order)}."
    part = " Ticks that are partly right earn a part of the points." if question.credit != "all" else ""
    return text + (f"\n\nTick all that are right.{part}" if several else "")


def _blanks(names: list[str]) -> str:
    return f"Answer for each of {', '.join(f'`{name}`' for name in names)}."


def _sheet(spec: Spec) -> str:
    lines = [f"    {line}" for line in sheet(spec).splitlines()]
    return "\n".join([f"### The sheet, `{spec.submission.sheet}`", "", *lines])


def sheet(spec: Spec) -> str:
    """Return the sheet to fill in, as YAML."""
    lines = []
    for name, question in spec.questions.items():
        blanks = question.blanks if isinstance(question, ChoiceQuestion) else None
        filled = " {" + ", ".join(f"{blank}: " for blank in blanks) + "}" if blanks else ""
        lines.append(f"{name}:{filled}")
    return "\n".join(lines) + "\n"
