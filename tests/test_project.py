"""What the project promises of itself: its commands, its sizes, its layers."""

import ast
import re
import statistics

import pytest
import yaml

from grader.spec import Spec
from tests.conftest import ROOT

CODE = sorted([*ROOT.glob("grader/**/*.py"), *ROOT.glob("reference/**/*.py")])


def blocks(name):
    """Return the indented blocks of a page."""
    text = (ROOT / name).read_text()
    return [
        re.sub(r"^    ", "", block, flags=re.MULTILINE)
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    ]


def test_ci_runs_the_readmes_two_commands():
    commands = [block.strip() for block in blocks("README.md")]
    first = next(command for command in commands if command.startswith("python3 -m venv"))
    second = next(command for command in commands if "pytest" in command)
    script = (ROOT / ".ci/run").read_text()
    assert f"\n{first.splitlines()[0]} ||" in script
    assert script.rstrip().endswith(second)


def test_the_readmes_spec_is_a_valid_one():
    (text,) = [block for block in blocks("README.md") if block.lstrip().startswith("name:")]
    spec = Spec.model_validate(yaml.safe_load(text))
    assert spec.functions["estep"].cases[0].expect == {"ll": -1388.0818}


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
