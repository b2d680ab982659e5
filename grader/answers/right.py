"""An answer to each question that its own spec must call right."""

from typing import assert_never

import numpy as np

from grader import tolerances
from grader.answers.number import Range, wanted
from grader.answers.verdict import Raw
from grader.questions import ChoiceQuestion, FormulaQuestion, NumberQuestion, PlotQuestion, Question, TextQuestion


def right(question: Question) -> Raw:
    """Return a right answer, as a student would write it."""
    match question:
        case NumberQuestion():
            return _number(question)
        case FormulaQuestion():
            return question.answer
        case ChoiceQuestion():
            return dict(question.blanks) if question.blanks else [*question.right]
        case TextQuestion() | PlotQuestion():
            return "an answer in prose"
    assert_never(question)


def _number(question: NumberQuestion) -> str:
    answer = wanted(question.answer[0])
    if isinstance(answer, Range):
        return repr((answer.low + answer.high) / 2)
    last = tolerances.places(np.asarray(abs(answer)), question) if question.rounded else None
    return repr(answer if last is None else round(answer, int(last)))
