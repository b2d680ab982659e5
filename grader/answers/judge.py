"""From a question and what stands in the sheet to a result.

Attempts that cannot be read are told and not counted. Of those that can, as many count as are allowed, and the last of
them is judged.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import assert_never

from grader.answers import choice, formula, number
from grader.answers.latex import latex
from grader.answers.sheet import Sheet
from grader.answers.verdict import Judgement, Raw, UnreadableAnswer, quoted, sentence, single
from grader.content import Content, Picture, RubricLine
from grader.messages import UNTOLD
from grader.model import Attempts, CaseResult, ItemResult, Status
from grader.questions import ChoiceQuestion, FormulaQuestion, NumberQuestion, PlotQuestion, Question, TextQuestion
from grader.score import status

LONGEST_NAME = 80
"""How much of a question's name in a sheet is compared with those that there are, in characters."""
ALONE = "answer"
"""The name of a question's only case."""
MARKED = "A person marks this."


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with what decides about it besides its own keys."""

    name: str
    question: Question
    seed: str
    """From which the points are drawn that formulas are compared at."""
    is_due: bool = False
    """Whether the time to hand in is over."""
    told: bool = True
    """Whether it may be told if the answer is right."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A blank, or the whole question: what it is called, its share of the points, and how it was judged."""

    name: str
    judgement: Judgement
    status: Status
    latex: str | None = None


def judge_sheet(asks: Sequence[Asked], sheet: Sheet) -> tuple[ItemResult, ...]:
    """Judge the answers to all questions of an assignment."""
    names = {ask.name for ask in asks}
    strays = [name for name in sheet.attempts if name not in names]
    results = []
    for ask in asks:
        if ask.name in sheet.problems:
            results.append(failed(ask, "error", sentence(sheet.problems[ask.name])))
        elif isinstance(ask.question, PlotQuestion):
            results.append(_plot(ask, sheet.pictures.get(ask.name, ()), cell=ask.name in sheet.attempts))
        elif ask.name not in sheet.attempts:
            results.append(failed(ask, "missing", f"{_none(ask)}{_astray(ask.name, strays)}"))
        else:
            results.append(_with_content(ask, judge(ask, sheet.attempts[ask.name]), sheet))
    return tuple(results)


def _astray(name: str, strays: Sequence[str]) -> str:
    """Return what the sheet has in place of an answer."""
    lowered = {stray[:LONGEST_NAME].lower(): stray for stray in strays}
    near = difflib.get_close_matches(name.lower(), lowered, n=1)
    if near:
        return f" The sheet has {quoted(lowered[near[0]])}: is that meant?"
    others = ", ".join(map(quoted, strays[:5]))
    return f" The sheet has {others}, which no question is called." if others else ""


def _with_content(ask: Asked, item: ItemResult, sheet: Sheet) -> ItemResult:
    """Return an item with what a person is to mark, if that is how it is marked."""
    if not isinstance(ask.question, TextQuestion) or item.status != "pending":
        return item
    text = single(next(raw for raw in reversed(sheet.attempts[ask.name]) if not _is_empty(raw)))
    return replace(item, content=Content(text, tuple(sheet.pictures.get(ask.name, ()))))


def _plot(ask: Asked, pictures: Sequence[Picture], *, cell: bool) -> ItemResult:
    """Return what a person is to mark, or that there is no picture."""
    if not pictures:
        run = f"The cell `{ask.name}` shows no picture: run it, and save the notebook with what it shows."
        return failed(ask, "missing", run if cell else f"There is no cell `{ask.name}`.")
    return replace(failed(ask, "pending", MARKED), content=Content(pictures=tuple(pictures)))


def judge(ask: Asked, attempts: Sequence[Raw]) -> ItemResult:
    """Judge the last of the attempts that counts."""
    readable: list[Raw] = []
    unreadable = ""
    for raw in attempts:
        if not _is_empty(raw):
            try:
                _read(replace(ask, told=False), raw)
                readable.append(raw)
                unreadable = ""
            except UnreadableAnswer as error:
                unreadable = sentence(str(error))
    counted = readable[: ask.question.attempts]
    if not counted:
        return failed(ask, "error" if unreadable else "missing", unreadable or _none(ask))
    late = len(readable) - len(counted)
    if late:
        unreadable = f"{late} of {len(readable)} attempts came after the {len(counted)} that count."
    return _item(ask, _read(ask, counted[-1]), len(counted), unreadable)


def failed(ask: Asked, found: Status, message: str) -> ItemResult:
    """Return the result of a question to which there is no answer that could be judged."""
    parts = [_Part(name, Judgement(0.0, message), found) for name in _names(ask.question)]
    return _item(ask, parts, 0, "")


def _none(ask: Asked) -> str:
    return f"There is no answer `{ask.name}`."


def _is_empty(raw: Raw) -> bool:
    if isinstance(raw, str):
        return not raw.strip()
    return all(map(_is_empty, raw.values() if isinstance(raw, dict) else raw))


def _names(question: Question) -> list[str]:
    return list(question.blanks) if isinstance(question, ChoiceQuestion) and question.blanks else [ALONE]


def _read(ask: Asked, raw: Raw) -> list[_Part]:
    """Read an answer, and judge it if it may be told."""
    question = ask.question
    match question:
        case NumberQuestion():
            got = number.read(single(raw))
            return [_part(ask, lambda: number.judge(got, question.rules))]
        case FormulaQuestion():
            return [_formula(ask, question, single(raw))]
        case ChoiceQuestion():
            return list(_choice(ask, question, raw))
        case TextQuestion():
            single(raw)
            return [_Part(ALONE, Judgement(0.0, MARKED), "pending")]
        case PlotQuestion():
            raise UnreadableAnswer("a plot is handed in as a picture")
    assert_never(question)


def _part(ask: Asked, judged: Callable[[], Judgement], name: str = ALONE, preview: str | None = None) -> _Part:
    if not ask.told:
        return _Part(name, Judgement(0.0, UNTOLD), "pending", preview)
    judgement = judged()
    return _Part(name, judgement, "passed" if judgement.credit == 1 else "failed", preview)


def _formula(ask: Asked, question: FormulaQuestion, text: str) -> _Part:
    tree = question.read(text)

    def judged() -> Judgement:
        for piece in question.forbid:
            if formula.uses(text, piece):
                return Judgement(0.0, f"It must not have `{piece}` in it.")
        for piece in question.require:
            if not formula.uses(text, piece):
                return Judgement(0.0, f"It must have `{piece}` in it.")
        answer = question.read(question.answer)
        seed = int.from_bytes(sha256(ask.seed.encode()).digest()[:4], "big")
        points = formula.draw(answer, question.ranges, question.constants, seed)
        return formula.judge(tree, answer, points, list(question.variables))

    return _part(ask, judged, preview=latex(tree))


def _choice(ask: Asked, question: ChoiceQuestion, raw: Raw) -> Iterator[_Part]:
    if question.blanks is None:
        ticked = choice.read_ticks(raw, question.order, several=isinstance(question.answer, list))
        yield _part(ask, _judged(question, ticked, question.right))
        return
    given = choice.read_blanks(raw, list(question.blanks))
    parts = [_blank(ask, question, name, right, given[name]) for name, right in question.blanks.items()]
    if {part.status for part in parts} <= {"error", "missing"}:
        raise UnreadableAnswer(next(part.judgement.message for part in parts if part.status == "error"))
    yield from parts


def _blank(ask: Asked, question: ChoiceQuestion, name: str, right: str, text: str) -> _Part:
    """Read one blank of several; what is wrong with it leaves the others alone."""
    if not text.strip():
        return _Part(name, Judgement(0.0, f"There is no answer for `{name}`."), "missing")
    try:
        option = choice.read(text, question.order)
    except UnreadableAnswer as error:
        return _Part(name, Judgement(0.0, sentence(str(error))), "error")
    return _part(ask, _judged(question, [option], [right]), name)


def _judged(question: ChoiceQuestion, ticked: Sequence[str], right: Sequence[str]) -> Callable[[], Judgement]:
    return lambda: choice.judge(ticked, right, question.options, question.credit)


def _item(ask: Asked, parts: Sequence[_Part], used: int, said: str) -> ItemResult:
    question = ask.question
    attempts = Attempts(used if ask.told else 0, question.attempts)  # a check costs none
    share = question.points / len(parts)
    cases = tuple(
        CaseResult(
            name=part.name,
            status=part.status,
            visibility=question.visibility,
            score=share * part.judgement.credit,
            max_score=share,
            seconds=0.0,
            message=" ".join(filter(None, [part.judgement.message, said])),
        )
        for part in parts
    )
    earned = question.points * sum(part.judgement.credit for part in parts) / len(parts)
    shown = question.explanation if _is_explained(ask, status(cases), attempts) else ""
    return ItemResult(
        name=ask.name,
        kind=question.kind,
        status=status(cases),
        score=earned,
        max_score=question.points,
        cases=cases,
        attempts=attempts,
        explanation=shown or None,
        latex=parts[0].latex,
        prompt=question.prompt if isinstance(question, TextQuestion | PlotQuestion) else "",
        rubric=tuple(RubricLine(part.points, part.text) for part in getattr(question, "rubric", ())),
    )


def _is_explained(ask: Asked, found: Status, attempts: Attempts) -> bool:
    """Tell whether the explanation may be shown."""
    match ask.question.explain:
        case "never":
            return False
        case "answered" if attempts.used > 0:
            return True
        case "last_attempt" if found == "passed" or attempts.used == attempts.allowed:
            return True
    return ask.is_due
