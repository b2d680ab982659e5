"""The folder in which the commands of a page are run: a course as its instructor has it, small, so that they are quick."""

import shutil
import sys
import tomllib
import zipfile

import numpy as np
import yaml

from tests.conftest import NAIVE_EM, ROOT, write

SAMPLES = {
    "naive_em": ("right_loops", "wrong_axis", "wrong_loops_forever", "wrong_variance_not_by_d"),
    "homework_em": ("right_plain", "wrong_log10"),
    "mri_em": ("right_loops",),
}
"""The shipped assignments that the pages use, and those of their samples that are there."""
FEW = 60
"""How many points there are in place of the 250."""
PIECE = "piece"
"""A folder in which specs are tried, with all that they name."""
CLASS = {"ann": "right_loops", "bob": "wrong_variance_not_by_d"}
"""Who handed in what."""
LIST = """\
id,name,email
ann,Ann Ames,ann@example.org
bob,Bob Bell,bob@example.org
eve,Eve Ek,eve@example.org
"""
ANSWERS = "why: Because the M-step maximises what the E-step makes touch the likelihood.\n"
MY_SPEC = """\
name: my_assignment
reference: reference.naive_em
submission: {file: naive_em.py, answers: answers.yaml}
names: {GaussianMixture: common.GaussianMixture}
functions:
  estep:
    points: 1
    returns: [post, ll]
    cases:
      - {name: toy data, args: {X: {load: data/toy.txt}, mixture: {make: start, K: 3, seed: 0}}}
      - name: other data
        args: {X: {make: blobs, n: 9, d: 2}, mixture: {make: start, K: 2, seed: 0}}
        visibility: hidden
questions:
  why: {kind: text, points: 2, prompt: Why does the likelihood never fall?}
"""


def prepare(folder):
    """Write the course into a folder, and return the folder."""
    for name, samples in SAMPLES.items():
        _copy(ROOT / "assignments" / name, folder / "assignments" / name, samples)
    _copy(NAIVE_EM, folder / "my_assignment", SAMPLES["naive_em"])
    tables = {"slips.py": "SLIPS = []\n", "accepted.py": "ACCEPTED = []\n", "samples/expected.yaml": ""}
    write(folder / "my_assignment", {"assignment.yaml": MY_SPEC, "README.md": "# My assignment\n", **tables})
    shutil.copytree(folder / "my_assignment", folder / PIECE)
    np.savez(folder / PIECE / "data/runs.npz", first=np.zeros(2))
    for student, sample in CLASS.items():
        shutil.copytree(NAIVE_EM / "samples" / sample, folder / "submissions" / student)
        write(folder / "submissions" / student, {"answers.yaml": ANSWERS})
    with zipfile.ZipFile(folder / "submissions.zip", "w") as archive:
        for student in CLASS:
            archive.write(folder / "submissions" / student / "naive_em.py", f"{student}/naive_em.py")
    return write(folder, {"class.csv": LIST, **_programs()})


def _copy(source, target, samples):
    """Copy an assignment with these samples alone, and cut its spec and data down."""
    expected = yaml.safe_load((source / "samples/expected.yaml").read_text())
    unwanted = shutil.ignore_patterns(*expected.keys() - set(samples), "__pycache__")
    shutil.copytree(source, target, ignore=unwanted)
    spec = _small(yaml.safe_load((source / "assignment.yaml").read_text()))
    if source == NAIVE_EM:
        shutil.copy(source / "samples/right_vectorised/naive_em.py", target / "solution.py")
        spec["reference"] = "solution"  # of one file there are fewer mutants
        toy = target / "data/toy.txt"
        toy.write_text("".join(toy.read_text().splitlines(keepends=True)[:FEW]))
    write(target, {
        "assignment.yaml": yaml.safe_dump(spec, sort_keys=False),
        "samples/expected.yaml": yaml.safe_dump({name: {"score": expected[name]["score"]} for name in samples}),
    })  # fmt: skip


def _small(spec):
    """Return the spec with the first case of each function, which nothing is drawn of, and a second for it."""
    for function in spec.get("functions", {}).values():
        function.pop("draw", None)
        function["cases"] = function["cases"][:1]
        function["cases"][0].pop("expect", None)  # that of more points
    return {**spec, "limits": {**spec.get("limits", {}), "seconds": 1}}


PIP = """\
import re, sys
names = [name for name in sys.argv[2:] if not name.startswith("-")]
for name in names:
    extras = re.fullmatch(r"(?:proofgrade|\\.)(?:\\[([a-z,]+)\\])?", name)
    if sys.argv[1] != "install" or not extras or set((extras[1] or "test").split(",")) - {known}:
        sys.exit(f"there is no {{name}} to install")
"""
"""Stands for pip: the environment is there already, so it is held to what the project has."""


def _programs():
    """Return what the commands of a page find as their programs: those of the interpreter that runs the tests."""
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    programs = {
        "grader": f'exec {sys.executable} -P -m grader "$@"',
        "python": f'exec {sys.executable} "$@"',
        "python3": f'[ "$*" = "-m venv .venv" ] || exec {sys.executable} "$@"',
        "pip": f'exec {sys.executable} "$0.py" "$@"',
    }
    scripts = {f".venv/bin/{name}": f"#!/bin/sh\n{line}\n" for name, line in programs.items()}
    return {**scripts, ".venv/bin/pip.py": PIP.format(known=extras)}
