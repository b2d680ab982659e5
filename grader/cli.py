"""The command line: a thin shell over the engine and the reports.

Exit status: 0 everything passed, 1 graded and something lost points, 2 the call or the spec is wrong, 3 the grader or
its machine is at fault. What is expected to go wrong prints one clear line, or one for each mistake of a spec; what is
not shows its traceback. The engine is imported only by the commands that grade, so that `--help` answers at once.
"""

import argparse
import codecs
import os
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from grader import __version__, commands
from grader.errors import GraderError

INTERRUPTED = 130
FORMATS = ("html", "csv", "canvas", "moodle", "nbgrader", "junit", "gradescope", "github", "json")
PLATFORMS = ("gradescope",)
SANDBOXES = ("root", "user", "container", "process")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    _open_what_is_closed()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: with all that was started
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="plain")
    warnings.simplefilter("ignore", SyntaxWarning)  # of students' code, where answers in it are read
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
        return commands.FAULT
    except OSError as error:  # a full disk, say: what this program reads is met with errors of its own
        print(f"grader: {error}", file=sys.stderr)
        return commands.FAULT
    except Exception:  # noqa: BLE001  the funnel: a fault of ours must not look like a student's (Python exits with 1)
        traceback.print_exc()
        return commands.FAULT


_PLAIN = {"✓": "+", "✗": "x", "…": "..."}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for a character that a screen or a pipe has not, as on Windows for check marks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    char = error.object[error.start]
    return _PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode(), error.start + 1


codecs.register_error("plain", _plain)


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


class _Parser(argparse.ArgumentParser):
    """Takes no option that is cut short: what is mistyped is told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="grader", description="Grades numerical course assignments.")
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    adding = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    _add_grade(adding.add_parser("grade", help="grade a class: all cases, in the sandbox"))

    check = adding.add_parser("check", help="check your own work against the public cases")
    check.add_argument("files", metavar="FILE", nargs="*", type=Path, help="by default the assignment's file, here")
    check.add_argument("--assignment", metavar="DIR", help="by default the current folder, or one above it")
    check.add_argument("--watch", action="store_true", help="check again whenever you save")
    check.set_defaults(command=commands.check)

    validate = adding.add_parser("validate", help="see that assignments tell right from wrong")
    validate.add_argument("assignments", metavar="ASSIGNMENT", nargs="+", help="a folder, or a name under assignments/")
    validate.add_argument("--jsonl", metavar="FILE", help="write one JSON result a line (- is standard output)")
    validate.add_argument("--jobs", metavar="N", type=_count, default=_cores(), help="how many at once")
    validate.set_defaults(command=commands.validate)

    release = adding.add_parser("release", help="write what students get: handout, starter, data, public cases")
    release.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    release.add_argument("--to", metavar="DIR", type=Path, required=True, help="a folder, or the name of a .zip file")
    release.set_defaults(command=commands.release)

    package = adding.add_parser("package", help="write an autograder for a platform, with all that it takes")
    package.add_argument("platform", metavar="PLATFORM", choices=PLATFORMS, help=", ".join(PLATFORMS))
    package.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    package.add_argument("--to", metavar="ZIP", type=Path, required=True, help="the file to upload, as autograder.zip")
    package.set_defaults(command=commands.package)

    mark = adding.add_parser("mark", help="mark by hand what is pending")
    mark.add_argument("results", metavar="RESULTS", type=Path, help="a file of --jsonl, or a folder of --out")
    mark.add_argument("--names", action="store_true", help="show whose answer it is")
    mark.add_argument("--to", metavar="CSV", type=Path, help="write a table to fill in")
    mark.add_argument("--from", dest="source", metavar="CSV", type=Path, help="read the filled table back")
    mark.set_defaults(command=commands.mark)

    report = adding.add_parser("report", help="show results in another way")
    report.add_argument("results", metavar="RESULTS", type=Path, help="a file of --jsonl, or a folder of --out")
    report.add_argument("--format", required=True, choices=FORMATS, help=", ".join(FORMATS), metavar="FORMAT")
    report.add_argument("--to", metavar="PATH", type=Path, help="a file, or a folder for html and gradescope")
    report.set_defaults(command=commands.report)

    handout = adding.add_parser("handout", help="print an assignment's questions for its handout, and an empty sheet")
    handout.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    handout.set_defaults(command=commands.handout)

    doctor = adding.add_parser("doctor", help="try to break out of the sandbox, layer by layer")
    doctor.set_defaults(command=commands.doctor)
    return parser


def _add_grade(grade: argparse.ArgumentParser) -> None:
    grade.add_argument("assignment", metavar="ASSIGNMENT", help="its folder, or its name under assignments/")
    paths = "a file, a student's folder, a class's, or a download of one (.zip)"
    grade.add_argument("paths", metavar="PATH", nargs="+", type=Path, help=paths)
    grade.add_argument("--out", metavar="DIR", type=Path, help="keep results, gradebook and pages in a folder")
    grade.add_argument("--jsonl", metavar="FILE", help="write one JSON result a line (- is standard output)")
    grade.add_argument("--roster", metavar="CSV", type=Path, help="the class's list: id, name, email")
    grade.add_argument("--fresh", action="store_true", help="grade anew what --out has already")
    grade.add_argument("--jobs", metavar="N", type=_count, default=_cores(), help="how many at once")
    grade.add_argument(
        "--executor",
        metavar="WHERE",
        type=_executor,
        help="local (the default), or dask://HOST:PORT, the scheduler of a cluster",
    )
    grade.add_argument(
        "--sandbox",
        metavar="LEVEL",
        choices=SANDBOXES,
        help="the weakest that will do: container (the default), user or root; or process, for none",
    )
    grade.set_defaults(command=commands.grade)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _executor(text: str) -> str | None:
    if text == "local":
        return None
    if not re.fullmatch(r"dask://[^/\s]+:\d+", text):
        raise argparse.ArgumentTypeError(f"must be local or dask://HOST:PORT, not {text!r}")
    return text.removeprefix("dask://")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)
