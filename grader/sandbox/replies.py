"""What a worker's reply says, as an outcome. A reply is a stranger's: what has not the form of one is a bad value."""

import signal
from typing import Any, NamedTuple

from grader import model

TEXT, LINE, FRAMES = 2000, 200, 50
"""How much is kept of a text that a worker sent, of a line of code, and how many names or stack frames, at most."""
CLOSED, FULL = 71, 72
"""With what a child ends whose connection was closed under it, or whose memory was filled (as in `zygote`)."""
SIGKILL, SIGSYS = 9, 31
"""Numbers that not every system has names for."""


class Question(NamedTuple):
    """What a call asks while it runs: what a function returns for these arguments."""

    function: str
    args: list[Any]
    kwargs: dict[str, Any]


def how(code: int) -> str:
    """Return in words how a process ended."""
    if code in {CLOSED, -SIGKILL}:
        return "it closed its connection"
    if code >= 0:
        return f"it ended the process itself, with exit status {code}"
    names = {int(number): number.name for number in signal.Signals}
    return f"signal {names.get(-code, -code)}"


def outcome(reply: Any) -> model.Outcome | None:
    """Return what a reply says, if it is one; None stands for a load that went well."""
    match reply:
        case {"loaded": True}:
            return None
        case {"returned": value, **rest}:
            after = rest.get("after")
            return model.Returned(value, tuple(after) if isinstance(after, list) else None)
        case {"raised": {"type": str(kind), "message": str(message), "frames": list(frames), "refused": bool(refused)}}:
            return _raised(
                kind[:TEXT], message[:TEXT], tuple(filter(None, map(_frame, frames[-FRAMES:]))), refused=refused
            )
        case {"missing": list(names)}:
            return model.Missing(tuple(name[:TEXT] for name in names[:FRAMES] if isinstance(name, str)))
        case {"signature": str(signature)}:
            return model.WrongSignature(signature[:TEXT])
        case {"too_large": str(reason)}:
            return model.TooLarge(reason[:TEXT])
        case {"unreadable": str(reason)}:
            return model.BadValue(reason[:TEXT])
    return model.BadValue("its process sent an answer that is not one")


def question(reply: Any) -> Question | None:
    """Return what a reply asks, where it is no answer yet."""
    match reply:
        case {"asks": {"function": str(function), "args": list(args), "kwargs": dict(kwargs)}}:
            return Question(function[:TEXT], args, {str(name)[:TEXT]: value for name, value in kwargs.items()})
    return None


def _raised(kind: str, message: str, frames: tuple[model.Frame, ...], *, refused: bool) -> model.Outcome:
    if kind == "MemoryError":
        return model.OutOfMemory()
    if refused:
        return model.Blocked(f"{kind}: {message}" if message else kind, frames)
    return model.Raised(kind, message, frames)


def _frame(frame: Any) -> model.Frame | None:
    match frame:
        case [str(file), int(line), str(function), str(text)]:
            return model.Frame(file[:TEXT], line, function[:TEXT], text[:LINE])
    return None
