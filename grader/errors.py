"""What the grader raises: a wrong call, a wrong spec, or a fault of its own. A student's mistake is never an exception.

GraderError
├── UsageError      the call is wrong                      exit status 2
├── SpecError       the assignment is wrong                exit status 2
└── FaultError      the grader or its machine is at fault  exit status 3
    ├── LevelError  no sandbox that is strong enough
    └── DiedError   the sandbox's fork server ended under a submission
"""


class GraderError(Exception):
    """An expected error: its text is shown as it is, without a traceback."""

    status = 2

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook prints in place of a traceback."""
        return [f"grader: {self}"]


class UsageError(GraderError):
    """The command was called with something that is not there or cannot be used."""


class SpecError(GraderError):
    """The assignment cannot be used; the text has a line for each thing that is wrong with it."""


class FaultError(GraderError):
    """The grader, the instructor's code or the machine is at fault; nobody loses points for it."""

    status = 3


class LevelError(FaultError):
    """The machine does not give a sandbox as strong as is demanded."""


class DiedError(FaultError):
    """The sandbox's fork server ended in the middle of a submission, for which it may not be to blame."""
