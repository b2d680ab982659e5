"""What students hand in, and what they begin with, as the spec has it.

submission ─ file | notebook ─ answers (a sheet's name; or where a notebook's cells have them: NAME ─ tag | variable)
execute ─ points ─ cell_seconds ─ seconds
data ─ starter
"""

from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from grader.answers.sheet import SUFFIXES
from grader.arguments import inside
from grader.model import Part
from grader.questions import Name, NonEmpty, Points


def _module(value: str, suffix: str) -> str:
    if not value.endswith(suffix) or not value.removesuffix(suffix).isidentifier():
        raise ValueError(f"must be the name of a {suffix} file, without a folder")
    return value


def _sheet_name(value: str) -> str:
    if PurePosixPath(value).name != value or not value.endswith(SUFFIXES):
        raise ValueError(f"must be the name of a {', '.join(SUFFIXES)} file, without a folder")
    return value


def _data_file(value: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder")
    if folder is not None:
        inside(folder, value)
    return value


class Where(Part):
    """Where in a notebook an answer is, if it is not in the cell with the question's name as its tag or marker."""

    tag: NonEmpty | None = None
    """The tag or marker of a cell."""
    variable: Name | None = None
    """A variable that the cells leave behind."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.tag is None) == (self.variable is None):
            raise ValueError("give either the `tag` of a cell or a `variable`")
        return self


def _kind_of_answers(value: Any) -> str:
    return "cells" if isinstance(value, dict) else "sheet"


Answers = Annotated[
    Annotated[str, AfterValidator(_sheet_name), Tag("sheet")] | Annotated[dict[Name, Where], Tag("cells")],
    Discriminator(_kind_of_answers),
]


class Submission(Part):
    """What the student hands in: code or a notebook, a sheet of answers, or both."""

    file: Annotated[str, AfterValidator(lambda value: _module(value, ".py"))] | None = None
    notebook: Annotated[str, AfterValidator(lambda value: _module(value, ".ipynb"))] | None = None
    """A notebook, whose cells are run as one module."""
    answers: Answers | None = None
    """The sheet's name, which may be handed in as `.yaml`, `.json` or `.csv`; or where in the notebook answers are."""

    @model_validator(mode="after")
    def _one_kind_of_code(self) -> Self:
        if self.file and self.notebook:
            raise ValueError("students hand in a `file` or a `notebook`, not both")
        if self.places and self.notebook is None:
            raise ValueError("`answers` are found in cells only where a `notebook` is handed in: name a sheet")
        return self

    @property
    def code(self) -> str | None:
        """The name of what has the functions."""
        return self.file or self.notebook

    @property
    def sheet(self) -> str | None:
        """The name of the sheet of answers."""
        return self.answers if isinstance(self.answers, str) else None

    @property
    def places(self) -> dict[str, Where]:
        """Where in a notebook answers are, of those questions for which that is said."""
        return self.answers if isinstance(self.answers, dict) else {}


class Execute(Part):
    """How a whole notebook is executed, from the first cell to the last, by a kernel."""

    points: Points = 0.0
    """For a notebook that runs to its end without an error."""
    cell_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """For all cells together."""


def _execute(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if not isinstance(value, dict):
        raise ValueError(f"must be true, false or a mapping, as {{seconds: 60}}, not {value!r}")  # noqa: TRY004  pydantic's
    return value


ExecuteKey = Annotated[Execute | None, BeforeValidator(_execute, json_schema_input_type=bool | Execute)]
DataFile = Annotated[str, AfterValidator(_data_file)]
