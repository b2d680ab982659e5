"""Every known mistake, made once more in a student's own words, gets its diagnosis as the first line."""

import contextlib
import functools
import json
from dataclasses import replace

import pytest
import yaml

from grader import assignment, engine, prepare, servers, submission
from grader.sandbox.launch import Zygote
from grader.variants import Variants
from tests.conftest import ROOT, write
from tests.test_assignments import CODE, FOLDERS, SPECS

MISTAKES = {name: yaml.safe_load((ROOT / "tests" / "slips" / f"{name}.yaml").read_text()) for name in CODE}
ALL = [(name, slip) for name in CODE for slip in MISTAKES[name]["slips"]]


def slips(name):
    """Return an assignment's table of slips by their ids, which is data."""
    space = {}
    text = (FOLDERS[name] / "slips.py").read_text()
    exec(compile(text[text.index("SLIPS = ") :], "slips.py", "exec"), space)
    return {slip["id"]: slip for slip in space["SLIPS"]}


def hand_in(name, folder):
    """Write a submission for each mistake, and return them by the function that is wrong."""
    file, known, handed = SPECS[name].submission.code, slips(name), {}
    base = (FOLDERS[name] / "samples" / MISTAKES[name]["base"] / file).read_text()
    for slip, replacements in MISTAKES[name]["slips"].items():
        text = changed_cells(base, replacements) if file.endswith(".ipynb") else changed(base, replacements)
        (submitted,) = submission.collect([write(folder / name / slip, {file: text})], SPECS[name].submission)
        handed.setdefault(known[slip]["function"], []).append(submitted)
    return handed


def changed(text, replacements):
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def changed_cells(text, replacements):
    """Return a notebook with replacements in its cells, each inside of one."""
    notebook, made = json.loads(text), set()
    for cell in notebook["cells"]:
        source = "".join(cell["source"]) + "\n"
        there = {old: new for old, new in replacements.items() if old in source}
        cell["source"], made = changed(source, there), made | {*there}
    assert made == {*replacements}
    return json.dumps(notebook)


def patient(loaded):
    """Return an assignment that counts CPU time, for some slips compute for long, and others may use the machine."""
    limits = loaded.spec.limits
    wider = limits.model_copy(update={"seconds": 12 * limits.seconds, "cpu_seconds": limits.seconds})
    return loaded.with_spec(loaded.spec.model_copy(update={"limits": wider}))


@functools.cache
def results(name, folder):
    """Return the results of the functions that are wrong; the others are not graded."""
    loaded = patient(assignment.load(FOLDERS[name]))
    plan, found = prepare.prepare(loaded), {}
    with servers.for_a_class(loaded.spec, [Zygote(), Zygote()], None, 2) as opened:
        for function, handed in hand_in(name, folder).items():
            alone = replace(plan, calls={function: plan.calls[function]})
            with contextlib.closing(Variants(alone)) as variants:
                found |= {result.id: result for result in engine.grade_all(variants, opened, handed)}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slips")


@pytest.mark.parametrize("name", CODE)
def test_every_slip_is_made_by_a_student(name):
    assert set(MISTAKES[name]["slips"]) == set(slips(name))
    assert len(slips(name)) >= 6


@pytest.mark.parametrize(("name", "slip"), ALL)
def test_a_mistake_gets_its_diagnosis_as_its_first_line(name, slip, folder):
    result, known = results(name, folder)[slip], slips(name)[slip]
    (item,) = [item for item in result.items if item.kind == "function"]
    properties = {case.name for case in SPECS[name].functions[item.name].cases if case.holds}
    wrong = [case for case in item.cases if case.status != "passed" and not case.remark and case.name not in properties]
    assert {case.diagnosis for case in wrong} == {slip}
    assert wrong[0].message.startswith(f"{known['what']} {known['look']}")
    assert known["what"] in item.summary
