"""The records that everything speaks in: what a call did, what is wrong with it, and what that is worth."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from grader.content import Content, Drawing, Mark, RubricLine

Status = Literal["passed", "failed", "error", "timeout", "memory", "killed", "missing", "blocked", "pending"]
Kind = Literal["function", "number", "formula", "choice", "text", "plot", "notebook"]
Visibility = Literal["public", "hidden"]
Scoring = Literal["all_or_nothing", "proportional"]
Reveal = Literal["title", "diagnosis", "got", "all"]
"""What is told of a hidden case: that it failed; also what is wrong; also what came; also what was wanted."""
Level = Literal["container", "user", "root"]
"""How strong a sandbox is, from the weakest up: in a container that stands in for namespaces (it gives file system,
network and limits), as an ordinary user with namespaces, as root."""
LEVELS: tuple[Level, ...] = get_args(Level)
Sandbox = Literal[Level, "process"]
"""A level, or none of them."""

OUTPUT_MIB = 16
"""How much a submission may print, in one process, before that is ended."""


class Part(BaseModel):
    """A mapping of a spec: its keys are the fields, and no others; a text is not taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(Part):
    """What a submission may use."""

    seconds: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Wall time for all the cases of one function together, and for loading the submission."""
    cpu_seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    """CPU time for the same; where it is not given, wall time alone counts."""
    memory_mib: Annotated[int, Field(ge=16, le=2**20)] = 1024
    """Memory beyond what the fork server has, in MiB: physical where a control group counts it, else address space."""
    scratch_mib: Annotated[int, Field(ge=0, le=1024)] = 0
    """How large the working folder may become, in MiB; with 0 nothing can be written. It is held in memory."""


# --- what a call did -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a student's stack."""

    file: str
    line: int
    function: str
    text: str


@dataclass(frozen=True, slots=True)
class Returned:
    """It returned a value; `after` are the arguments as they were then, where that was asked for."""

    value: Any
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """It raised an exception, or the file does not compile."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedOut:
    """It was still running at the deadline, or never began because an earlier case had used up the time.

    `cpu`: what was over is its CPU time.
    """

    begun: bool = True
    cpu: bool = False


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """It asked for more memory than it may have."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """It printed more than `OUTPUT_MIB`."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The sandbox refused something that it tried, and it did not go on without."""

    what: str
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Killed:
    """Its process ended before it answered: `how` says by which signal or exit status."""

    how: str


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no function of that name; `defined` are the ones there are, `because` says why it may be missing."""

    defined: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True, slots=True)
class WrongSignature:
    """The function does not take the arguments of the assignment."""

    signature: str


@dataclass(frozen=True, slots=True)
class BadValue:
    """It answered with what is not a value that can be compared."""

    reason: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """What it returned is too large, or nested too deep, to be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The submission cannot be used as it was handed in, or (`absent`) was not handed in."""

    reason: str
    absent: bool = False


Outcome = (
    Returned | Raised | TimedOut | OutOfMemory | Flooded | Blocked | Killed
    | Missing | WrongSignature | BadValue | TooLarge | Unreadable
)  # fmt: skip


# --- results ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of what was handed in; `file` may be a notebook's cell, such as `cell [3]`."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a value that is wrong, as the student may see it; `want` is empty where that is not told."""

    where: str
    got: str
    want: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One call, judged. A case that is only a remark is worth nothing, whatever its status."""

    name: str
    status: Status
    visibility: Visibility
    score: float
    max_score: float
    seconds: float
    message: str
    remark: bool = False
    diagnosis: str | None = None
    """The id of the mistake that was recognised."""
    inputs: str = ""
    """What it was called with, of a public case that failed."""
    spot: Spot | None = None
    """The innermost line of the student's code in which it ended, where it raised."""
    rows: tuple[Row, ...] = ()
    """The entries that are furthest off."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many answers to a question were counted, and how many would be; None is any number."""

    used: int
    allowed: int | None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One function or question, judged."""

    name: str
    kind: Kind
    status: Status
    score: float
    max_score: float
    cases: tuple[CaseResult, ...]
    summary: str = ""
    """How a function did, in a sentence."""
    attempts: Attempts | None = None
    """Of a question."""
    explanation: str | None = None
    """Of a question, where it may be shown."""
    latex: str | None = None
    """A formula as it was understood."""
    prompt: str = ""
    """What was asked, where a person marks it, who sees also `content`, what was handed in."""
    content: Content | None = None
    rubric: tuple[RubricLine, ...] = ()
    mark: Mark | None = None
    """What a person gave; of a pending item, what was given for an earlier content."""
    drawings: tuple[Drawing, ...] = ()
    """What came beside what is right, to be drawn; of a public case."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One handing in of a student, of which one counts."""

    number: int
    """From 1, the earliest."""
    sha256: str
    score: float | None
    """Before what is taken off; None where a fault of ours kept it from being graded."""
    penalty: float = 0.0
    """What is taken off because it was late, in points."""
    handed_in: str = ""
    """When that was, in ISO 8601, or empty where it is not known."""
    days_late: int = 0
    """How many days after it was due it was handed in, a day that was begun as a whole one."""
    counts: bool = False
    """Whether it is the one that counts."""
    why: str = ""
    """Why it does not count or is worth less, or why an earlier one counts, in a few words."""


@dataclass(frozen=True, slots=True)
class Result:
    """One submission, judged; or, with a `fault` of ours, not judged."""

    assignment: str
    id: str
    files: tuple[str, ...]
    sha256: str
    items: tuple[ItemResult, ...]
    max_score: float
    stdout: str
    sandbox: tuple[str, ...]
    seconds: float
    fault: str | None = None
    notes: tuple[str, ...] = ()
    """What there is to say of the submission as a whole, such as which cells of a notebook failed."""
    executed: bytes = b""
    """The executed copy of a notebook; it is kept beside the results, and not among them."""
    attempts: tuple[Attempt, ...] = ()
    """All that this student handed in, of which this is the one that counts; empty where nothing is known of others."""
    penalty: float = 0.0
    """What is taken off the points because it was late."""

    @property
    def lost(self) -> bool:
        """Whether it lost points; neither what a person still has to mark nor what is worth none has lost any."""
        return bool(self.penalty) or any(
            item.status not in {"passed", "pending"} and item.max_score for item in self.items
        )

    @property
    def printed(self) -> str:
        """What it printed, for its student: nothing where hidden cases were run, whose arguments that may be."""
        functions = (item for item in self.items if item.kind == "function")
        return "" if any(case.visibility == "hidden" for item in functions for case in item.cases) else self.stdout

    @property
    def score(self) -> float | None:
        """The points, without what is taken off, or None where a fault of ours kept them from being counted."""
        return None if self.fault else max(sum(item.score for item in self.items) - self.penalty, 0.0)
