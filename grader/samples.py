"""What each sample of an assignment must get, as its `samples/expected.yaml` has it.

wrong_axis: {estep: failed, others: passed, score: 2, says: "transposed", diagnosis: transposed}
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from grader.errors import SpecError
from grader.model import Result

EXPECTED = "expected.yaml"


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
    if not isinstance(written, dict) or not all(isinstance(value, dict) for value in written.values()):
        raise SpecError(f"{file}: it must have a line `sample: {{item: status, score: number}}` for each sample")
    return written


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
        "score": result.score,
        "says": said[0] if said else "",
        "diagnosis": sorted({case.diagnosis for case in cases if case.diagnosis}),
    }
    if "score" in expected and got["score"] != expected["score"]:
        yield "score", expected["score"], got["score"]
    if str(expected.get("says", "")) not in str(got["says"]):
        yield "the first message", repr(expected["says"]), repr(got["says"])
    if "diagnosis" in expected and sorted(_listed(expected["diagnosis"])) != got["diagnosis"]:
        yield "diagnosis", expected["diagnosis"], got["diagnosis"]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
