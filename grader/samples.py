"""What each sample of an assignment must get, as its `samples/expected.yaml` has it.

wrong_axis: {estep: failed, others: passed, score: 2, says: "transposed", diagnosis: transposed}
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from grader.errors import SpecError
from grader.mistakes import suggest
from grader.model import Result

EXPECTED = "expected.yaml"
KEYS = ("others", "score", "says", "diagnosis")


def expected(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what each sample must get.

    Raises:
        SpecError: the file cannot be read, or has another form.
    """
    file = folder / "samples" / EXPECTED
    if not file.is_file():
        return {}
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{file}: {' '.join(str(error).split())}") from error
    written = {} if written is None else written
    if not isinstance(written, dict) or not all(isinstance(value, dict) for value in written.values()):
        raise SpecError(f"{file}: it must have a line `sample: {{item: status, score: number}}` for each sample")
    return written


def mistakes(expected: Mapping[str, Mapping[str, Any]], there: Sequence[str], items: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with the file itself: samples and keys that are not there, samples that it leaves out."""
    if not expected:
        return
    for name, wanted in expected.items():
        if name not in there:
            yield f"{EXPECTED}: there is no sample {name}{suggest(name, there)}"
        for key in wanted:
            if key not in {*items, *KEYS}:
                yield f"{EXPECTED}: {name}: {key} is no item and no key{suggest(str(key), [*items, *KEYS])}"
    for name in there:
        if name not in expected:
            yield f"{EXPECTED} does not say what samples/{name} must get"


def differences(expected: Mapping[str, Any], result: Result) -> Iterator[tuple[str, Any, Any]]:
    """Yield what a sample got otherwise than expected: what, the expected and what came."""
    others = expected.get("others")
    for item in result.items:
        want = expected.get(item.name, others)
        if want is not None and item.status != want:
            yield item.name, want, item.status
    cases = [case for item in result.items for case in item.cases]
    said = [case.message for case in cases if case.message and case.status != "pending"]
    got = {
        "says": said[0] if said else "",
        "diagnosis": sorted({case.diagnosis for case in cases if case.diagnosis}),
    }
    score = math.nan if result.score is None else result.score
    if "score" in expected and not math.isclose(expected["score"], score, abs_tol=1e-9):
        yield "score", f"{expected['score']:g}", "none" if result.score is None else f"{score:g}"
    if str(expected.get("says", "")) not in str(got["says"]):
        yield "the first message", repr(expected["says"]), repr(got["says"])
    if "diagnosis" in expected and sorted(_listed(expected["diagnosis"])) != got["diagnosis"]:
        yield "diagnosis", expected["diagnosis"], got["diagnosis"]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
