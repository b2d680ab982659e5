"""Checking again whenever the student saves.

    saved ──► graded ──► changes(before, after) ──► shown ──► saved ...

`watch` waits for files that matter, has them graded by whatever it is given, and hands each round to whatever shows
it. What has to be prepared is prepared before and stays as it is, servers with a process in reserve too, so that a
round takes no longer than the student's code does. `changes` is pure: two results in, what is different out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.answers.sheet import SUFFIXES
from grader.errors import UsageError
from grader.files import CODE, SKIPPED
from grader.model import CaseResult, ItemResult, Result

LOOKS_EVERY = 100
"""How long is waited for a file to be saved before an interrupt is looked for, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Change:
    """A function or question that does otherwise than before; `before` is None where it was not graded then."""

    before: ItemResult | None
    after: ItemResult

    @property
    def direction(self) -> int:
        """1 where it got better, -1 where it got worse, and 0 where it is only different."""
        if self.before is None:
            return 0
        was, now = _rank(self.before), _rank(self.after)
        return (now > was) - (now < was)


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of a submission since it was graded last."""

    before: Result
    after: Result
    items: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One time that all was graded; or a `problem` that kept it from being."""

    results: tuple[Result, ...] = ()
    changes: tuple[Changes, ...] | None = None
    """Since the last round; None in the first."""
    problem: str | None = None


def changes(before: Result, after: Result) -> Changes:
    """Return which functions and questions do otherwise than before."""
    were = {item.name: item for item in before.items}
    pairs = [Change(were.get(item.name), item) for item in after.items]
    return Changes(before, after, tuple(one for one in pairs if one.before is None or _differ(one.before, one.after)))


def counted(item: ItemResult) -> list[CaseResult]:
    """Return the cases of a function that earn its points."""
    return [case for case in item.cases if not case.remark]


def passed(item: ItemResult) -> int:
    """Return how many of them passed."""
    return sum(case.status == "passed" for case in counted(item))


def to_mend(item: ItemResult) -> CaseResult | None:
    """Return the first case that cost points."""
    return next((case for case in counted(item) if case.status not in {"passed", "pending"}), None)


def _differ(before: ItemResult, after: ItemResult) -> bool:
    return any(of(before) != of(after) for of in (_rank, lambda item: item.status, _message))


def _rank(item: ItemResult) -> tuple[bool, float, int]:
    """Return by what one state of a function is better than another."""
    return item.status in {"passed", "pending"}, item.score, passed(item)


def _message(item: ItemResult) -> str:
    case = to_mend(item)
    return case.message if case else ""


# --- files -----------------------------------------------------------------------------------------------------------


def folders(paths: Sequence[Path]) -> list[Path]:
    """Return the folders in which to wait for changes. An editor replaces files: one alone would be lost sight of."""
    return list(dict.fromkeys((path if path.is_dir() else path.parent).resolve() for path in paths))


def matters(path: Path, roots: Sequence[Path]) -> bool:
    """Tell whether a submission may be made of a file: not so an editor's copy, or what is in a virtual environment."""
    inside = [path.relative_to(root).parts for root in roots if path.is_relative_to(root)]
    return path.name.endswith((*CODE, *SUFFIXES)) and any(
        not any(part.startswith(".") or part in SKIPPED for part in parts) for parts in inside
    )


def watch(
    roots: Sequence[Path], grade: Callable[[], Sequence[Result]], show: Callable[[Round], object]
) -> tuple[Result, ...]:
    """Grade and show, again whenever a file that matters is saved; when interrupted, return the last results.

    A submission that cannot be found for a moment is told, and waited for.

    Raises:
        UsageError: there is none to begin with.
        KeyboardInterrupt: there are no results yet.
    """
    import watchfiles  # noqa: PLC0415  only where somebody watches

    last: tuple[Result, ...] | None = None
    waiting = watchfiles.watch(
        *roots,
        watch_filter=lambda _change, path: matters(Path(path), roots),
        rust_timeout=LOOKS_EVERY,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    try:
        for saved in waiting:  # the first time nothing need be saved: what is from now on is not missed
            if last is None or saved:
                one = _round(last, grade)
                last = one.results or last
                show(one)
    except KeyboardInterrupt:
        if last is None:
            raise
    return last or ()


def _round(last: tuple[Result, ...] | None, grade: Callable[[], Sequence[Result]]) -> Round:
    """Grade, and hold what came against the last results, if there are some."""
    try:
        results = tuple(grade())
    except UsageError as error:
        if last is None:
            raise
        return Round(problem=str(error))
    were = {result.id: result for result in last or ()}
    found = tuple(changes(were.get(result.id, result), result) for result in results)
    return Round(results, None if last is None else found)
