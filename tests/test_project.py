"""What the project promises of itself: its commands, its sizes, its layers."""

import ast
import re
import statistics

import pytest

from grader.spec import Spec
from tests import documented
from tests.conftest import ROOT

CODE = sorted([*ROOT.glob("grader/**/*.py"), *ROOT.glob("reference/**/*.py")])


def test_ci_runs_the_readmes_two_commands():
    blocks = documented.blocks("README.md")
    first = blocks[0].text
    (second,) = [block.text for block in blocks if block.tested_by == "tests/test_project.py"]
    assert first.startswith("python3 -m venv")
    assert second.rstrip().endswith("-m pytest")
    script = (ROOT / ".ci/run").read_text()
    assert f"\n{first.rstrip()} ||" in script
    assert script.rstrip().endswith(second.rstrip())


def test_every_key_of_a_spec_is_documented():
    page = "".join((ROOT / "docs" / name).read_text() for name in ("writing-assignments.md", "notebooks.md"))
    from grader.arguments import Load, Make, MakeArray
    from grader.draw import DrawCurve, DrawScatter
    from grader.handin import Execute, Submission, Where
    from grader.model import Limits
    from grader.policy import Late, Resubmission
    from grader.properties import KEYS
    from grader.properties import KINDS as PROPERTIES
    from grader.questions import KINDS, Close, RubricPart
    from grader.spec import Case, Function
    from grader.tolerances import Tolerance

    parts = (
        Spec,
        DrawCurve,
        DrawScatter,
        Late,
        Resubmission,
        Submission,
        Where,
        Execute,
        Limits,
        Function,
        Tolerance,
        Load,
        Make,
        MakeArray,
        *KINDS,
        Close,
        RubricPart,
    )
    keys = [(part, key) for part in parts for key in part.model_fields]
    keys += [(Case, field.alias or name) for name, field in Case.model_fields.items()]
    keys += [(PROPERTIES, key) for key in KEYS]
    for part, key in keys:
        assert re.search(rf"\b{key}\b", page), f"{key} of {part}"


def test_every_field_of_a_result_is_documented():
    page = (ROOT / "docs/results.md").read_text()
    from tests.test_engine import INTERFACE

    item = INTERFACE["properties"]["items"]["items"]
    for fields in (INTERFACE, item, item["properties"]["cases"]["items"]):
        assert [field for field in fields["properties"] if f"`{field}`" not in page] == []


def functions():
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.name}:{node.name}", node.end_lineno - node.lineno + 1


def test_functions_are_short():
    lengths = dict(functions())
    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= 8
    assert ordered[int(len(ordered) * 0.9)] <= 25
    assert {name: length for name, length in lengths.items() if length > 60} == {}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_can_be_read_in_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 300


def test_a_package_opens_with_its_theory_of_operation():
    for package in ("grader", "grader/sandbox", "grader/report", "reference"):
        docstring = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text()))
        assert 0 < len(docstring.splitlines()) <= 25
