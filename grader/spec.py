"""The assignment's `assignment.yaml` as a validated, frozen model; everything that is wrong with it is told at once.

    name ─ reference ─ submission ─ due ─ names ─ packages ─ limits ─ sandbox ─ scoring ─ strict
    questions ─ NAME ─ (see `questions`)
    functions ─ NAME ─ points ─ returns ─ tolerance
                     └ cases ─ name ─ args ─ expect ─ tolerance ─ repeat ─ visibility ─ compare ─ remark ─ permute

An argument is a plain value, or `{load: data/file.txt}`, `{make: function of inputs.py, ...}` or `{array: [...]}`.
Nothing of the assignment is run here, and no code is ever made out of a spec.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from grader.answers.sheet import SUFFIXES
from grader.mistakes import at
from grader.model import Level, Limits, Part, Scoring, Visibility
from grader.questions import KINDS, Close, Name, NonEmpty, Points, Question, python_name
from grader.tolerances import Tolerance

DATA_SUFFIXES = frozenset({".txt", ".csv", ".npy", ".npz"})


class Load(Part):
    """A data file of the assignment."""

    load: str
    """Its path inside the assignment's folder: `.txt` or `.csv` (numbers), `.npy`, or `.npz` with `array`."""
    array: str | None = None
    """Which array of a `.npz` file."""

    @model_validator(mode="after")
    def _is_there(self, info: ValidationInfo) -> Self:
        suffix = PurePosixPath(self.load).suffix
        if suffix not in DATA_SUFFIXES:
            raise ValueError(f"{self.load}: a data file must be one of {', '.join(sorted(DATA_SUFFIXES))}")
        if (suffix == ".npz") != (self.array is not None):
            raise ValueError("`array` names an array of a .npz file, and every .npz file needs it")
        folder = (info.context or {}).get("folder")
        if folder is not None:
            inside(folder, self.load)
        return self


class Make(BaseModel):
    """What a function of the assignment's `inputs.py` returns; the other keys are its keyword arguments.

    It is also given, where it has parameters of these names, the case's earlier arguments and `rng`, a
    `numpy.random.Generator` seeded for the case.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    make: str


class MakeArray(Part):
    """A numpy array, written out."""

    array: list[Any]


Plain = bool | int | float | str | list[Any] | None


def _argument(value: Any, info: ValidationInfo) -> Any:
    """Validate an argument by the key that says what it is."""
    if isinstance(value, dict):
        for key, kind in (("load", Load), ("make", Make), ("array", MakeArray)):
            if key in value:
                return kind.model_validate(value, context=info.context)
        raise ValueError("must be a plain value, or have the key `load`, `make` or `array`")
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError(f"must be a number, a text, true, false, null or a list of these, not {value!r}")
    return value


def _expected(value: Any, info: ValidationInfo) -> Any:
    argument = _argument(value, info)
    if isinstance(argument, Make):
        raise ValueError("what is expected cannot be made: write it, or load it")  # noqa: TRY004
    return argument


Argument = Annotated[Any, PlainValidator(_argument, json_schema_input_type=Load | Make | MakeArray | Plain)]
Expected = Annotated[Any, PlainValidator(_expected, json_schema_input_type=Load | MakeArray | Plain)]


def _dotted_name(value: str) -> str:
    if value == "__main__":
        raise ValueError("must be a module that can be imported")
    for part in value.split("."):
        python_name(part)
    return value


def _filename(value: str) -> str:
    if not value.endswith(".py") or not value.removesuffix(".py").isidentifier():
        raise ValueError("must be the name of a .py file, without a folder")
    return value


def _sheet_name(value: str) -> str:
    if PurePosixPath(value).name != value or not value.endswith(SUFFIXES):
        raise ValueError(f"must be the name of a {', '.join(SUFFIXES)} file, without a folder")
    return value


def _moment(value: Any) -> datetime:
    """Take a time with its zone, written as YAML or ISO 8601 has it."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError(f"must be a time with its zone, as 2026-12-01T23:59:00+01:00, not {value}")
    return moment


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
    compare: Literal["values", "shapes"] = "values"
    """Whether values are compared, or only types and shapes."""
    remark: bool = False
    """A remark is told and costs nothing."""
    permute: dict[str, int] = {}
    """Parts of the result whose components may come in another order, with the axis that counts components."""


class Function(Part):
    """A function that the student writes."""

    points: Points
    returns: Annotated[list[Name], Field(min_length=1)]
    """Names for what it returns, in order."""
    tolerance: Tolerances = {}
    """How close is close enough, by the names of `returns`, for every case."""
    cases: Annotated[list[Case], Field(min_length=1)]

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

    def _named(self) -> Iterator[tuple[list[int | str], dict[str, Any]]]:
        yield ["tolerance"], self.tolerance
        for n, case in enumerate(self.cases):
            for field in ("expect", "tolerance", "permute"):
                yield ["cases", n, field], getattr(case, field)


class Submission(Part):
    """What the student hands in: code, a sheet of answers, or both."""

    file: Annotated[str, AfterValidator(_filename)] | None = None
    answers: Annotated[str, AfterValidator(_sheet_name)] | None = None
    """The sheet's name; it may be handed in as `.yaml`, `.json` or `.csv`."""


class Spec(Part):
    """An assignment."""

    name: NonEmpty
    title: str = ""
    reference: DottedName | None = None
    """The module with the right answers; it runs in a worker of its own. Without it, every value is in `expect`."""
    submission: Submission
    due: Annotated[datetime, PlainValidator(_moment, json_schema_input_type=str)] | None = None
    """When it must be handed in; all explanations that are ever shown are shown from then on."""
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
    functions: dict[Name, Function] = {}
    questions: dict[Name, Question] = {}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.functions and not self.questions:
            raise ValueError("there is nothing to grade: give `functions` or `questions`")
        for items, key in ((self.functions, "file"), (self.questions, "answers")):
            if bool(items) != (getattr(self.submission, key) is not None):
                what = "functions" if key == "file" else "questions"
                raise at(["submission"], f"`{key}` names what is handed in for the `{what}`: give both, or neither")
        for name, question in self.questions.items():
            if name in self.functions:
                raise at(["questions", name], "a function has this name too")
            if question.explain == "due" and self.due is None:
                raise at(["questions", name, "explain"], "the spec does not say when it is `due`")
        return self

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        for name, function in self.functions.items() if self.reference is None else ():
            for n, case in enumerate(function.cases):
                missing = [part for part in function.returns if part not in case.expect]
                if missing:
                    message = f"expects no {missing[0]}, and there is no reference to give it"
                    raise at(["functions", name, "cases", n], message)
        return self


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file inside an assignment's folder.

    Raises:
        ValueError: it is not there, or not inside.
    """
    path = folder / name
    if len(name) > 1000:
        raise ValueError("a path is too long")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} is outside the assignment's folder")
    if not path.is_file():
        raise ValueError(f"there is no file {name} in the assignment's folder")
    return path


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a spec, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Spec.model_json_schema()}


KEYS = {
    "": list(Spec.model_fields),
    "submission": list(Submission.model_fields),
    "limits": list(Limits.model_fields),
    "functions": list(Function.model_fields),
    "cases": list(Case.model_fields),
    "tolerance": list(Tolerance.model_fields),
    "args": list(Load.model_fields),
    "expect": list(Load.model_fields),
    "questions": sorted({key for kind in KINDS for key in kind.model_fields}),
    "close": list(Close.model_fields),
}
"""The keys of each mapping of the spec, to suggest one for a key that is unknown."""
