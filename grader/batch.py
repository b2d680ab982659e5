"""A whole class: each submission is read, graded unless that was done before, and kept at once.

    entries ─► read ─► known? ─► places ─► store        in threads, as many as there are places; kept as they finish,
                                             │          those of a student together, as they were handed in
                                             └─► told   in the order of the entries, when all of a student's are kept

What is kept outlives this process, so whatever ends it, the next run goes on from there. Who interrupts it is told of
all that is kept.
"""

import signal
import time
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from grader import __version__, cache, engine, pages
from grader.assignment import Assignment
from grader.book import Book
from grader.engine import Places
from grader.errors import FaultError
from grader.intake import Entry
from grader.model import Result, Sandbox
from grader.spec import Spec
from grader.store import UNREAD, Arrival
from grader.submission import Handed, Submission

LONGEST_SOURCE = 200_000
"""How much is kept of a file for reports, in bytes."""
_INTERRUPTIONS: Sequence[int] = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an entry: a result, or None where that of an earlier run still holds."""

    entry: Entry
    sha256: str
    result: Result | None
    sources: Mapping[str, str]


def key_of(assignment: Assignment, sandbox: Sandbox | None) -> str:
    """Return the hash of all, besides the submission, that a result comes from."""
    spec = assignment.spec
    is_due = spec.due is not None and datetime.now(UTC) >= spec.due  # then explanations are told
    seen = f"{__version__} {cache.key(assignment)} {is_due} {sandbox == 'process'}"
    return sha256(seen.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """What a class is graded with."""

    spec: Spec
    book: Book
    places: Places
    key: str
    fresh: bool
    """Whether everything is graded, known or not."""

    def grade(self, entries: Sequence[Entry], kept: Callable[[Done], object], told: Callable[[str], object]) -> None:
        """Grade a class: `kept` is called after each entry, `told` with each student once all of theirs is kept.

        Students are told in order; where it is interrupted, those that are kept follow though others are missing.

        Raises:
            SpecError: the assignment is wrong, which showed only now; what was kept stays.
            FaultError: there is no place any more where something could be graded.
            KeyboardInterrupt: it was interrupted; what was kept is told.
        """
        known = frozenset[tuple[str, str]]() if self.fresh else self.book.store.done(self.key)
        left = Counter(entry.id for entry in entries)
        following, finished = deque(left), defaultdict[str, dict[int, Done]](dict)
        try:
            for place, done in engine.finished(lambda entry: self._one(entry, known), entries, self.places):
                student = done.entry.id
                finished[student][place] = done
                with _undivided():
                    if len(finished[student]) == left[student]:
                        for _, one in sorted(finished.pop(student).items()):
                            self._keep(one)
                            kept(one)
                        del left[student]
                    while following and following[0] not in left:
                        told(following.popleft())
        except KeyboardInterrupt:
            for student in following:
                if student not in left:
                    told(student)
            raise

    def _one(self, entry: Entry, known: Container[tuple[str, str]]) -> Done:
        began = time.monotonic()
        try:
            submission = entry.read()
        except Exception as error:  # noqa: BLE001  it must not cost the other submissions theirs
            return Done(entry, UNREAD, _fault(entry.id, self.spec, error, time.monotonic() - began), {})
        identity = submission.sha256
        if (entry.id, identity) in known:
            return Done(entry, identity, None, {})
        return Done(entry, identity, self.places.grade(submission), _sources(submission))

    def _keep(self, done: Done) -> None:
        arrival = Arrival(done.entry.handed_in, done.entry.late)
        if done.result is None:
            self.book.store.seen(done.entry.id, done.sha256, arrival)
        else:
            self.book.store.add(done.result, self.key, arrival, done.sources)


@contextmanager
def _undivided() -> Iterator[None]:
    """Put off an interruption until this is done, but no second one. It is for the main thread, as signals are."""
    came = list[int]()

    def put_off(number: int, _frame: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before = {number: signal.signal(number, put_off) for number in _INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def _fault(student: str, spec: Spec, error: Exception, seconds: float) -> Result:
    """Return the result of what could not be read, such that it is read again next time."""
    questions = sum(question.points for question in spec.questions.values())
    worth = sum(function.points for function in spec.functions.values()) + questions
    return Result(
        assignment=spec.name,
        id=student,
        files=(),
        sha256=UNREAD,
        items=(),
        max_score=worth + (spec.execute.points if spec.execute else 0.0),
        stdout="",
        sandbox=(),
        seconds=seconds,
        fault=_in_words(error),
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, FaultError):
        return str(error)
    if not isinstance(error, OSError):
        traceback.print_exception(error)
    return f"what was handed in cannot be read here: {getattr(error, 'strerror', None) or type(error).__name__}"


def _sources(submission: Submission) -> dict[str, str]:
    """Return the code that was handed in, by the names that tracebacks have: of a notebook its cells."""
    code: Handed = pages.opened(submission.code).code
    cells = {cell.name: cell.source for cell in code.cells}
    texts = {**cells, **{name: data for name, data in code.files.items() if name.endswith(".py")}}
    return {name: text[:LONGEST_SOURCE].decode("utf-8", "replace") for name, text in texts.items()}
