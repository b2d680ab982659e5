"""An autograder's zip has all that it takes to grade, in the versions that are here, and is the same every time."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import grader as ours
from grader import assignment, package, release
from grader.errors import SpecError, UsageError
from tests import documented
from tests.conftest import NAIVE_EM, ROOT, SPEC, write
from tests.test_cli import grader


@pytest.fixture
def course(small):
    return write(small, {
        "README.md": "# Small\n", "starter/work.py": "import matplotlib\n", "given/common.py": "import rich\n",
        "samples/right/work.py": "import pandas\n", "data/made_by.py": "print 'an older Python'\n",
    })  # fmt: skip


def contents(folder):
    return package.contents(assignment.load(folder))[0]


def names(files, folder):
    return {name.removeprefix(f"{folder}/") for name in files if name.startswith(f"{folder}/")}


def required(files):
    return dict(line.split("==") for line in files["requirements.txt"].decode().splitlines())


# --- what is in it ---


def test_gradescopes_two_scripts_are_at_its_root_and_can_be_run(course, tmp_path):
    package.package(assignment.load(course), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        modes = {entry.filename: entry.external_attr >> 16 for entry in file.infolist()}
    assert {name for name, mode in modes.items() if mode == 0o100755} == {"setup.sh", "run_autograder"}
    assert {mode for name, mode in modes.items() if name not in package.PROGRAMS} == {0o100644}


def test_the_grader_is_the_one_that_is_here_byte_for_byte(course):
    files, folder = contents(course), Path(ours.__file__).parent
    there = {name: files[f"python/grader/{name}"] for name in names(files, "python/grader")}
    here = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert there == {name: path.read_bytes() for name, path in here.items() if "__pycache__" not in name}
    assert any(name.startswith("report/templates/") for name in there)


def test_the_assignment_is_whole_but_for_its_samples_and_brings_its_own_reference(course):
    there = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    files = contents(course)
    assert names(files, "assignment") == there - {"samples/right/work.py"}
    assert {name.split("/")[0] for name in names(files, "python")} == {"grader"}


def test_an_installed_reference_comes_with_its_package():
    files = contents(NAIVE_EM)
    here = {path.name: path.read_bytes() for path in (ROOT / "reference").glob("*.py")}
    assert {name: files[f"python/reference/{name}"] for name in names(files, "python/reference")} == here


def test_a_reference_may_be_a_module_that_can_be_imported(course, tmp_path, monkeypatch):
    write(tmp_path / "elsewhere", {"right_answers.py": (course / "solution.py").read_text()})
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    write(course, {"assignment.yaml": SPEC.replace("solution", "right_answers")})
    assert contents(course)["python/right_answers.py"] == (course / "solution.py").read_bytes()


def test_an_installed_grader_has_the_scripts_where_they_are_looked_for(monkeypatch, tmp_path):
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["force-include"]["docker/gradescope"] == "grader/docker/gradescope"
    inside = write(tmp_path, {"grader/docker/gradescope/setup.sh": ""}) / "grader"
    monkeypatch.setattr(package, "__file__", str(inside / "package.py"))
    assert package._scripts() == inside / "docker/gradescope"


def test_the_documented_wheel_can_be_made_and_installed_and_has_all_of_the_grader(tmp_path):
    """With what is installed here, so that nothing is fetched."""
    (make,) = [block.text for block in documented.blocks("docs/releasing.md") if "pip wheel" in block.text]
    (install,) = [block.text for block in documented.blocks("docs/students.md") if "pip install" in block.text]
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "false",
        "PIP_NO_DEPS": "1",
        "PIP_TARGET": str(tmp_path / "at"),
    }
    env = {**os.environ, **offline, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    text = f"{make.replace('PATH_OF_THE_CLONE', str(ROOT))}cd for_students\n{install}"
    subprocess.run(["sh", "-ec", text], cwd=tmp_path, env=env, check=True, capture_output=True, timeout=120)
    for name in ("grader/cli.py", "grader/report/templates/page.html", "grader/docker/gradescope/setup.sh"):
        assert (tmp_path / "at" / name).read_bytes() == (
            ROOT / name.removeprefix("grader/" if "docker" in name else "")
        ).read_bytes()


def test_the_same_assignment_makes_the_same_bytes(course, tmp_path):
    loaded = assignment.load(course)
    package.package(loaded, tmp_path / "a.zip")
    for path in course.rglob("*"):
        os.utime(path, (0, 0))
    package.package(loaded, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


# --- what it requires ---


def test_versions_are_those_that_are_installed_and_nothing_else_is_required(course):
    wanted = required(contents(course))
    assert {name: metadata.version(name) for name in wanted} == wanted
    assert wanted.keys() >= {"numpy", "pydantic", "pydantic-core", "pyyaml", "jinja2", "markupsafe"}
    added = set().union(*(added for _, _, added in MORE.values()))
    assert not wanted.keys() & {"proofgrade", "pytest", "pandas", "matplotlib", "distributed", *added}


MORE = {
    "what students may import": ("packages: [numpy, scipy.special]\n", "", {"scipy"}),
    "what the instructor's Python imports": (
        "",
        "def late():\n    import sklearn.mixture\n",
        {"scikit-learn", "scipy"},
    ),
    "what executes notebooks": ("execute: true\n", "", {"nbclient", "ipykernel", "pyzmq", "matplotlib"}),
}


@pytest.mark.parametrize(("key", "more", "added"), MORE.values(), ids=MORE)
def test_what_an_assignment_takes_is_required_too(course, key, more, added):
    spec = SPEC.replace("{file: work.py}", "{notebook: work.ipynb}") if "execute" in key else SPEC
    write(course, {"assignment.yaml": key + spec, "inputs.py": (course / "inputs.py").read_text() + more})
    assert required(contents(course)).keys() >= {"numpy", *added}


def test_a_package_that_is_not_here_has_no_version_to_require(course):
    write(course, {"assignment.yaml": f"packages: [numpy, nowhere.to_be]\n{SPEC}"})
    with pytest.raises(
        SpecError, match=r"yaml:1: \$.packages\[1\]: 'nowhere' is not installed here, so its version is not known"
    ):
        contents(course)


def test_a_grader_that_pip_knows_nothing_of_cannot_be_packaged(course, monkeypatch):
    monkeypatch.setattr(package, "PROJECT", "nobody-installed-this")
    with pytest.raises(
        UsageError, match="nobody-installed-this is not installed here by pip, so the versions that it takes are"
    ):
        contents(course)


# --- where it is written ---


def packaged(course, to):
    return package.package(assignment.load(course), to)


def test_an_earlier_package_is_replaced(course, tmp_path):
    packaged(course, tmp_path / "a.zip")
    write(course, {"README.md": "# Smaller\n"})
    packaged(course, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.read("assignment/README.md") == b"# Smaller\n"
        manifest = json.loads(file.read("manifest.json"))
        assert manifest["files"].keys() == set(file.namelist()) - {"manifest.json"}
    assert manifest["grader"] == ours.__version__


def mine(target):
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("thesis.txt", "")
    return "has files that no package wrote, or that were changed since: thesis.txt; name another"


def changed(target):
    with zipfile.ZipFile(target, "a") as file:
        file.writestr("assignment/mine.py", "")
    return "has files that no package wrote, or that were changed since: assignment/mine.py; name another"


def not_a_zip(target):
    target.write_text("mine")
    return "is not a zip that can be read: name another"


@pytest.mark.parametrize("put", [mine, changed, not_a_zip])
def test_nothing_else_is_ever_written_over(course, tmp_path, put):
    target = tmp_path / "a.zip"
    if put is changed:
        packaged(course, target)
    error, before = put(target), target.read_bytes()
    with pytest.raises(UsageError) as told:
        packaged(course, target)
    assert str(told.value) == f"{target} {error}"
    assert target.read_bytes() == before


def test_a_release_is_no_package_nor_a_package_a_release(course, tmp_path):
    packaged(course, tmp_path / "a.zip")
    with pytest.raises(UsageError, match="has files that no release wrote"):
        release.release(assignment.load(course), [], tmp_path / "a.zip")
    release.release(assignment.load(course), [], tmp_path / "b.zip")
    with pytest.raises(UsageError, match="has files that no package wrote"):
        packaged(course, tmp_path / "b.zip")


def test_a_package_is_a_zip(course, tmp_path):
    with pytest.raises(UsageError, match=r"auto: Gradescope takes a zip: give --to a name that ends in \.zip"):
        packaged(course, tmp_path / "auto")


def test_where_nothing_can_be_written_that_is_told(course, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file/a\.zip: (Not a directory|File exists)"):
        packaged(course, tmp_path / "file" / "a.zip")


def test_what_is_wrong_with_the_assignment_is_told_now(course, tmp_path):
    write(course, {"assignment.yaml": SPEC.replace("solution", "nowhere")})
    with pytest.raises(SpecError, match=r"assignment.yaml:3: \$.reference: there is no module 'nowhere' to import"):
        packaged(course, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


# --- what is told ---

QUESTIONS = "questions:\n  n: {kind: number, points: 2, answer: 1}\n  why: {kind: text, points: 4}\n"
NAMESPACES = "which takes namespaces. If Gradescope's machine gives none, nothing is graded, and the autograder's output says so."
TOLD = {
    "all by the autograder": (SPEC, "In Gradescope give the autograder 3 points.\n"),
    "some by hand": (
        SPEC.replace("{file: work.py}", "{file: work.py, answers: answers.yaml}") + QUESTIONS,
        "In Gradescope give the autograder 5 points, and add a question of 4 to be marked by hand.\n",
    ),
    "executed": (
        "execute: {points: 2}\n" + SPEC.replace("{file: work.py}", "{notebook: work.ipynb}"),
        "In Gradescope give the autograder 5 points.\n"
        f"Note: small has notebooks executed (`execute`), {NAMESPACES}\n",
    ),
    "in a stronger sandbox": (
        f"sandbox: user\n{SPEC}",
        "In Gradescope give the autograder 3 points.\n"
        f"Note: small demands a sandbox of level `user`, {NAMESPACES}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "told"), TOLD.values(), ids=TOLD)
def test_instructors_are_told_what_to_set_and_what_to_beware_of(course, spec, told):
    loaded = assignment.load(write(course, {"assignment.yaml": spec}))
    text = package.render(package.Packaged(Path("a.zip"), loaded.spec, 3, 2048, 2))
    assert text == f"a.zip: 3 files, 2 packages to install, 2 KiB.\n{told}"


def test_the_command_writes_it_and_says_so(course):
    done = grader("package", "gradescope", "small", "--to", "autograder.zip", cwd=course.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("autograder.zip: ")
    assert zipfile.is_zipfile(course.parent / "autograder.zip")


def test_another_platform_is_a_wrong_call(course):
    done = grader("package", "moodle", "small", "--to", "a.zip", cwd=course.parent)
    assert done.returncode == 2
    assert "argument PLATFORM: invalid choice: 'moodle'" in done.stderr
