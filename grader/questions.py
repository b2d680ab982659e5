"""The questions of a spec: what each kind wants, and what makes an answer right.

QUESTION ─ kind ─ points ─ prompt ─ attempts ─ explanation ─ explain ─ visibility
number   ─ answer ─ decimals | digits | rtol, atol | percent ─ rounded ─ close
formula  ─ answer ─ variables ─ constants ─ forbid ─ require
choice   ─ options ─ answer, or blanks ─ credit ─ shuffle
text     ─ rubric
plot     ─ rubric
"""

import keyword
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from grader.answers import choice, formula, number
from grader.answers.grammar import Tree
from grader.answers.verdict import UnreadableAnswer
from grader.mistakes import at
from grader.model import Part, Visibility
from grader.tolerances import Closeness

SEED = 20260
"""Seeds the points at which a formula is tried out when the spec is read; other points decide when it is graded."""

Explain = Literal["answered", "last_attempt", "due", "never"]


def python_name(value: str) -> str:
    """Return a name that can be one of Python's, or raise ValueError."""
    if not value.isidentifier() or keyword.iskeyword(value):
        raise ValueError("must be a Python name")
    return value


Name = Annotated[str, AfterValidator(python_name)]
Points = Annotated[float, Field(ge=0, allow_inf_nan=False)]
NonEmpty = Annotated[str, Field(min_length=1)]


def _as_text(value: Any) -> Any:
    """Take a number where a text is wanted: an option may be 2, and an answer -24.5."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Text = Annotated[NonEmpty, BeforeValidator(_as_text, json_schema_input_type=str | float)]
Texts = Annotated[
    list[Text], BeforeValidator(_as_list, json_schema_input_type=str | float | list[str | float]), Field(min_length=1)
]


class _Question(Part):
    points: Points
    prompt: str = ""
    """What is asked, for the handout."""
    attempts: Annotated[int, Field(ge=1)] | None = None
    """How many answers count; any number where it is not given."""
    explanation: str = ""
    explain: Explain = "last_attempt"
    """When the explanation is shown: once there is an answer, when no attempt is left (or the answer is right), all
    three when the spec's `due` is over, or never."""
    visibility: Visibility = "hidden"
    """Whether a student may learn before handing in whether the answer is right."""


class Close(Closeness):
    """What is not right, but near enough for a part of the points."""

    credit: Annotated[float, Field(gt=0, lt=1)] = 0.5

    @model_validator(mode="after")
    def _says_how_near(self) -> Self:
        if not self.is_given:
            raise ValueError("say how near is close: rtol and atol, or decimals, or digits, or percent")
        return self


def _wanted(texts: list[str]) -> list[str]:
    for n, text in enumerate(texts):
        try:
            number.wanted(text)
        except ValueError as error:
            raise at([n], str(error)) from error
    return texts


class NumberQuestion(_Question, Closeness):
    """A number, or one of several, or one in a range."""

    kind: Literal["number"]
    answer: Annotated[Texts, AfterValidator(_wanted)]
    rounded: bool = False
    """Whether the answer must be given with no more places than `decimals` or `digits` say."""
    close: Close | None = None

    @model_validator(mode="after")
    def _can_be_rounded(self) -> Self:
        if self.rounded and self.decimals is None and self.digits is None:
            raise at(["rounded"], "say to how many `decimals` or `digits`")
        return self

    @property
    def rules(self) -> number.Rules:
        """What numbers are right."""
        answers = [number.wanted(text) for text in self.answer]
        nearness = self if self.is_given else number.DEFAULT
        return number.Rules(answers, nearness, self.rounded, self.close, self.close.credit if self.close else 0.0)


class FormulaQuestion(_Question):
    """A formula in variables, each with the range of its values."""

    kind: Literal["formula"]
    answer: Text
    variables: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]]
    constants: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    """Names that stand for a number, such as n for 2."""
    forbid: list[NonEmpty] = []
    require: list[NonEmpty] = []
    """Pieces that the formula may not have, or must have: functions, names, or any part of a formula."""

    @model_validator(mode="after")
    def _can_be_named(self) -> Self:
        for field in ("variables", "constants"):
            for name in getattr(self, field):
                if not formula.is_name(name):
                    raise at([field, name], "must be a name, as x, gamma_k1 or hatmu_k, and of no function")
        for name in set(self.variables) & set(self.constants):
            raise at(["constants", name], "is a variable already")
        return self

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        for name, (low, high) in self.variables.items():
            if not low < high:
                raise at(["variables", name], "the range must go from a number to a larger one")
        try:
            formula.draw(self.read(self.answer), self.ranges, self.constants, SEED, formula.DRAWS // 4)
        except (UnreadableAnswer, ValueError) as error:
            raise at(["answer"], str(error)) from error
        return self

    @model_validator(mode="after")
    def _admits_its_answer(self) -> Self:
        for n, piece in enumerate(self.forbid):
            if formula.uses(self.answer, piece):
                raise at(["forbid", n], f"the answer itself has `{piece}`")
        for n, piece in enumerate(self.require):
            if not formula.uses(self.answer, piece):
                raise at(["require", n], f"the answer itself does not have `{piece}`")
        return self

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The range of each variable."""
        return {name: (low, high) for name, (low, high) in self.variables.items()}

    def read(self, text: str) -> Tree:
        """Return the tree of a formula in this question's names, or raise UnreadableAnswer."""
        return formula.read(text, list(self.variables), self.constants)


class ChoiceQuestion(_Question):
    """One option, several, or one for each of several blanks."""

    kind: Literal["choice"]
    options: Annotated[list[Text], Field(min_length=2, max_length=len(choice.LETTERS))]
    answer: Text | Annotated[list[Text], Field(min_length=1)] | None = None
    """The right option; a list where all that are right are to be ticked."""
    blanks: Annotated[dict[Name, Text], Field(min_length=1)] | None = None
    """The right option of each blank; they share the points equally."""
    credit: choice.Credit = "all"
    shuffle: int | None = None
    """The seed of the options' order in the handout; as they stand here where it is not given."""

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if (self.answer is None) == (self.blanks is None):
            raise ValueError("a choice has either an `answer` or `blanks`")
        if len({" ".join(option.casefold().split()) for option in self.options}) < len(self.options):
            raise at(["options"], "two options are the same")
        for key, right in self._each_right():
            if right not in self.options:
                raise at(key, f"{right!r} is none of the options")
        if self.credit != "all" and not isinstance(self.answer, list):
            raise at(["credit"], "only where several are ticked (`answer` is a list) can an answer be partly right")
        return self

    def _each_right(self) -> Sequence[tuple[list[str | int], str]]:
        if self.blanks is not None:
            return [(["blanks", name], right) for name, right in self.blanks.items()]
        return [(["answer", n], right) for n, right in enumerate(self.right)]

    @property
    def right(self) -> list[str]:
        """The options that are to be ticked."""
        return self.answer if isinstance(self.answer, list) else [str(self.answer)]

    @property
    def order(self) -> list[str]:
        """The options as the handout lists them."""
        return choice.shown(self.options, self.shuffle)


class RubricPart(Part):
    """For what a person gives so many of the points."""

    points: Points
    text: NonEmpty


class _MarkedQuestion(_Question):
    """What a person marks, line by line where there is a rubric."""

    rubric: list[RubricPart] = []

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = math.fsum(part.points for part in self.rubric)
        if self.rubric and not math.isclose(total, self.points):
            raise at(["rubric"], f"its lines have {total:g} points, and the question {self.points:g}")
        return self


class TextQuestion(_MarkedQuestion):
    """Prose, which a person marks."""

    kind: Literal["text"]


class PlotQuestion(_MarkedQuestion):
    """The pictures that a notebook's cell shows, which a person marks."""

    kind: Literal["plot"]


MARKED = (TextQuestion, PlotQuestion)
"""What a person marks."""
KINDS = (NumberQuestion, FormulaQuestion, ChoiceQuestion, TextQuestion, PlotQuestion)
Question = Annotated[
    NumberQuestion | FormulaQuestion | ChoiceQuestion | TextQuestion | PlotQuestion, Field(discriminator="kind")
]
