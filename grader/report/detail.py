"""One submission on a terminal: every case that has something to say, all that was handed in, and the points."""

import math
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.messages import FREE, UNTOLD
from grader.model import Attempt, Attempts, CaseResult, ItemResult, Result
from grader.printable import many, plain

LONGEST_LINE = 200
"""How much of a line that a stranger wrote is shown, in characters."""
REPEATED = 60
"""How long a message about an answer may be, in characters, to be said again."""
PRINTED_LINES = 10
"""How much is shown of what a submission printed."""
MOST_ATTEMPTS = 10
"""How many of a student's last attempts are told, besides the one that counts."""
FINE = {"passed": "green", "pending": "cyan"}
MARKS = {"passed": "✓", "partly": "~", "failed": "✗", "missing": "-", "pending": "…", "error": "!"}
"""Of what is none of these, an error of some kind was the end."""


def detail(result: Result) -> RenderableType:
    """Return a submission function by function, with every case that has something to say."""
    parts: list[RenderableType] = []
    if result.fault:
        parts.append(Text(f"Not graded, and nothing is lost: {plain(result.fault)}", style="magenta"))
    parts.extend(Text(plain(note), style="yellow") for note in result.notes)
    parts.extend(_tries(result))
    said: set[str] = set()
    for item in result.items:
        parts.append(_heading(item))
        parts.extend(Padding(part, (0, 0, 0, 2)) for part in [*_cases(item, said), *_besides(item)])
    if result.stdout:
        printed = [_cut(line) for line in plain(result.stdout).splitlines()]
        more = [f"… ({len(printed) - PRINTED_LINES} more lines)"] if len(printed) > PRINTED_LINES else []
        parts.append(Text("\n".join(["It printed:", *printed[:PRINTED_LINES], *more]), style="dim"))
    return Group(*parts)


def _tries(result: Result) -> Iterator[Text]:
    """Yield a line for each attempt, where there is something to tell of them; of very many for the last."""
    tries = result.attempts
    if len(tries) > 1 or any(attempt.why for attempt in tries):
        earlier = len(tries) - MOST_ATTEMPTS
        if earlier > 0:
            yield Text(f"… {earlier} earlier attempts", style="dim")
        yield from (_try(each, result) for each in tries if each.counts or each.number > earlier)


def _try(attempt: Attempt, result: Result) -> Text:
    when = f" ({plain(attempt.handed_in)})" if attempt.handed_in else ""
    earned = "not graded" if attempt.score is None else f"{attempt.score:.4g} of {result.max_score:.4g}"
    why = f", {plain(attempt.why)}" if attempt.why else ""
    counts = " (this one counts)" if attempt.counts else ""
    return Text(f"Attempt {attempt.number}{when}: {earned}{why}{counts}", style="" if attempt.counts else "dim")


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]} …"


def _heading(item: ItemResult) -> Text:
    counted = [case for case in item.cases if not case.remark]
    passed = sum(case.status == "passed" for case in counted)
    mark, style = (MARKS[item.status], FINE[item.status]) if item.status in FINE else ("✗", "red")
    points = "pending" if item.status == "pending" else f"{item.score:.4g} of {item.max_score:.4g}"
    how = f"{passed} of {many(len(counted), 'case')}" if item.attempts is None else _attempts(item.attempts)
    return Text.assemble((f"{mark} {item.name}", style), f"  {points}  ", (how, "dim"))


def _attempts(attempts: Attempts) -> str:
    if attempts.allowed is None:
        return ""
    used = f"{attempts.used} of " if attempts.used else ""
    return f"{used}{attempts.allowed} {'attempt' if attempts.allowed == 1 else 'attempts'}{' used' if used else ''}"


def _besides(item: ItemResult) -> list[Text]:
    """Return how a formula was understood, and what explains the answer."""
    read = [Text(f"read as {plain(item.latex)}", style="dim")] if item.latex else []
    return read + ([Text(f"Explanation: {plain(item.explanation).strip()}", "dim")] if item.explanation else [])


def _cases(item: ItemResult, said: set[str]) -> list[Text]:
    """Return the lines of the cases that failed or are odd; a message or mistake stands once, not where it was said.

    Of a question every part is told by itself, because a few words often fit several answers.
    """
    if item.kind != "function":
        return [_line(message, [case]) for case in item.cases if (message := _of_answer(case, said))]
    told: dict[str, list[CaseResult]] = {}
    for case in item.cases:
        text = case.message.removesuffix(f" {FREE}")
        again = text in said or (case.remark and text in told)
        if not again and (text or case.status != "passed"):
            told.setdefault(case.diagnosis or case.message, []).append(case)
    said |= {case.message for cases in told.values() for case in cases}
    return [_with_inputs(_line(cases[0].message, cases), cases[0]) for cases in told.values()]


def _with_inputs(line: Text, case: CaseResult) -> Text:
    """Return a case's line, and below it what the function was called with."""
    return Text.assemble(line, (f"\n  called with {plain(case.inputs)}", "dim")) if case.inputs else line


def _of_answer(case: CaseResult, said: set[str]) -> str:
    """Return what to say of an answer; what is said of all of them stands once."""
    again = case.message in said
    said.add(case.message)
    if again and case.message == UNTOLD:
        return ""
    return "as above" if again and len(case.message) > REPEATED else case.message


def _line(message: str, cases: Sequence[CaseResult]) -> Text:
    failed = [case for case in cases if case.status != "passed"]
    costs = any(not case.remark and case.status != "pending" for case in failed)
    mark, style = ("✗", "red") if costs else ("·", "yellow")
    names = cases[0].name + (f" and {len(cases) - 1} more" if len(cases) > 1 else "")
    status = f" ({failed[0].status})" if costs else ""
    return Text.assemble((f"{mark} {names}{status}: ", style), plain(message))


def total(result: Result) -> str:
    """Return the points in a sentence, with what is taken off and what is still to come."""
    pending = waiting(result)
    return f"Score: {score(result)}{_less(result)}{f', and {pending:.4g} pending' if pending else ''}"


def _less(result: Result) -> str:
    if result.score is None or not result.penalty:
        return ""
    earned, days = math.fsum(item.score for item in result.items), late(result)
    return f" ({earned:.4g}, less {result.penalty:.4g}{f': {days}' if days else ''})"


def late(result: Result) -> str:
    """Return how late the attempt that counts was, or nothing."""
    days = next((attempt.days_late for attempt in result.attempts if attempt.counts), 0)
    return f"{days} day{'s' if days > 1 else ''} late" if days > 0 else ""


def waiting(result: Result) -> float:
    """Return how many points a person still has to give, or the class's grading."""
    return math.fsum(item.max_score for item in result.items if item.status == "pending")


def score(result: Result) -> str:
    """Return the points."""
    return "none" if result.score is None else f"{result.score:.4g} of {result.max_score:.4g}"
