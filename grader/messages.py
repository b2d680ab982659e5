"""Every outcome in words: what, where, how much and what next. The same words go to the terminal and into the JSON.

How much is told of a hidden case is the instructor's to say (`reveal`): of itself neither inputs nor wanted values, nor
what the student's function made of them.
"""

from collections.abc import Sequence
from typing import Any, get_args

from grader import model
from grader.diagnose import Diagnosis
from grader.model import Limits, Outcome, Reveal
from grader.problems import Comparison, Differs, Problem, Unequal, WrongParts, WrongShape, WrongType
from grader.seen import Violation

UNTOLD = "It can be read; whether it is right is told when it is graded."
"""What is said of a hidden answer before it is handed in."""
FREE = "This costs no points."
UNTITLED = "This hidden case failed."
"""What is said of one of which nothing may be told but its title."""
LONGEST = 200
"""How much is shown of an exception's text, in characters."""

_EXCEPTIONS = {
    "NotImplementedError": "is not written yet: it raises NotImplementedError",
    "SystemExit": "calls exit(), which ends the program: return the value instead",
    "EOFError": "waits for input(), and nobody is there to answer: take the value as an argument instead",
    "BdbQuit": "stops at a debugger's breakpoint: remove breakpoint() or pdb.set_trace()",
    "KeyboardInterrupt": "raises KeyboardInterrupt",
}
"""What stands for these exceptions, whose own text says little."""

_LOADING = {
    "FileNotFoundError": "No files are there when it is graded: read data under `if __name__ == '__main__':`.",
    "EOFError": "Nobody answers input(): ask under `if __name__ == '__main__':`.",
    "ModuleNotFoundError": "There are the standard library, what the course gives, and the assignment's packages.",
    "SystemExit": "It calls exit() when it is imported: do so under `if __name__ == '__main__':`.",
    "BdbQuit": "A debugger's breakpoint is left in it: remove breakpoint() or pdb.set_trace().",
}
"""What to do where one of these keeps a file from loading."""


def shows(reveal: Reveal, what: Reveal) -> bool:
    """Tell whether at a level so much is told."""
    levels: Sequence[Reveal] = get_args(Reveal)
    return levels.index(reveal) >= levels.index(what)


def of_case(function: str, comparison: Comparison, *, reveal: Reveal) -> str:
    """Return what there is to say of a value that came: what is wrong with it, then what is odd about it."""
    if comparison.problems and reveal == "title":
        return UNTITLED
    problems = [of_problem(function, problem, reveal=reveal) for problem in comparison.problems]
    free = "That alone costs no points." if problems else FREE
    remarks = [of_problem(function, remark, reveal=reveal) for remark in comparison.remarks]
    return " ".join([*problems, *remarks, *([free] if remarks else [])])


def of_violation(violation: Violation, *, reveal: Reveal) -> str:
    """Return which property does not hold."""
    if reveal == "title":
        return UNTITLED
    values = f" {violation.values}" if violation.values and shows(reveal, "got") else ""
    return f"{violation.told}{values}"


def of_diagnosis(diagnosis: Diagnosis, details: str, *, reveal: Reveal) -> str:
    """Return which mistake was made, where to look, and after it the details."""
    if reveal == "title":
        return details
    return " ".join(filter(None, [diagnosis.what, diagnosis.look, details]))


def of_outcome(  # noqa: C901  one template an outcome
    function: str, outcome: Outcome, limits: Limits, arguments: Sequence[str] = (), *, reveal: Reveal = "all"
) -> str:
    """Return what a call did that did not return a value.

    `arguments` are the names of what it was called with. An exception's text may hold values of a hidden case.
    """
    name, shown = f"`{function}`", shows(reveal, "got")
    match outcome:
        case model.Raised(kind, message, frames):
            hint = f" {_alone(limits)}" if kind == "FileNotFoundError" else ""
            return f"{name} {_raised(kind, message if shown else '')}{_where(frames)}.{hint}"
        case model.Blocked(what, frames):
            text = f"{name} tried what the sandbox does not allow"
            return f"{text}: {_blocked(what, shown=shown)}{_where(frames)}. {_alone(limits)}"
        case model.TimedOut(begun=False):
            return f"Not run: earlier cases of {name} had used up its time."
        case model.TimedOut() | model.OutOfMemory() | model.Flooded():
            return f"{name} {_over(outcome, limits)}{_LOOPS.get(type(outcome), '.')}"
        case model.Killed(how):
            return f"The process ended while {name} ran: {how}."
        case model.Missing(_, because) if because:
            return f"There is no function {name}, for the cell that defines it fails: {because}"
        case model.Missing(defined):
            there = f" (there is {', '.join(defined[:8])})" if defined else ""
            return f"There is no function {name}{there}: define it under exactly this name."
        case model.WrongSignature(signature):
            return f"You define `{function}{signature}`; it is called as `{function}({', '.join(arguments)})`."
        case model.BadValue(reason):
            return f"What {name} returns cannot be compared: {reason}."
        case model.TooLarge(reason):
            return f"What {name} returns is too large to be compared: {reason}."
        case model.Unreadable(reason):
            return f"Nothing could be graded: {reason}."
        case model.Returned():
            return ""


_LOOPS = {model.TimedOut: ": does its loop end?", model.Flooded: ": does its loop end?"}


def _over(outcome: model.TimedOut | model.OutOfMemory | model.Flooded, limits: Limits) -> str:
    """Return which limit was exceeded."""
    match outcome:
        case model.TimedOut(cpu=True):
            return f"had used up its {limits.cpu_seconds or limits.seconds:g} s of CPU time"
        case model.TimedOut():
            return f"was still running when its {limits.seconds:g} s were over"
        case model.OutOfMemory():
            return f"needed more than the {limits.memory_mib} MiB of memory it may have"
        case model.Flooded():
            return f"was ended because it printed more than {model.OUTPUT_MIB} MiB"


def of_cell(cell: str, outcome: Outcome, limits: Limits) -> str:
    """Return what went wrong in a cell of a notebook."""
    match outcome:
        case model.Raised("SyntaxError" | "IndentationError" | "TabError"):
            text = of_loading(cell, outcome, limits)
        case model.Raised("FileNotFoundError", message, frames):
            text = f"{cell} raised FileNotFoundError{_colon(message)}{_where(frames)}. {_NO_FILES}"
        case model.BadValue(reason):
            text = f"{cell} did not run as it should: {reason}."
        case _:
            text = of_outcome(cell, outcome, limits).replace(f"`{cell}`", cell, 1)
    return text.replace(f"({cell}, line", "(line")


_CONFLICT = " That is a merge-conflict marker: resolve the conflict, and save again."
_NO_FILES = "No files are there but the data that you were given, under the same paths."


def of_loading(main: str, outcome: Outcome, limits: Limits) -> str:
    """Return why a submission does not load."""
    match outcome:
        case model.Raised("SyntaxError" | "IndentationError" | "TabError" as kind, message, frames):
            conflict = _CONFLICT if frames and frames[-1].text[:7] in {"<" * 7, "=" * 7, ">" * 7} else ""
            return f"{main} is not valid Python: {message}{_where(frames)} ({kind}).{conflict}"
        case model.Raised(kind, message, frames):
            text = f"{main} raises {kind} when it is imported{_colon(message)}{_where(frames)}."
            return f"{text} {_LOADING.get(kind, '')}".rstrip()
        case model.Blocked(what, frames):
            text = f"{main} tried, when it was imported, what the sandbox does not allow"
            return f"{text}: {_blocked(what, shown=True)}{_where(frames)}. {_alone(limits)}"
        case model.TimedOut():
            return (
                f"{main} {_over(outcome, limits)}: put what it does besides defining functions "
                "under `if __name__ == '__main__':`."
            )
        case model.OutOfMemory() | model.Flooded():
            return f"{main} {_over(outcome, limits)} when it was imported."
        case model.Killed(how):
            return f"The process ended while {main} was imported: {how}."
    return of_outcome(main, outcome, limits)


def _raised(kind: str, message: str) -> str:
    return _EXCEPTIONS.get(kind) or f"raised {kind}{_colon(message)}"


def _blocked(what: str, *, shown: bool) -> str:
    return _cut(what if shown else what.partition(":")[0])


def _alone(limits: Limits) -> str:
    files = f"a folder of {limits.scratch_mib} MiB, and no" if limits.scratch_mib else "no files,"
    return f"It has {files} network, threads or other processes. All that it needs are its arguments."


def _colon(message: str) -> str:
    return f": {_cut(message)}" if message else ""


def _cut(text: str) -> str:
    """Return a text on one line, and not too long."""
    line = " ".join(text.split())
    return (line[: LONGEST - 2] + " …") if len(line) > LONGEST else line.rstrip(".")


def _where(frames: Sequence[model.Frame]) -> str:
    if not frames:
        return ""
    last = frames[-1]
    text = f": `{last.text}`" if last.text else ""
    return f" ({last.file}, line {last.line}{text})"


# --- what is wrong with a value --------------------------------------------------------------------------------------


def of_problem(function: str, problem: Problem, *, reveal: Reveal) -> str:
    """Return what is wrong with a value; what was wanted and what came only where the student may see them."""
    path = f"`{problem.path}`" if problem.path else f"What `{function}` returns"
    match problem:
        case Differs():
            return _differs(path, problem, reveal=reveal)
        case WrongShape(_, got, want):
            return f"{path}: got shape {got}, want {want}{_shape_hint(got, want)}"
        case WrongType(_, got, want):
            return f"{path}: got {got}, want {want}."
        case WrongParts("", got, want):
            return f"`{function}` returns {len(got)} values ({', '.join(got)}), want {len(want)} ({', '.join(want)})."
        case WrongParts(_, got, want):
            return f"{path} has the parts {', '.join(got)}, want {', '.join(want)}."
        case Unequal(_, got, want):
            figures = _figures(_shown(got), _shown(want), reveal)
            return f"{path}: {figures}." if figures else f"{path} is not what is wanted."


def _shape_hint(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    if len(got) > 1 and got == want[::-1]:
        return ": transposed?"
    if len(got) != len(want) and [n for n in got if n != 1] == [n for n in want if n != 1]:
        return ": a dimension too many." if len(got) > len(want) else ": a dimension too few."
    return "."


def _differs(path: str, differs: Differs, *, reveal: Reveal) -> str:
    worst = differs.worst[0]
    place = f" at {list(worst.index)}" if worst.index else ""
    if differs.size == 1:
        text = f"{path} differs{place}"
    else:
        text = f"{path}: {differs.count} of {differs.size} entries differ, worst{place}"
    figures = _figures(number(worst.got), number(worst.want), reveal)
    if figures:
        text += f": {figures}" + (f" (allowed ±{worst.allowed:.1g})" if reveal == "all" else "")
    if differs.not_finite:
        text += f". {differs.not_finite} of them {'is' if differs.not_finite == 1 else 'are'} NaN or infinite"
    return text + "."


def _figures(got: str, want: str, reveal: Reveal) -> str:
    """Return what came and what was wanted, as far as they may be shown."""
    return f"got {got}, want {want}" if reveal == "all" else f"got {got}" if reveal == "got" else ""


def number(value: Any) -> str:
    """Return a number short enough to read and long enough to tell from its neighbours."""
    return f"{value:.10g}" if isinstance(value, int | float | complex) and not isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
