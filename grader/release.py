"""The student bundle: handout, starter, given modules, data and `.grader`, written as a folder or a zip.

    starter/ or the reference ─► starter ─┐
    README.md, given/, data/ ─────────────┼─► files ─► the starter is tried ─► `.grader` ─► written beside ─► renamed
    plan, variants ─► bundle ─────────────┘

The same assignment makes the same bytes. What is there already is only replaced if an earlier release wrote it, all of
it; a release that fails changes nothing.
"""

import contextlib
import io
import tempfile
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import engine, messages, packing, shared, source, starter, submission
from grader.assignment import BUNDLE, Assignment
from grader.errors import SpecError
from grader.model import Limits, Raised, Returned
from grader.pages import opened
from grader.prepare import Plan, prepare
from grader.printable import many
from grader.run import Answer, Run
from grader.sandbox.client import Output
from grader.servers import Server
from grader.target import Files, refuse_others, tidy, write, write_files
from grader.variants import Variants

README = "README.md"
BROKEN = {"SyntaxError", "IndentationError", "TabError", "ImportError", "ModuleNotFoundError"}
"""What no cell of a starter may raise; others may come of what is not written yet, or of data that are not there."""


@dataclass(frozen=True, slots=True)
class Released:
    """What was written."""

    to: Path
    sizes: Mapping[str, int]
    """Of each file, in bytes, by its path."""
    public: int
    """How many cases students can check by."""
    later: int
    """How many are graded after handing in."""
    questions: int
    """How many answers they can see to be readable."""
    notes: tuple[str, ...] = ()


def release(assignment: Assignment, servers: Sequence[Server], to: Path) -> Released:
    """Write the student bundle into a folder, or into a file whose name ends in `.zip`.

    Raises:
        UsageError: what is there is not an earlier release.
        SpecError: the assignment is wrong, or the starter does not do what a starter must.
    """
    target = to.resolve()
    refuse_others(target)
    plan = prepare(assignment)
    files, notes = contents(assignment)
    if servers:
        notes += _tried(plan, servers, files)
    with contextlib.closing(Variants(plan)) as variants:
        files = dict(sorted({**files, BUNDLE: packing.pack(plan, variants, files)}.items()))
    write(target, files)
    shown = packing.public(plan)
    public = len({call.key[:2] for calls in shown.calls.values() for call in calls})
    sizes = {name: len(data) for name, data in files.items()}
    return Released(to, sizes, public, shown.later, len(assignment.spec.questions), tuple(notes))


# --- what is in it ---------------------------------------------------------------------------------------------------


def contents(assignment: Assignment) -> tuple[Files, list[str]]:
    """Return the files of a bundle but `.grader`, and what there is to say of them.

    Raises:
        SpecError: two of them have the same path.
    """
    readme = assignment.folder / README
    data, notes = shared.data(assignment)
    found: dict[str, bytes] = {}
    for origin, files in (
        (README, {README: readme.read_bytes()} if readme.is_file() else {}),
        ("given/", assignment.given()),
        ("data", data),
        ("starter/", _starter(assignment)),
    ):
        for name, text in files.items():
            if name == BUNDLE or found.get(name, text) != text:
                raise SpecError(f"{assignment.folder}: {origin} has a {name}, and so has the bundle from elsewhere")
            found[name] = text
    return found, notes


def _starter(assignment: Assignment) -> Files:
    """Return the files of starter/, or what is made from the reference where the spec or marks in it ask for that."""
    folder, spec = assignment.folder / "starter", assignment.spec
    if folder.is_dir():
        return {path.relative_to(folder).as_posix(): _cleaned(path, assignment.folder) for path in tidy(folder)}
    main, where = source.reference(assignment), (spec.reference or "").replace(".", "/")
    file = next((name for name in (f"{where}.py", f"{where}/__init__.py") if main and name in main.files), None)
    if main is None or file is None or spec.submission.code is None:
        return {}
    text = main.files[file].decode(_encoding(main.files[file]))
    if not spec.starter and not starter.has_marks(text):
        return {}
    module = starter.from_reference(text, spec, file)
    return {spec.submission.code: starter.notebook(spec, module) if spec.submission.notebook else module.encode()}


def _cleaned(path: Path, folder: Path) -> bytes:
    """Return a file of starter/ without solutions and hidden tests; what has none is left as it is."""
    data, where = path.read_bytes(), path.relative_to(folder).as_posix()
    if path.suffix == ".ipynb":
        return starter.notebook_without_solutions(data, where)
    if path.suffix != ".py":
        return data
    try:
        encoding = _encoding(data)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SpecError(f"{where} is not text: {error}") from error
    return starter.without_solutions(text, where).encode(encoding)


def _encoding(data: bytes) -> str:
    """Return the encoding that a source says it has."""
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


# --- tried -----------------------------------------------------------------------------------------------------------


def _tried(plan: Plan, servers: Sequence[Server], files: Files) -> list[str]:
    """See that the starter can be loaded, and that its functions are still to be written; return what is to be noted.

    Raises:
        SpecError: it cannot, or they are not.
    """
    spec = plan.assignment.spec
    if spec.submission.code not in files:
        return [f"there is no starter: write starter/{spec.submission.code}, or `starter: reference`"]
    engine.try_out(plan, servers)
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), files)
        (handed,) = submission.collect([Path(folder)], spec.submission)
    with contextlib.closing(Run(plan, servers[0], opened(handed.code).code, Output())) as run:
        run.start()
        for cell, outcome in run.problems.items():
            if isinstance(outcome, Raised) and outcome.type in BROKEN:
                raise SpecError(f"the starter cannot be run: {messages.of_cell(cell, outcome, spec.limits)}")
        for name, calls in plan.calls.items():
            for call in [call for call in calls if not call.derived and not call.using][:1]:
                (answer,) = run.answers([call.frame])
                _expect_unwritten(name, answer, handed.code.main, spec.limits)
    return []


def _expect_unwritten(name: str, answer: Answer, main: str, limits: Limits) -> None:
    match answer.outcome:
        case Raised("NotImplementedError") if not answer.loading:
            return
        case Returned():
            what = f"`{name}` returns a value."
        case outcome:
            told = messages.of_loading if answer.loading else messages.of_outcome
            what = told(main if answer.loading else name, outcome, limits)
    raise SpecError(f"the starter must load, and each of its functions raise NotImplementedError: {what}")


# --- told ------------------------------------------------------------------------------------------------------------


def render(released: Released) -> str:
    """Return what was written: the files with their sizes, and how many cases students can check by."""
    width = max(map(len, released.sizes))
    lines = [f"  {name:<{width}}  {size:>9,} bytes" for name, size in released.sizes.items()]
    told = []
    if released.public or released.later:
        later, are = many(released.later, "case"), "is" if released.later == 1 else "are"
        more = f"; {later} {are} not in it, and graded after they have handed in" if released.later else ""
        told.append(f"Students can check by {many(released.public, 'case')}{more}.")
    if released.questions:
        told.append(f"Students can check whether {many(released.questions, 'answer')} can be read.")
    notes = [f"Note: {note}." for note in released.notes]
    return "\n".join([f"{released.to}:", *lines, *told, *notes]) + "\n"
