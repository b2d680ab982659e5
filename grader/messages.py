"""Every outcome in words: what, where, how much and what next. The same words go to the terminal and into the JSON.

Of a hidden case neither inputs nor wanted values are shown, nor what the student's function made of them.
"""

from collections.abc import Sequence
from typing import Any

from grader import model
from grader.model import Comparison, Differs, Limits, Outcome, Problem, Unequal, WrongParts, WrongShape, WrongType

UNTOLD = "It can be read; whether it is right is told when it is graded."
"""What is said of a hidden answer before it is handed in."""
FREE = "This costs no points."
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


def of_case(function: str, comparison: Comparison, *, shown: bool) -> str:
    """Return what there is to say of a value that came: what is wrong with it, then what is odd about it."""
    problems = [of_problem(function, problem, shown=shown) for problem in comparison.problems]
    free = "That alone costs no points." if problems else FREE
    remarks = [of_problem(function, remark, shown=shown) for remark in comparison.remarks]
    return " ".join([*problems, *remarks, *([free] if remarks else [])])


def of_outcome(  # noqa: C901  one template an outcome
    function: str, outcome: Outcome, limits: Limits, arguments: Sequence[str] = (), *, shown: bool = True
) -> str:
    """Return what a call did that did not return a value.

    `arguments` are the names of what it was called with. An exception's text may hold values of a hidden case.
    """
    name = f"`{function}`"
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


def of_loading(main: str, outcome: Outcome, limits: Limits) -> str:
    """Return why a submission does not load."""
    match outcome:
        case model.Raised("SyntaxError" | "IndentationError" | "TabError" as kind, message, frames):
            return f"{main} is not valid Python: {message}{_where(frames)} ({kind})."
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


def of_problem(function: str, problem: Problem, *, shown: bool) -> str:
    """Return what is wrong with a value; what was wanted and what came only where the student may see them."""
    path = f"`{problem.path}`" if problem.path else f"What `{function}` returns"
    match problem:
        case Differs():
            return _differs(path, problem, shown=shown)
        case WrongShape(_, got, want):
            return f"{path}: got shape {got}, want {want}{_shape_hint(got, want)}"
        case WrongType(_, got, want):
            return f"{path}: got {got}, want {want}."
        case WrongParts("", got, want):
            return f"`{function}` returns {len(got)} values ({', '.join(got)}), want {len(want)} ({', '.join(want)})."
        case WrongParts(_, got, want):
            return f"{path} has the parts {', '.join(got)}, want {', '.join(want)}."
        case Unequal(_, got, want):
            return f"{path}: got {_shown(got)}, want {_shown(want)}." if shown else f"{path} is not what is wanted."


def _shape_hint(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    if len(got) > 1 and got == want[::-1]:
        return ": transposed?"
    if len(got) != len(want) and [n for n in got if n != 1] == [n for n in want if n != 1]:
        return ": a dimension too many." if len(got) > len(want) else ": a dimension too few."
    return "."


def _differs(path: str, differs: Differs, *, shown: bool) -> str:
    worst = differs.worst[0]
    place = f" at {list(worst.index)}" if worst.index else ""
    if differs.size == 1:
        text = f"{path} differs{place}"
    else:
        text = f"{path}: {differs.count} of {differs.size} entries differ, worst{place}"
    if shown:
        text += f": got {number(worst.got)}, want {number(worst.want)} (allowed ±{worst.allowed:.1g})"
    if differs.not_finite:
        text += f". {differs.not_finite} of them {'is' if differs.not_finite == 1 else 'are'} NaN or infinite"
    return text + "."


def number(value: Any) -> str:
    """Return a number short enough to read and long enough to tell from its neighbours."""
    return f"{value:.10g}" if isinstance(value, int | float | complex) and not isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
