"""An autograder for Gradescope: a zip with all that it takes to grade one assignment on a machine of theirs.

    docker/gradescope ─► setup.sh, run_autograder ─────┐
    this very grader ──► python/grader/ ───────────────┤
    the reference ─────► python/, unless the assignment├─► files ─► written beside ─► renamed (`target`)
                         has it in its own folder      │
    the assignment ────► assignment/ ──────────────────┤
    what is installed ─► requirements.txt ─────────────┘

The packages are those of the grader, of the spec, and what the course's own Python imports, in the versions that are
installed here, so that figures agree. The same assignment and the same versions make the same bytes.
"""

import ast
import contextlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from grader import __version__
from grader.assignment import Assignment
from grader.errors import UsageError
from grader.execution import NEEDED, PLOTS
from grader.prepare import prepare
from grader.spec import Spec
from grader.target import Files, Hashes, Mark, digest, refuse_others, tidy, write

PROJECT = "proofgrade"
PROGRAMS = ("run_autograder", "setup.sh")
REQUIREMENTS = "requirements.txt"
PYTHON = ".python-version"
MANIFEST = "manifest.json"
LEFT_OUT = frozenset({"samples"})
"""What of an assignment's folder nothing is graded by."""
STUDENTS = ("assignment/given/", "assignment/starter/")
"""Where in a package that lies which students' code imports or begins with."""
BY_HAND = frozenset({"text", "plot"})
"""The kinds of questions that a person marks."""
_EXTRA = re.compile(r";.*\bextra\s*==")


def _hashes(data: bytes) -> Hashes:
    return dict(json.loads(data)["files"])


MARK = Mark("package", MANIFEST, _hashes)


@dataclass(frozen=True, slots=True)
class Packaged:
    """What was written."""

    to: Path
    spec: Spec
    files: int
    size: int
    """Of the zip, in bytes."""
    requirements: int


def package(assignment: Assignment, to: Path) -> Packaged:
    """Write the autograder of an assignment into a file whose name ends in `.zip`.

    Raises:
        UsageError: it cannot be written there.
        SpecError: the assignment is wrong.
    """
    target = to.resolve()
    if target.suffix.lower() != ".zip":
        raise UsageError(f"{to}: Gradescope takes a zip: give --to a name that ends in .zip")
    refuse_others(target, MARK)
    prepare(assignment)  # what is wrong with it is told now, and not there
    files, pinned = contents(assignment)
    try:
        write(target, files, PROGRAMS)
    except OSError as error:
        raise UsageError(f"{to}: {error.strerror}") from error
    return Packaged(to, assignment.spec, len(files), target.stat().st_size, len(pinned))


# --- what is in it ---------------------------------------------------------------------------------------------------


def contents(assignment: Assignment) -> tuple[Files, Sequence[str]]:
    """Return the files of a package, and of these what it requires, a line each.

    Raises:
        SpecError: a package of the spec is not installed.
    """
    course = {**_below(assignment.folder, "assignment", LEFT_OUT), **_reference(assignment)}
    pinned = requirements(assignment, course)
    scripts = {name: (_scripts() / name).read_bytes() for name in PROGRAMS}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    texts = {REQUIREMENTS: "".join(f"{line}\n" for line in pinned), PYTHON: f"{version}\n"}
    files = {
        **course,
        **_below(Path(__file__).parent, "python/grader", {"docker"}),
        **scripts,
        **{name: text.encode() for name, text in texts.items()},
    }
    manifest = {"grader": __version__, "files": {name: digest(data) for name, data in sorted(files.items())}}
    files[MANIFEST] = json.dumps(manifest, indent=1).encode() + b"\n"
    return dict(sorted(files.items())), pinned


def _scripts() -> Path:
    """Return the folder of the scripts: inside of an installed grader, or in the source tree."""
    inside = Path(__file__).parent / "docker" / "gradescope"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "docker" / "gradescope"


def _below(folder: Path, to: str, without: Iterable[str] = ()) -> Files:
    return {
        f"{to}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in tidy(folder)
        if path.relative_to(folder).parts[0] not in without
    }


def _reference(assignment: Assignment) -> Files:
    """Return the files of the reference's package, or its only file; none where it lies in the assignment's folder."""
    top = (assignment.spec.reference or "").partition(".")[0]
    own = (folder / name for folder in (assignment.folder, assignment.folder / "given") for name in (top, f"{top}.py"))
    found = None if not top or any(path.exists() for path in own) else find_spec(top)
    if found and found.submodule_search_locations:
        return {
            name: data
            for place in found.submodule_search_locations
            for name, data in _below(Path(place), f"python/{top}").items()
        }
    return {f"python/{top}.py": Path(found.origin).read_bytes()} if found and found.origin else {}


# --- what it requires ------------------------------------------------------------------------------------------------


def requirements(assignment: Assignment, course: Files) -> list[str]:
    """Return the packages that it takes to grade, each with the version that is installed here.

    Raises:
        SpecError: one that the spec names is not installed.
        UsageError: the grader itself was not installed by pip, so that nobody knows what it takes.
    """
    known = metadata.packages_distributions()
    wanted = [PROJECT]
    for n, name in enumerate(assignment.spec.packages):
        top = name.partition(".")[0]
        if top not in known and top not in sys.stdlib_module_names:
            raise assignment.mistake(("packages", n), f"{top!r} is not installed here, so its version is not known")
        wanted += known.get(top, ())
    executing = (*NEEDED, *PLOTS) if assignment.spec.execute else ()
    for top in (*executing, *_imported(course)):
        wanted += known.get(top, ())
    versions = _with_all_that_they_take(wanted)
    if PROJECT not in versions:
        raise UsageError(f"{PROJECT} is not installed here by pip, so the versions that it takes are not known")
    return [f"{name}=={version}" for name, version in sorted(versions.items()) if name != PROJECT]


def _imported(files: Files) -> Iterator[str]:
    """Yield the names of what the instructor's Python imports; what students have finds what the spec names."""
    for name, data in files.items():
        for node in _nodes(data) if name.endswith(".py") and not name.startswith(STUDENTS) else ():
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def _nodes(source: bytes) -> Iterator[ast.AST]:
    with contextlib.suppress(SyntaxError, ValueError):  # it may be of another Python, and is not imported then
        yield from ast.walk(ast.parse(source))


def _with_all_that_they_take(names: Iterable[str]) -> Mapping[str, str]:
    """Return the versions of distributions that are installed, and of all that these require, by their names."""
    found: dict[str, str] = {}
    left = list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # it is for another system, or another Python
            continue
        if name not in found:
            found[name] = one.version
            left += [
                re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in one.requires or () if not _EXTRA.search(line)
            ]
    return found


# --- told ------------------------------------------------------------------------------------------------------------


def render(packaged: Packaged) -> str:
    """Return what was written, what to set in Gradescope, and what to beware of."""
    spec = packaged.spec
    what = f"{packaged.files} files, {packaged.requirements} packages to install, {packaged.size / 2**10:,.0f} KiB"
    questions = [(question.points, question.kind in BY_HAND) for question in spec.questions.values()]
    by_hand = sum(points for points, is_marked in questions if is_marked)
    graded = [function.points for function in spec.functions.values()]
    graded += [points for points, is_marked in questions if not is_marked]
    graded += [spec.execute.points] if spec.execute else []
    lines = [
        f"{packaged.to}: {what}.",
        f"In Gradescope give the autograder {sum(graded):g} points"
        + (f", and add a question of {by_hand:g} to be marked by hand." if by_hand else "."),
        *(f"Note: {note}." for note in _notes(spec)),
    ]
    return "\n".join(lines) + "\n"


def _notes(spec: Spec) -> Iterator[str]:
    where = "If Gradescope's machine gives none, nothing is graded, and the autograder's output says so"
    if spec.execute:
        yield f"{spec.name} has notebooks executed (`execute`), which takes namespaces. {where}"
    if spec.sandbox != "container":
        yield f"{spec.name} demands a sandbox of level `{spec.sandbox}`, which takes namespaces. {where}"
