"""The command line: a thin shell over the engine and the reports.

Exit status: 0 everything passed, 1 graded and something lost points, 2 the call or the spec is wrong, 3 the grader or
its machine is at fault. What is expected to go wrong prints one clear line, or one for each mistake of a spec; what is
not shows its traceback. The engine is imported only by the commands that grade, so that `--help` answers at once.
"""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from grader import __version__
from grader.errors import GraderError, UsageError
from grader.sandbox.launch import Zygote

if TYPE_CHECKING:
    from grader.model import Result
    from grader.spec import Spec

PASSED, LOST, FAULT, INTERRUPTED = 0, 1, 3, 130
SANDBOXES = ("root", "user", "container", "process")
PART = ".part"
"""How a file of results ends its name until it is whole."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    _open_what_is_closed()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with all that was started
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a check mark, on a terminal that has none
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt as interrupt:
        print(f"grader: interrupted {interrupt}".rstrip(), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone: flush to nowhere
        return FAULT
    except OSError as error:  # a full disk, say: what this program reads is met with errors of its own
        print(f"grader: {error}", file=sys.stderr)
        return FAULT
    except Exception:  # noqa: BLE001  the funnel: a fault of ours must not look like a student's (Python exits with 1)
        traceback.print_exc()
        return FAULT


def _open_what_is_closed() -> None:
    """Keep the numbers of standard streams that are closed from being given to something else."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # it takes the lowest number that is free
            os.set_inheritable(opened, True)  # noqa: FBT003


def _run(arguments: argparse.Namespace) -> int:
    status = int(arguments.command(arguments))
    if sys.stdout is not None:
        sys.stdout.flush()  # here, where a full disk can still be told
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Grades numerical course assignments.")
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    grade = commands.add_parser("grade", help="grade a class: all cases, in the sandbox")
    grade.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    grade.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a file, a student's folder, or a class's")
    grade.add_argument("--jsonl", metavar="FILE", help="write one JSON result a line (- is standard output)")
    grade.add_argument("--jobs", metavar="N", type=_count, default=_cores(), help="how many at once")
    grade.add_argument(
        "--sandbox",
        metavar="LEVEL",
        choices=SANDBOXES,
        help="the weakest that will do: container (the default), user or root; or process, for none",
    )
    grade.set_defaults(command=_grade)

    check = commands.add_parser("check", help="check your own work against the public cases")
    check.add_argument("files", metavar="FILE", nargs="*", type=Path, help="by default the assignment's file, here")
    check.add_argument("--assignment", metavar="DIR", help="by default the current folder, or the one above")
    check.set_defaults(command=_check)

    validate = commands.add_parser("validate", help="see that assignments tell right from wrong")
    validate.add_argument("assignments", metavar="ASSIGNMENT", nargs="+", help="a folder, or a name under assignments/")
    validate.add_argument("--jsonl", metavar="FILE", help="write one JSON result a line (- is standard output)")
    validate.add_argument("--jobs", metavar="N", type=_count, default=_cores(), help="how many at once")
    validate.set_defaults(command=_validate)

    handout = commands.add_parser("handout", help="print an assignment's questions for its handout, and an empty sheet")
    handout.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    handout.set_defaults(command=_handout)

    doctor = commands.add_parser("doctor", help="try to break out of the sandbox, layer by layer")
    doctor.set_defaults(command=_doctor)
    return parser


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def _grade(arguments: argparse.Namespace) -> int:
    with ExitStack() as stack:
        zygotes = _zygotes(stack, 0 if arguments.sandbox == "process" else 1)
        from grader import assignment, engine, servers, submission  # while it starts
        from grader.report import json

        loaded = assignment.load(assignment.find(arguments.assignment))
        submissions = submission.collect(arguments.paths, loaded.spec.submission)
        jobs = min(arguments.jobs, len(submissions))
        zygotes += _zygotes(stack, jobs - 1 if zygotes and loaded.spec.functions else 0)
        opened = stack.enter_context(servers.for_a_class(loaded.spec, zygotes, arguments.sandbox, jobs))
        lines = stack.enter_context(_writing(arguments.jsonl))
        advance = stack.enter_context(_progress(len(submissions)))
        results: list[Result] = []
        try:
            for result in engine.grade(loaded, submissions, opened):
                results.append(result)
                if lines is not None:
                    print(json.render(result), file=lines, flush=True)
                advance()
        except KeyboardInterrupt:
            _show(results, loaded.spec, arguments.jsonl)
            kept = "" if arguments.jsonl in {None, "-"} else f"; their results are in {arguments.jsonl}{PART}"
            raise KeyboardInterrupt(f"after {len(results)} of {len(submissions)} submissions{kept}") from None
    _show(results, loaded.spec, arguments.jsonl)
    return _status(results)


def _show(results: Sequence["Result"], spec: "Spec", jsonl: str | None) -> None:
    """Print the table where the JSON does not go."""
    from grader.report import terminal

    out = sys.stderr if jsonl == "-" else sys.stdout
    if results:
        print(terminal.render(results, _title(spec), **_looks(out)), end="", file=out)


def _check(arguments: argparse.Namespace) -> int:
    with ExitStack() as stack:
        zygotes = _zygotes(stack, 1)
        from grader import assignment, engine, servers, submission  # while it starts
        from grader.report import terminal

        loaded = assignment.load(assignment.find(arguments.assignment) if arguments.assignment else assignment.here())
        wanted = loaded.spec.submission
        submissions = submission.collect(arguments.files or [submission.here(wanted)], wanted)
        opened = stack.enter_context(servers.for_a_check(loaded.spec, zygotes))
        results = list(engine.grade(loaded, submissions, opened, public_only=True))
    title = f"{_title(loaded.spec)} (public cases; there may be others when you hand in)"
    for result in results:
        print(terminal.render([result], title, **_looks(sys.stdout)), end="")
    return _status(results)


def _validate(arguments: argparse.Namespace) -> int:
    from grader import assignment, servers
    from grader.report import validation
    from grader.validate import Validator

    loaded = [assignment.load(assignment.find(name)) for name in arguments.assignments]
    out = sys.stderr if arguments.jsonl == "-" else sys.stdout
    status = PASSED
    with ExitStack() as stack:
        lines = stack.enter_context(_writing(arguments.jsonl))
        for one in loaded:
            with ExitStack() as opening:
                zygotes = _zygotes(opening, arguments.jobs if one.spec.functions else 0)
                opened = opening.enter_context(servers.for_a_class(one.spec, zygotes, None, arguments.jobs))
                found = Validator(one, opened).validate()
            print(validation.table(found, **_looks(out)), file=out, flush=True)
            if lines is not None:
                print(validation.json(found), file=lines, flush=True)
            status = max(status, LOST if found.problems else PASSED)
    return status


def _handout(arguments: argparse.Namespace) -> int:
    from grader import assignment, handout

    spec = assignment.load(assignment.find(arguments.assignment)).spec
    if not spec.questions:
        raise UsageError(f"{spec.name} has no questions")
    print(handout.render(spec), end="")
    return PASSED


def _doctor(_arguments: argparse.Namespace) -> int:
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
    return {"color": "NO_COLOR" not in os.environ, "width": os.get_terminal_size(stream.fileno()).columns}


@contextmanager
def _writing(name: str | None) -> Iterator[TextIO | None]:
    """Open the file of results. It takes its name when all is written, so a failed run replaces no earlier one."""
    if name is None:
        yield None
    elif not name:
        raise UsageError("--jsonl needs the name of a file, or - for standard output")
    elif name == "-":
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
    else:
        path = Path(name)
        whole = path if path.exists() and not path.is_file() else path.with_name(path.name + PART)
        with _opened(whole, name) as file:
            yield file
        if whole != path:
            whole.replace(path)


def _opened(path: Path, name: str) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error


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
