"""What of an assignment students get, besides its handout: data files, and the modules of `given/`."""

from pathlib import Path

from grader.arguments import Load
from grader.assignment import Assignment

LEFT_OUT = "is left out: it has arrays of hidden cases too. If students may have these, name it under `data`"


def data(assignment: Assignment) -> tuple[dict[str, bytes], list[str]]:
    """Return the data files for students, by their paths, and what there is to say of those that they do not get.

    They get those that the spec names, and those that public cases are called with.
    """
    shared, secret = set[tuple[str, str | None]](), set[tuple[str, str | None]]()
    for function in assignment.spec.functions.values():
        for case in function.cases:
            args = {(arg.load, arg.array) for arg in case.args.values() if isinstance(arg, Load)}
            (shared if case.visibility == "public" else secret).update(args)
            secret |= {(value.load, value.array) for value in case.expect.values() if isinstance(value, Load)}
    named = set(assignment.spec.data or ())
    mixed = {name for name, array in secret - shared if array is not None} & {name for name, _ in shared} - named
    names = sorted(named | {name for name, _ in shared} - mixed)
    files = {Path(name).as_posix(): (assignment.folder / name).read_bytes() for name in names}
    return files, [f"{name} {LEFT_OUT}" for name in sorted(mixed)]


def beside(assignment: Assignment) -> dict[str, Path]:
    """Return the data files that lie where a notebook is run, by their paths: those that its cells may load."""
    if assignment.spec.submission.notebook is None:
        return {}
    return {name: assignment.folder / name for name in data(assignment)[0] if (assignment.folder / name).is_file()}
