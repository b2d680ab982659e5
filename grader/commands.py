"""What each command does: it opens what it needs, has the engine work, and shows what came of it.

Each returns an exit status (see `cli`). What grades is imported only when it is needed, and while a fork server starts.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from grader.errors import UsageError
from grader.sandbox.launch import Zygote

if TYPE_CHECKING:
    from grader.model import Result
    from grader.spec import Spec

PASSED, LOST, FAULT = 0, 1, 3


def grade(arguments: argparse.Namespace) -> int:
    """Grade a class."""
    with ExitStack() as stack:
        zygotes = _zygotes(stack, 0 if arguments.sandbox == "process" else 1)
        from grader import assignment, engine, execution, keeping, servers, shared, submission  # while it starts

        loaded = assignment.load(assignment.find(arguments.assignment))
        submissions = submission.collect(arguments.paths, loaded.spec.submission)
        jobs = min(arguments.jobs, len(submissions))
        zygotes += _zygotes(stack, jobs - 1 if zygotes and loaded.spec.submission.code else 0)
        files = shared.beside(loaded)
        opened = stack.enter_context(servers.for_a_class(loaded.spec, zygotes, arguments.sandbox, jobs, files))
        executors = stack.enter_context(execution.for_a_class(loaded.spec, arguments.sandbox, jobs))
        kept = stack.enter_context(keeping.keeping(arguments.jsonl, arguments.out))
        advance = stack.enter_context(_progress(len(submissions)))
        results: list[Result] = []
        try:
            for graded in engine.grade(loaded, submissions, opened, executors):
                results.append(kept.keep(graded))
                advance()
        except KeyboardInterrupt:
            _show(results, loaded.spec, arguments.jsonl)
            where = kept.unfinished()
            raise KeyboardInterrupt(f"after {len(results)} of {len(submissions)} submissions{where}") from None
    _show(results, loaded.spec, arguments.jsonl)
    if arguments.out:
        pending = any(item.status == "pending" for result in results for item in result.items)
        then = f" Mark what is pending: grader mark {arguments.out}" if pending else ""
        print(f"All of it is in {arguments.out}.{then}", file=sys.stderr)
    return _status(results)


def _show(results: Sequence["Result"], spec: "Spec", jsonl: str | None) -> None:
    """Print the table where the JSON does not go."""
    from grader.report import terminal

    out = sys.stderr if jsonl == "-" else sys.stdout
    if results:
        print(terminal.render(results, _title(spec), **_looks(out)), end="", file=out)


def check(arguments: argparse.Namespace) -> int:
    """Check one's own work."""
    with ExitStack() as stack:
        zygotes = _zygotes(stack, 1)
        from grader import bundle, engine, servers, shared, submission  # while it starts
        from grader.report import terminal

        variants = stack.enter_context(closing(bundle.opened(arguments.assignment or _beside(arguments.files))))
        plan = variants.plan
        wanted = plan.assignment.spec.submission
        files = arguments.files or [submission.here(wanted, plan.assignment.folder)]
        opened = stack.enter_context(servers.for_a_check(plan.assignment.spec, zygotes, shared.beside(plan.assignment)))
        title = f"{_title(plan.assignment.spec)} (public cases)"

        if not arguments.files and not files[0].exists():
            raise UsageError(f"there is no {files[0]} here: save your work under this name, or say which file is yours")
        submission.collect(files, wanted)  # where there is none, that is told first
        engine.begin(plan, opened)

        def graded() -> "list[Result]":
            return list(engine.grade_all(variants, opened, submission.collect(files, wanted)))

        def idle() -> None:
            for server in opened:
                server.ready()  # the next process, while the student writes

        def shown(result: "Result") -> None:
            print(terminal.render([result], title, later=plan.later, **_looks(sys.stdout)), end="", flush=True)

        results = _watched(files, graded, shown, idle) if arguments.watch else graded()
        if not arguments.watch:
            for result in results:
                shown(result)
    return _status(results)


def _beside(files: Sequence[Path]) -> str | None:
    """Return the folder of a file that is to be checked, if that is the one of the assignment, and this is not."""
    from grader.assignment import BUNDLE, FILENAME

    there = [path if path.is_dir() else path.parent for path in files]
    around = [Path(), Path(".."), *there]
    folder = next((folder for folder in around if any((folder / name).is_file() for name in (BUNDLE, FILENAME))), None)
    return str(folder) if folder in there else None


def _watched(
    files: Sequence[Path],
    graded: "Callable[[], Sequence[Result]]",
    shown: "Callable[[Result], None]",
    idle: "Callable[[], None]",
) -> "Sequence[Result]":
    """Check until interrupted: the first time all is shown, then what has changed."""
    from grader import watch
    from grader.report import changes

    def show(one: watch.Round) -> None:
        at = time.strftime("%H:%M:%S")
        if one.problem is not None:
            print(f"{at}  {one.problem}", flush=True)
        for result in one.results if one.changes is None else ():
            shown(result)
        for changed in one.changes or ():
            print(changes.render(changed, at, **_looks(sys.stdout)), end="", flush=True)
        print("Waiting for you to save (Ctrl-C ends it).", flush=True)
        idle()

    return watch.watch(watch.folders(files), graded, show)


def validate(arguments: argparse.Namespace) -> int:
    """See that assignments tell right from wrong."""
    from grader import assignment, keeping, servers, shared
    from grader.report import validation
    from grader.validate import Validator

    loaded = [assignment.load(assignment.find(name)) for name in arguments.assignments]
    out = sys.stderr if arguments.jsonl == "-" else sys.stdout
    status = PASSED
    with ExitStack() as stack:
        lines = stack.enter_context(keeping.writing(arguments.jsonl)) if arguments.jsonl is not None else None
        for one in loaded:
            with ExitStack() as opening:
                zygotes = _zygotes(opening, arguments.jobs if one.spec.functions else 0)
                opened = opening.enter_context(
                    servers.for_a_class(one.spec, zygotes, None, arguments.jobs, shared.beside(one))
                )
                found = Validator(one, opened).validate()
            print(validation.table(found, **_looks(out)), file=out, flush=True)
            if lines is not None:
                print(validation.json(found), file=lines, flush=True)
            status = max(status, LOST if found.problems else PASSED)
    return status


def handout(arguments: argparse.Namespace) -> int:
    """Print the questions of an assignment."""
    from grader import assignment, handout

    spec = assignment.load(assignment.find(arguments.assignment)).spec
    if not spec.questions:
        raise UsageError(f"{spec.name} has no questions")
    print(handout.render(spec), end="")
    return PASSED


def release(arguments: argparse.Namespace) -> int:
    """Write what students get."""
    from grader import assignment, release, servers, shared

    loaded = assignment.load(assignment.find(arguments.assignment))
    with ExitStack() as stack:
        zygotes = _zygotes(stack, 1 if loaded.spec.submission.code else 0)
        opened = stack.enter_context(servers.for_a_check(loaded.spec, zygotes, shared.beside(loaded)))
        written = release.release(loaded, opened, arguments.to)
    print(release.render(written), end="")
    return PASSED


def mark(arguments: argparse.Namespace) -> int:
    """Mark by hand what is pending."""
    from grader import marking

    return marking.run(arguments.results, names=arguments.names, to=arguments.to, source=arguments.source)


def doctor(_arguments: argparse.Namespace) -> int:
    """Look at the sandbox."""
    from grader import doctor

    level, findings = doctor.examine()
    print(doctor.render(level, findings), end="")
    return PASSED if level else FAULT


def _zygotes(stack: ExitStack, number: int) -> list[Zygote]:
    """Start fork servers, where there can be any."""
    return [stack.enter_context(Zygote()) for _ in range(number if sys.platform == "linux" else 0)]


def _title(spec: "Spec") -> str:
    return f"{spec.name}: {spec.title}" if spec.title else spec.name


def _status(results: Sequence["Result"]) -> int:
    if any(result.fault for result in results):
        return FAULT
    return LOST if any(result.lost for result in results) else PASSED


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()  # there is none where it was closed


def _looks(stream: TextIO) -> dict[str, Any]:
    """Return how wide and whether in colour a stream shows text."""
    if not _is_terminal(stream):
        return {"color": False}
    from rich.console import detect_legacy_windows

    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except OSError:  # NUL, which on Windows counts as a terminal
        return {"color": False}
    return {"color": "NO_COLOR" not in os.environ and not detect_legacy_windows(), "width": width}


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], object]]:
    """Show progress on a terminal; elsewhere show none. What it yields is called after each submission."""
    if not _is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("grading", total=total)
        yield lambda: bar.advance(task)
