"""The parts of one submission: its functions, its notebook as a whole, and its answers.

    submission ─► pages ─┬─► run (a child of the fork server) ─► functions ─► items
                         ├─► executor (a real kernel, where the spec asks for it) ─► an item, the executed copy
                         └─► answers, from a sheet or from the notebook's cells ─► items

Answers in a sheet are read and judged here, and nothing of them is run. Those in a notebook may be the values of its
variables, for which the child that has loaded it is asked.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from grader import messages, model, notebook
from grader.answers import judge
from grader.answers.sheet import SUFFIXES, Sheet
from grader.answers.sheet import parse as read_sheet
from grader.answers.verdict import UnreadableAnswer, sentence
from grader.execution import Executed, Executor
from grader.function import Trial
from grader.handin import Execute
from grader.judged import STATUS
from grader.model import CaseResult, ItemResult, Limits, Outcome, Unreadable
from grader.notebook import Notebook, UnreadableNotebook
from grader.pages import Answers, Pages, opened
from grader.prepare import Plan
from grader.run import Run
from grader.sandbox.client import Output
from grader.servers import Server
from grader.spec import EXECUTION, Spec
from grader.submission import Handed, Submission
from grader.variants import Variants

MOST_NOTES = 5
"""How many cells that failed are told of."""


@dataclass(slots=True)
class Place:
    """Where a submission is run: a server for its functions, an executor for its notebook; None for what it has not."""

    server: Server | None
    executor: Executor | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What of the course's lies beside a notebook that is executed."""
    closed: bool = False
    """Whether what runs here was ended from another thread, which fails in one way or another then."""

    def close(self) -> None:
        """End what is running here."""
        self.closed = True
        for one in (self.server, self.executor):
            if one:
                one.close()


@dataclass(frozen=True, slots=True)
class Graded:
    """What came of a submission, or what went wrong here."""

    items: tuple[ItemResult, ...] = ()
    notes: tuple[str, ...] = ()
    executed: bytes = b""
    fault: Exception | None = None


def grade_parts(variants: Variants, place: Place, submission: Submission, output: Output) -> Graded:
    """Grade all parts of a submission."""
    plan, pages = variants.plan, opened(submission.code)
    wanted = plan.assignment.spec
    in_cells = pages.book if wanted.questions and not wanted.submission.sheet else None
    answers = Answers(wanted.questions, wanted.submission, in_cells) if in_cells else None
    values: dict[str, Outcome] = {}
    functions: tuple[ItemResult, ...] = ()
    notes: tuple[str, ...] = ()
    computed = answers.computed if answers else {}
    if place.server and (plan.calls or computed):
        with contextlib.closing(Run(plan, place.server, pages.code, output)) as run:
            run.start()
            values = run.values(computed)
            functions = _functions(variants, run)
            notes = tuple(_notes(run, functions))
    executed = _executed(place, pages, output)
    items = (*functions, *([_execution(executed, wanted)] if executed else []))
    copy = executed.notebook if executed else b""
    if answers:
        judged = judge.judge_sheet(asks(plan), answers.sheet(values, _copy(copy)))
    else:
        judged = _questions(plan, submission.sheet if wanted.submission.sheet else pages.code)
    return Graded((*items, *judged), notes, copy)


def _functions(variants: Variants, run: Run) -> tuple[ItemResult, ...]:
    graded: dict[str, ItemResult] = {}
    for name in variants.plan.calls:
        graded[name] = Trial(run, variants, name, graded).item()
    return tuple(graded.values())


def _notes(run: Run, functions: Sequence[ItemResult]) -> list[str]:
    """Return what went wrong in the cells of a notebook, without what only follows from it."""
    missed = any("NameError" in case.message for item in functions for case in item.cases)
    problems = dict(_first(run, files_are_missed=missed))
    told = [messages.of_cell(cell, outcome, run.limits) for cell, outcome in [*problems.items()][:MOST_NOTES]]
    more = len(problems) - len(told)
    rest = ["What is defined before and after is graded."] if told and run.unloadable is None else []
    return told + ([f"{more} more cells failed."] if more > 0 else []) + rest


def _first(run: Run, *, files_are_missed: bool) -> Iterator[tuple[str, Outcome]]:
    """Yield the problems of cells, but those for want of a name that stands in an earlier cell with a problem.

    That there are no files is none unless a function misses what a cell was to load: there is nothing to mend.
    """
    failed = set[str]()
    for cell in run.submission.cells:
        match run.problems.get(cell.name):
            case None:
                continue
            case model.Raised("NameError", message) if not failed.isdisjoint(re.findall(r"'(\w+)'", message)):
                pass
            case model.Raised("FileNotFoundError") if not files_are_missed:
                pass
            case problem:
                yield cell.name, problem
        failed.update(re.findall(r"\w+", cell.source.decode()))


def _executed(place: Place, pages: Pages, output: Output) -> Executed | None:
    """Execute the notebook, if there is one and the spec asks for that."""
    if place.executor is None:
        return None
    if pages.book is None:
        why = pages.code.problem or f"{pages.code.main} is no notebook"
        return Executed(Unreadable(why, pages.code.absent), b"", (), 0.0)
    if not pages.code.cells:
        return Executed(Unreadable(f"{pages.code.main} has no code", absent=True), b"", (), 0.0)
    files = {**place.files, **pages.code.files}
    executed = place.executor.execute(notebook.plain(pages.book), files, output)
    if isinstance(executed.outcome, model.Returned) and len(executed.cells) != len(pages.code.cells):
        return replace(executed, outcome=model.BadValue("not all of its cells were run"))
    return executed


def _execution(executed: Executed, spec: Spec) -> ItemResult:
    """Return how the execution of the whole notebook went."""
    execute = spec.execute or Execute()
    told = [
        (cell.problem, messages.of_cell(f"cell [{cell.number}]", cell.problem, _within(spec, execute.cell_seconds)))
        for cell in executed.cells
        if cell.problem
    ]
    failed: list[tuple[Outcome, str]] = [*told]
    if not isinstance(executed.outcome, model.Returned):
        text = messages.of_cell("the notebook", executed.outcome, _within(spec, execute.seconds))
        failed.append((executed.outcome, text[:1].upper() + text[1:]))
    status = STATUS[type(failed[-1][0])] if failed else "passed"
    if isinstance(executed.outcome, Unreadable) and executed.outcome.absent:
        status = "missing"
    points = execute.points
    case = CaseResult(
        name="from the first cell to the last",
        status=status,
        visibility="public",
        score=points if status == "passed" else 0.0,
        max_score=points,
        seconds=executed.seconds,
        message=" ".join(text for _, text in [*failed[:MOST_NOTES], *failed[MOST_NOTES:][-1:]]),
    )
    return ItemResult(EXECUTION, "notebook", status, case.score, points, (case,))


def _within(spec: Spec, seconds: float) -> Limits:
    return spec.limits.model_copy(update={"seconds": seconds, "cpu_seconds": None})


def _copy(data: bytes) -> Notebook | None:
    """Return the executed copy; one that a student's process made unreadable is none."""
    try:
        return notebook.read("", data) if data else None
    except UnreadableNotebook:
        return None


def asks(plan: Plan) -> list[judge.Asked]:
    """Return the questions, with what decides about them now."""
    spec, now = plan.assignment.spec, datetime.now(UTC)
    return [
        judge.Asked(
            name,
            question,
            seed=f"{spec.name}/{name}",
            is_due=spec.due is not None and now >= spec.due,
            told=question.visibility == "public" or not plan.public_only,
        )
        for name, question in spec.questions.items()
    ]


def _questions(plan: Plan, handed: Handed) -> tuple[ItemResult, ...]:
    """Judge the answers in a sheet. They are data, and nothing of them is run."""
    asked = asks(plan)
    if handed.problem is not None:
        why = messages.of_outcome(handed.main, Unreadable(handed.problem), plan.assignment.spec.limits)
        return tuple(judge.failed(ask, "missing" if handed.absent else "error", why) for ask in asked)
    if not handed.main.endswith(SUFFIXES):  # code alone, as the reference is: it answers nothing
        return judge.judge_sheet(asked, Sheet())
    try:
        sheet = read_sheet(handed.main, handed.files[handed.main]) if asked else Sheet()
    except UnreadableAnswer as error:
        return tuple(judge.failed(ask, "error", sentence(str(error))) for ask in asked)
    return judge.judge_sheet(asked, sheet)
