"""What each command does: it opens what it needs, has the engine work, and shows what came of it.

Each returns an exit status (see `cli`). What grades is imported only when it is needed, and while a fork server starts.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from grader.errors import UsageError
from grader.sandbox.launch import zygotes

if TYPE_CHECKING:
    from grader.grading import Grading
    from grader.model import Result
    from grader.spec import Spec

PASSED, LOST, FAULT = 0, 1, 3
MOST_FAULTS = 5
"""How many faults of ours are told of in the end."""


def grade(arguments: argparse.Namespace) -> int:
    """Grade a class."""
    with ExitStack() as stack:
        begun = zygotes(stack, 0 if arguments.sandbox == "process" or arguments.executor else 1)
        from grader import grading  # while it starts

        wanted = grading.Wanted(
            assignment=arguments.assignment,
            paths=arguments.paths,
            out=arguments.out,
            jsonl=arguments.jsonl,
            jobs=arguments.jobs,
            cluster=arguments.executor,
            sandbox=arguments.sandbox,
            fresh=arguments.fresh,
            roster=arguments.roster,
        )
        opened = stack.enter_context(grading.opened(wanted, begun))
        told: list[str] = []
        statuses = [PASSED]

        def tell(result: "Result") -> None:
            told.append(result.id)
            statuses.append(_status([result]))

        try:
            with _progress(len(opened.intake.entries)) as advance:
                opened.grade(advance, tell)
        except KeyboardInterrupt:
            _show(opened, told)
            raise KeyboardInterrupt(f"after {len(told)} of {opened.students} submissions{_go_on(arguments)}") from None
        opened.finish()
        _show(opened, told)
        statuses += [FAULT] if opened.ran.faults else []
        if opened.untimed:
            count = f"{opened.untimed} of {len(opened.intake.entries)}"
            known = "A column `handed_in` of the class's list (--roster) can say when."
            print(f"When {count} came in is not known: they count as in time. {known}", file=sys.stderr)
        if arguments.out:
            where = f"All of it is in {arguments.out}: begin with summary.html."
            print(f"{where}{_again(opened)}{_then(opened)}", file=sys.stderr)
    return max(statuses)


def _show(opened: "Grading", students: Sequence[str]) -> None:
    """Print the table of these students where the JSON does not go."""
    from grader.report import terminal

    out = sys.stderr if opened.wanted.jsonl == "-" else sys.stdout
    if students:
        title, remarks = _title(opened.assignment.spec), terminal.remarks(opened.book.classroom())
        text = terminal.render(map(opened.book.result, students), title, remarks=remarks, **_looks(out))
        print(text, end="", file=out)


def _go_on(arguments: argparse.Namespace) -> str:
    """Say where what was graded is when the rest is not, and how to go on."""
    if arguments.out:
        again = "" if arguments.fresh else ", and the same command goes on from there"
        return f"; they are kept in {arguments.out} (see them with grader report {arguments.out}){again}"
    return f"; their results are in {arguments.jsonl}.part" if arguments.jsonl not in {None, "-"} else ""


def _again(opened: "Grading") -> str:
    """Say how much of it is new, if not all is, and what a fault of ours left as it was."""
    ran = opened.ran
    new = f" {ran.graded} graded now, {ran.known} unchanged." if ran.known else ""
    ours = f" Not graded by a fault of ours: {'; '.join(ran.faults[:MOST_FAULTS])}." if ran.faults else ""
    return new + ours


def _then(opened: "Grading") -> str:
    """Say what there is to do next."""
    out, book = opened.wanted.out, opened.book
    pending = any(item.status == "pending" for result in book.results() for item in result.items)
    return f" Mark what is pending: grader mark {out}" if pending else ""


def check(arguments: argparse.Namespace) -> int:
    """Check one's own work."""
    with ExitStack() as stack:
        begun = zygotes(stack, 1)
        from grader import bundle, engine, servers, shared, submission  # while it starts
        from grader.report import terminal

        variants = stack.enter_context(closing(bundle.opened(arguments.assignment or _beside(arguments.files))))
        plan = variants.plan
        wanted = plan.assignment.spec.submission
        files = arguments.files or [submission.here(wanted, plan.assignment.folder)]
        opened = stack.enter_context(servers.for_a_check(plan.assignment.spec, begun, shared.beside(plan.assignment)))
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
                begun = zygotes(opening, arguments.jobs if one.spec.functions else 0)
                opened = opening.enter_context(
                    servers.for_a_class(one.spec, begun, None, arguments.jobs, shared.beside(one))
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
        begun = zygotes(stack, 1 if loaded.spec.submission.code else 0)
        opened = stack.enter_context(servers.for_a_check(loaded.spec, begun, shared.beside(loaded)))
        written = release.release(loaded, opened, arguments.to)
    print(release.render(written), end="")
    return PASSED


def package(arguments: argparse.Namespace) -> int:
    """Write an autograder for a platform."""
    from grader import assignment, package

    print(package.render(package.package(assignment.load(assignment.find(arguments.assignment)), arguments.to)), end="")
    return PASSED


def mark(arguments: argparse.Namespace) -> int:
    """Mark by hand what is pending."""
    from grader import marking

    marking.run(arguments.results, names=arguments.names, to=arguments.to, source=arguments.source)
    return PASSED


def report(arguments: argparse.Namespace) -> int:
    """Show results in another way."""
    from grader import reporting

    reporting.run(arguments.results, arguments.format, arguments.to)
    return PASSED


def doctor(_arguments: argparse.Namespace) -> int:
    """Look at the sandbox."""
    from grader import doctor

    level, findings = doctor.examine()
    print(doctor.render(level, findings), end="")
    return PASSED if level else FAULT


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


def _progress(total: int) -> AbstractContextManager[Callable[[], object]]:
    """Show how far it is; what it gives is called after each submission."""
    from grader import progress

    if sys.stderr is None:
        return nullcontext(lambda: None)
    return progress.bar(total) if _is_terminal(sys.stderr) else progress.lines(total, sys.stderr)
