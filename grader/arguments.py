"""What a spec may give as an argument or expect as a value: written out, loaded, or made by `inputs.py`."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationInfo, model_validator

from grader.model import Part

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
