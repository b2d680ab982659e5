"""The assignment's `assignment.yaml` as a validated, frozen model; everything that is wrong with it is told at once.

    name ─ reference ─ submission ─ due ─ names ─ packages ─ limits ─ sandbox ─ scoring ─ strict ─ reveal
    execute ─ data ─ starter (see `handin`)
    late ─ attempts (see `policy`)
    questions ─ NAME ─ (see `questions`)
    functions ─ NAME ─ points ─ returns ─ tolerance ─ calls ─ steps ─ follow_through ─ draw (see `draw`)
                     └ cases ─ name ─ args ─ expect ─ tolerance ─ repeat ─ visibility ─ compare ─ remark ─ permute
                             └ using ─ property (see `properties`)

An argument is a plain value, or `{load: data/file.txt}`, `{make: function of inputs.py, ...}` or `{array: [...]}`.
Nothing of the assignment is run here, and no code is ever made out of a spec.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from grader.arguments import Argument, Expected, Load
from grader.draw import KEYS as DRAW_KEYS
from grader.draw import Draw, DrawCurve
from grader.handin import DataFile, Execute, ExecuteKey, Submission, Where
from grader.mistakes import at, suggest
from grader.model import Level, Limits, Part, Reveal, Scoring, Visibility
from grader.policy import Late, Moment, Resubmission
from grader.properties import KEYS as PROPERTY_KEYS
from grader.properties import Property
from grader.questions import KINDS, Close, Name, NonEmpty, Points, Question, RubricPart, python_name
from grader.tolerances import Tolerance


def _dotted_name(value: str) -> str:
    if value == "__main__":
        raise ValueError("must be a module that can be imported")
    for part in value.split("."):
        python_name(part)
    return value


EXECUTION = "notebook"
"""What the result of executing a whole notebook is called."""
DottedName = Annotated[str, AfterValidator(_dotted_name)]
Tolerances = dict[str, Tolerance]


class Case(Part):
    """One call of a function, or `repeat` calls with different random arguments."""

    name: NonEmpty
    args: dict[Name, Argument] = {}
    """The arguments, in the order of the function's parameters."""
    expect: dict[str, Expected] = {}
    """Wanted values by the names of `returns` (or `mixture.var`); the reference gives the others."""
    tolerance: Tolerances = {}
    repeat: Annotated[int, Field(ge=1, le=1000)] = 1
    visibility: Visibility = "public"
    reveal: Reveal | None = None
    """What the student is told when it fails: of a public case all, and of a hidden one what the spec says."""
    compare: Literal["values", "shapes"] = "values"
    """Whether values are compared, or only types and shapes."""
    remark: bool = False
    """A remark is told and costs nothing."""
    permute: dict[str, int] = {}
    """Parts of the result whose components may come in another order, with the axis that counts components."""
    using: Literal["own", "reference"] = "own"
    """Whose functions the tested one calls: the student's own, or right ones."""
    holds: Annotated[Property | None, Field(alias="property")] = None
    """What must hold of the value, in place of a wanted one; without `args`, of the values of all other cases."""

    @property
    def derived(self) -> bool:
        """Whether it is a property of the other cases' values, and has no call of its own."""
        return self.holds is not None and not self.args

    @property
    def drawable(self) -> bool:
        """Whether its values are compared, and may all be shown."""
        told = self.visibility == "public" and self.reveal in {None, "all"}
        return told and self.holds is None and self.compare == "values" and self.using == "own" and not self.remark

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        if self.holds is not None:
            for key in ("expect", "permute", "tolerance", "compare"):
                if key in self.model_fields_set:
                    raise at([key], "a property is judged in place of a wanted value: this has no meaning beside it")
            if self.derived and {"repeat", "using"} & self.model_fields_set:
                raise at(["args"], "without `args` it is a property of the other cases: `repeat`, `using` mean nothing")
        return self


class Function(Part):
    """A function that the student writes."""

    points: Points
    returns: Annotated[list[Name], Field(min_length=1)]
    """Names for what it returns, in order."""
    tolerance: Tolerances = {}
    """How close is close enough, by the names of `returns`, for every case."""
    calls: list[Name] = []
    """The functions of the assignment, graded before it, that it calls."""
    steps: dict[Name, list[Name]] = {}
    """One round of what it iterates: the functions in their order, each with the names of its arguments."""
    follow_through: Annotated[float, Field(ge=0, le=1)] = 0.0
    """What share of its points it earns where it fails only because of what it calls."""
    draw: list[Draw] = []
    """What is drawn for people of the first public case that can be."""
    cases: Annotated[list[Case], Field(min_length=1)]

    @property
    def parts(self) -> list[str]:
        """The functions that it is made of."""
        return list(dict.fromkeys([*self.calls, *self.steps]))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [case.name for case in self.cases]
        for n, name in enumerate(names):
            if name in names[:n]:
                raise at(["cases", n, "name"], f"another case has the name {name!r}")
        if all(case.remark for case in self.cases):
            raise at(["cases"], "every case is a remark, so nothing would earn the points")
        for where, keys in self._named():
            for key in keys:
                if key.partition(".")[0] not in self.returns:
                    raise at([*where, key], f"{key!r} is not one of the returns ({', '.join(self.returns)})")
        return self

    @model_validator(mode="after")
    def _has_what_its_cases_need(self) -> Self:
        derived = [n for n, case in enumerate(self.cases) if case.derived]
        if derived and not any(case.holds is None and not case.remark for case in self.cases):
            raise at(["cases", derived[0], "property"], "there is no case with a value on which it could be judged")
        for n, case in enumerate(self.cases):
            if hasattr(case.holds, "over") and not self.steps:
                raise at(["cases", n, "property"], "it is a property over steps, and the function has no `steps`")
            self._knows(case, n)
            if case.using == "reference" and not self.parts:
                raise at(["cases", n, "using"], "say with `calls` which functions it calls")
        return self

    def _knows(self, case: Case, n: int) -> None:
        """Hold a property to the names that there are."""
        args = case.args or [arg for other in self.cases for arg in other.args]
        unknown = case.holds.unknown(args, self.returns) if case.holds else []
        if unknown:
            known = ", ".join(dict.fromkeys([*args, *self.returns]))
            raise at(["cases", n, "property"], f"there is no `{unknown[0]}` to judge (known: {known})")

    def _named(self) -> Iterator[tuple[list[int | str], dict[str, Any]]]:
        yield ["tolerance"], self.tolerance
        for n, case in enumerate(self.cases):
            for field in ("expect", "tolerance", "permute"):
                yield ["cases", n, field], getattr(case, field)


class Spec(Part):
    """An assignment."""

    name: NonEmpty
    title: str = ""
    reference: DottedName | None = None
    """The module with the right answers; it runs in a worker of its own. Without it, every value is in `expect`."""
    submission: Submission
    due: Moment | None = None
    """When it must be handed in; all explanations that are ever shown are shown from then on."""
    late: Late | None = None
    """What it costs to hand in later."""
    attempts: Resubmission | None = None
    """Which of several attempts counts: the last, if nothing is said."""
    names: dict[Name, DottedName] = {}
    """What the graded file finds defined without an import."""
    packages: list[DottedName] = ["numpy"]
    """The packages that a submission may import besides the standard library; what is named is loaded beforehand."""
    limits: Limits = Limits()
    sandbox: Level = "container"
    """The weakest sandbox in which it may be graded."""
    scoring: Scoring = "all_or_nothing"
    """What a function earns: its points if every case passes, or the share of its cases that pass."""
    strict: bool = False
    """Whether an array of one entry for a number, a list for an array and the like cost points."""
    reveal: Reveal = "diagnosis"
    """What the student is told of a hidden case that failed."""
    execute: ExecuteKey = None
    """Whether the whole notebook is executed too, and how; without it the cells are only run as a module."""
    data: list[DataFile] | None = None
    """The data files that students get, besides those that public cases load."""
    starter: Literal["reference"] | None = None
    """What the starter is made from where there is no folder `starter/`."""
    functions: dict[Name, Function] = {}
    questions: dict[Name, Question] = {}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.functions and not self.questions and not self.execute:
            raise ValueError("there is nothing to grade: give `functions` or `questions`")
        if self.late and self.due is None:
            raise at(["late"], "the spec does not say when it is `due`")
        handed, in_cells = self.submission, self.submission.notebook is not None
        if (self.functions and not handed.code) or (handed.file and not self.functions):
            raise at(["submission"], "`file` names what is handed in for the `functions`: give both, or neither")
        if (self.questions and not (handed.sheet or in_cells)) or (handed.sheet and not self.questions):
            raise at(["submission"], "`answers` names what is handed in for the `questions`: give both, or neither")
        if self.execute and not in_cells:
            raise at(["execute"], "what is executed is a `notebook`, and `submission` names none")
        for name, question in self.questions.items():
            if name in self.functions:
                raise at(["questions", name], "a function has this name too")
            if question.explain == "due" and self.due is None:
                raise at(["questions", name, "explain"], "the spec does not say when it is `due`")
            if question.kind == "plot" and (not in_cells or handed.sheet):
                raise at(["questions", name], "a plot is handed in with a `notebook`, not with a sheet")
        return self

    @model_validator(mode="after")
    def _found_in_cells(self) -> Self:
        for name, where in self.submission.places.items():
            if name not in self.questions:
                known = suggest(name, list(self.questions))
                raise at(["submission", "answers", name], f"no question is called {name!r}{known}")
            if where.variable and self.questions[name].kind == "plot":
                raise at(["submission", "answers", name], "a plot is in a cell with a `tag`, not in a variable")
        if self.execute and EXECUTION in {*self.functions, *self.questions}:
            raise at(["execute"], f"its result is called {EXECUTION!r}, as a function or question here is")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Hold every function to what it calls: graded before it, and with arguments that are there by then."""
        earlier: list[str] = []
        for name, function in self.functions.items():
            for part in function.parts:
                if part not in earlier:
                    key = "calls" if part in function.calls else "steps"
                    message = f"{part!r} is not a function that stands above this one{suggest(part, earlier)}"
                    raise at(["functions", name, key], message)
            self._feed_steps(name, function)
            self._can_draw(name, function)
            earlier.append(name)
        return self

    def _feed_steps(self, name: str, function: Function) -> None:
        there = {arg for case in function.cases for arg in case.args}
        for part, names in function.steps.items():
            for given in names:
                if given not in there:
                    message = f"{given!r} is neither an argument nor returned by an earlier step"
                    raise at(["functions", name, "steps", part], message)
            there |= set(self.functions[part].returns)

    def _can_draw(self, name: str, function: Function) -> None:
        """Hold what is drawn to the names that there are."""
        args = [arg for case in function.cases if case.drawable for arg in case.args]
        stepped = [part for step in function.steps for part in self.functions[step].returns]
        for n, draw in enumerate(function.draw):
            unknown = draw.unknown(args, stepped if isinstance(draw, DrawCurve) else function.returns)
            if unknown:
                key, message = unknown
                raise at(["functions", name, "draw", n, key], message)

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        for name, function in self.functions.items() if self.reference is None else ():
            for n, case in enumerate(function.cases):
                missing = [part for part in function.returns if part not in case.expect and case.holds is None]
                if missing:
                    message = f"expects no {missing[0]}, and there is no reference to give it"
                    raise at(["functions", name, "cases", n], message)
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Spec.model_json_schema()}


KEYS = {
    "": list(Spec.model_fields),
    "submission": list(Submission.model_fields),
    "answers": list(Where.model_fields),
    "execute": list(Execute.model_fields),
    "rubric": list(RubricPart.model_fields),
    "limits": list(Limits.model_fields),
    "late": list(Late.model_fields),
    "attempts": list(Resubmission.model_fields),
    "functions": list(Function.model_fields),
    "cases": [field.alias or name for name, field in Case.model_fields.items()],
    "tolerance": list(Tolerance.model_fields),
    "args": list(Load.model_fields),
    "expect": list(Load.model_fields),
    "questions": sorted({key for kind in KINDS for key in kind.model_fields}),
    "close": list(Close.model_fields),
    "property": PROPERTY_KEYS,
    "draw": DRAW_KEYS,
}
"""The keys of each mapping of the spec, to suggest one for a key that is unknown."""
