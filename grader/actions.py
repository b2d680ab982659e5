"""Gives a workflow on GitHub what it shows: where each thing goes is said by the environment.

So is where in the repository the submission is, if not at the top: SUBMISSION_FOLDER.
"""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from grader.classroom import Classroom
from grader.errors import UsageError
from grader.report import github


def write(classroom: Classroom, environment: Mapping[str, str]) -> str:
    """Append the summary and the points to the workflow's files, and return what to print: the annotations.

    The points are an output `result` of the step, of one submission; of a class there is none. Outside a workflow the
    summary is returned.

    Raises:
        UsageError: a file cannot be written.
    """
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return "".join(github.render(classroom))
    _append(summary, "".join(github.render(classroom)))
    results = list(islice(classroom.results, 2))
    if environment.get("GITHUB_OUTPUT") and len(results) == 1:
        _append(environment["GITHUB_OUTPUT"], f"result={github.payload(results[0])}\n")
    return "".join(github.annotations(classroom, environment.get("SUBMISSION_FOLDER", "")))


def _append(name: str, text: str) -> None:
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error
