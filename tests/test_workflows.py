"""The templates for GitHub and GitLab are valid, grade as on the command line, and take nothing from the student's files.

They are executed: see `runner` for how, and for what stands in for what. Two more things are played here. Installing
makes a link to the grader that is tested, and records what was asked for; `docker run` calls it too, where the folders
of the container are on this machine.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import documented
from tests.conftest import INPUTS, ROOT, SOLUTION, SPEC, write
from tests.runner import OURS, Runner, commands, parsed, read
from tests.test_cli import RIGHT, WRONG
from tests.workflows import problems

GITHUB, GITLAB = ROOT / "docker/github", ROOT / "docker/gitlab/grade.gitlab-ci.yml"
SCHEMAS = {
    GITHUB / "action.yml": "github-actions",
    GITHUB / "classroom.yml": "github-workflows",
    GITHUB / "class.yml": "github-workflows",
    GITLAB: "gitlab-ci",
}
CLASSROOM = read(GITHUB / "classroom.yml")["jobs"]["run-autograding-tests"]
GRADER = Path(sys.executable).with_name("grader")
ASSIGNMENT = "assignments/naive_em"
COURSE = {
    f"{ASSIGNMENT}/assignment.yaml": SPEC,
    f"{ASSIGNMENT}/inputs.py": INPUTS,
    f"{ASSIGNMENT}/solution.py": SOLUTION,
    f"{ASSIGNMENT}/samples/right/work.py": RIGHT,
}
OF_PAGES = [
    block
    for page in ("docs/ci/github.md", "docs/ci/gitlab.md")
    for block in documented.blocks(page)
    if block.tested_by == "tests/test_workflows.py"
]
COMMANDS = ("::add-mask::3", "  ::set-output name=result::forged", "see ##[add-path]here")
"""What the runner would obey, in each of the forms that it knows."""
PRINTING = "".join(f"print({line!r})\n" for line in COMMANDS)
MARK = "touched"
FORGERY = f"open(__file__ + '.{MARK}', 'w')\n"
GIVEN_AWAY = SPEC.replace("reference: solution", "reference: theirs")
THEIRS = {
    **dict.fromkeys((
        "grader/__init__.py", "grader/__main__.py", "grader/cli.py", "pip.py", "proofgrade.py", "sitecustomize.py", "setup.py",
        "usercustomize.py", "venv.py"), FORGERY),
    **dict.fromkeys(("assignment.yaml", f"{ASSIGNMENT}/assignment.yaml"), GIVEN_AWAY),
    **dict.fromkeys(("inputs.py", f"{ASSIGNMENT}/inputs.py"), INPUTS),
    **dict.fromkeys(("theirs.py", f"{ASSIGNMENT}/theirs.py"), WRONG),
    ".grader": "{}",
    "pip.conf": "[global]\nindex-url = file:///nowhere\n",
    "pyproject.toml": "[project]\nname = 'proofgrade'\nversion = '9'\n",
    "docker/requirements.txt": "nothing",
    ".python-version": "2.7",
    "results/results.jsonl": "{}",
    "results/store.sqlite": "",
    "grading/junit.xml": "<testsuites/>",
    "grading/results.jsonl": "{}",
    "grading/feedback/alice.html": "all right",
}  # fmt: skip
"""What would matter, were the grader started among a student's files; what is given away is that WRONG is right."""


# --- what stands in for what -----------------------------------------------------------------------------------------


def tool(folder, name, text):
    """Make a program that is found before others of its name, and return the PATH for that."""
    write(folder, {name: text})
    (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A PATH on which making an environment makes a link to this grader."""
    folder = tmp_path_factory.mktemp("tools")
    tool(folder, "pip", '#!/bin/sh\necho "$PWD: $*" >> "$0.asked"\n')
    return tool(folder, "python3", f"""\
        #!/bin/sh
        [ "$1 $2 $3" = "-I -m venv" ] && mkdir -p "$4/bin"
        ln -sf {GRADER} "$4/bin/grader" && cp "${{0%/*}}/pip" "$4/bin/pip"
        """)  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a small assignment by the name that the templates have."""
    return write(tmp_path_factory.mktemp("course"), COURSE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory, course, path):
    """Execute the template for students' repositories on one with these files, links among them as Paths."""

    def run(files, job=CLASSROOM, action=GITHUB, course=course):
        folder = tmp_path_factory.mktemp("machine")
        student = with_links(folder / "alice", files)
        runner = Runner(folder, {"": student, "OWNER/COURSE": course}, path=path, action=action)
        return runner, runner.job(job)

    return run


def with_links(folder, files):
    write(folder, {name: text for name, text in files.items() if not isinstance(text, Path)})
    for name, target in files.items():
        if isinstance(target, Path):
            (folder / name).symlink_to(target)
    return folder


def with_inputs(**inputs):
    """The template, with other inputs of our action."""
    steps = [
        {**one, "with": {**one["with"], **inputs}} if one.get("uses") == OURS else one for one in CLASSROOM["steps"]
    ]
    return {**CLASSROOM, "steps": steps}


# --- valid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_a_template_is_valid(file):
    assert problems(read(file), SCHEMAS[file]) == []


BROKEN = {
    "no machine": ("runs-on: ubuntu-24.04", "run-on: ubuntu-24.04", "jobs.run-autograding-tests: "),
    "a step that does nothing": ("id: grade\n        uses", "id: grade\n        use", "jobs.run-autograding-tests: "),
    "a step that is not there": ("steps.grade.outputs.result }}", "steps.grader.outputs.result }}", "steps.grader.outputs"),
    "an output that is not there": ("outputs.results }}/junit", "outputs.folder }}/junit", "steps.grade.outputs.folder is"),
    "an input that is not there": ("course: course", "cours: course", "cours is no input"),
    "no assignment": ("assignment: naive_em", "folder: src", "assignment is missing"),
    "what is not pinned": ("upload-artifact@v6", "upload-artifact@main", "actions/upload-artifact@main is not pinned"),
    "a token that stays": ("persist-credentials: false", "clean: true", "a checkout leaves its token behind"),
    "more rights": ("contents: read", "contents: write", "a job may do more than read"),
    "an expression in a script": (
        "id: grade\n        uses: OWNER/proofgrade/docker/github@REF", "id: grade\n        run: ${{ github.actor }}",
        "a script has an expression in it"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN)
def test_a_workflow_that_is_broken_is_refused(tmp_path, old, new, message):
    text = (GITHUB / "classroom.yml").read_text()
    assert old in text
    write(tmp_path, {"broken.yml": text.replace(old, new)})
    assert [one for one in problems(read(tmp_path / "broken.yml"), "github-workflows") if one.startswith(message)]


@pytest.mark.parametrize(("file", "old", "new"), [
    (GITHUB / "action.yml", "shell: bash", "shel: bash"), (GITLAB, "when: always", "when: ever"),
    (GITLAB, "script:", "skript:")])  # fmt: skip
def test_an_action_or_a_job_that_is_broken_is_refused(tmp_path, file, old, new):
    assert old in file.read_text()
    write(tmp_path, {"broken.yml": file.read_text().replace(old, new)})
    assert problems(read(tmp_path / "broken.yml"), SCHEMAS[file])


def test_the_workflow_is_named_as_github_classroom_looks_for_it():
    workflow = read(GITHUB / "classroom.yml")
    assert (workflow["name"], list(workflow["jobs"])) == ("Autograding Tests", ["run-autograding-tests"])


# --- a student's repository on GitHub --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def right(ran):
    return ran({"work.py": RIGHT, "README.md": ""})


@pytest.fixture(scope="module")
def hostile(ran):
    """A submission that is wrong, prints commands, and lies among files that would take over."""
    return ran({"work.py": PRINTING + WRONG, **THEIRS})


def test_a_right_submission_passes_and_its_points_are_reported(right):
    runner, done = right
    assert not done.failed, done.log
    assert runner.points == (3.0, 3.0)
    assert done.summary.startswith("## small\n\n**submission: 3 of 3 points**")
    assert done.annotations == []


def test_what_is_installed_is_the_grader_at_the_ref_that_is_named_with_the_versions_of_the_image(right):
    runner, _ = right
    asked = (runner.temp / "proofgrade/bin/pip.asked").read_text()
    assert asked == f"{ROOT}: install --quiet -r docker/requirements.txt .\n"
    assert (ROOT / "docker/requirements.txt").is_file()


def test_a_wrong_submission_fails_and_its_reports_are_kept(hostile):
    runner, done = hostile
    assert done.failed
    assert "| double | failed | 0 of 1 |" in done.summary
    cases = ET.fromstring(runner.artifacts["junit"]["."]).findall(".//testcase")  # noqa: S314  our own
    assert [len(case) for case in cases] == [1, 1, 0]
    assert list(runner.artifacts["feedback"]) == ["submission.html"]


def test_the_points_that_are_told_are_those_of_the_results(hostile):
    runner, _ = hostile
    (file,) = runner.temp.glob("results.*/results.jsonl")
    result = json.loads(file.read_text())
    assert runner.points == (result["score"], result["max_score"]) == (2.0, 3.0)


def test_the_assignment_that_comes_with_the_grader_needs_no_course_and_mistakes_are_marked_at_their_lines(ran):
    (block,) = [block for block in OF_PAGES if "on: push" in block.text]
    _, done = ran(
        {"naive_em.py": "def estep(X, mixture):\n    raise ValueError\n"}, parsed(block.text)["jobs"]["grade"]
    )
    assert done.failed
    assert done.annotations == [("naive_em.py", "2"), (None, None), (None, None)]


def test_a_submission_in_a_folder_is_graded_and_its_mistakes_are_marked_there(ran):
    files = {"homework/1/work.py": f"raise ValueError\n{RIGHT}", "homework/2/work.py": RIGHT}
    runner, done = ran(files, with_inputs(folder="homework/1"))
    assert runner.points == (0.0, 3.0)
    assert done.annotations == [("homework/1/work.py", "1")] * 2


def test_nothing_that_can_be_graded_is_told_and_no_points_are_reported(ran):
    runner, done = ran({"README.md": ""})
    assert done.failed
    assert "no work.py here" in done.log
    assert (runner.points, runner.artifacts) == (None, {})


def test_a_fault_of_ours_fails_and_no_points_are_reported(ran, tmp_path):
    broken = write(tmp_path, {**COURSE, f"{ASSIGNMENT}/solution.py": "1 / 0"})
    runner, done = ran({"work.py": RIGHT}, course=broken)
    assert done.failed
    assert "ZeroDivisionError" in done.log
    assert runner.points is None


# --- what a student's files cannot do --------------------------------------------------------------------------------


def touched(folder):
    return [path.name for path in folder.rglob(f"*{MARK}")]


def test_files_of_any_name_in_a_students_repository_change_nothing(hostile):
    runner, _ = hostile
    assert runner.points == (2.0, 3.0)
    assert touched(runner.folder) == []


NAIVE = {
    "python3 -m venv x": "venv.py",
    "python3 -m pip install .": "pip.py",
    "python3 -m grader grade naive_em .": "__init__.py",
    "PYTHONPATH=. python3 -c pass": "sitecustomize.py",
    f"{GRADER} grade naive_em . | grep 'Score: 3 of 3' && touch theirs.{MARK}": "theirs",
}


@pytest.mark.parametrize(("script", "file"), NAIVE.items(), ids=list(NAIVE.values()))
def test_that_takes_not_to_be_started_among_them(tmp_path, script, file):
    """The twin: each of these files takes over what is started there, and the assignment is the student's."""
    student = write(tmp_path / "alice", {"work.py": WRONG, **THEIRS})
    path = tool(tmp_path / "tools", "python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    done = Runner(tmp_path / "machine", {}, path=path).bash(script, cwd=student)
    assert f"{file}.{MARK}" in touched(student), done.log


def changed(tmp_path, old, new):
    """Our action with something changed."""
    text = (GITHUB / "action.yml").read_text()
    assert re.search(old, text)
    return write(tmp_path / "pinned/docker/github", {"action.yml": re.sub(old, new, text)})


LINK = {"work.py": WRONG, "src": Path("../course", ASSIGNMENT, "samples/right")}


def test_a_folder_that_is_a_link_to_right_answers_is_not_graded(ran):
    runner, done = ran(LINK, with_inputs(folder="src"))
    assert "src is a link out of the student's repository, which is not followed" in done.log
    assert (done.failed, runner.points) == (True, None)


def test_a_link_that_was_followed_would_earn_points(ran, tmp_path):
    """The twin."""
    action = changed(tmp_path, r"if \[\[ \$submission/ .*", "if false; then")
    runner, _ = ran(LINK, with_inputs(folder="src"), action)
    assert runner.points == (3.0, 3.0)


def test_a_course_among_a_students_files_is_refused(ran):
    """The twin is above: by the assignment there, what is wrong is right."""
    runner, done = ran({"work.py": WRONG, **THEIRS}, with_inputs(course="submission"))
    assert "submission is in the student's repository, which could replace it" in done.log
    assert (done.failed, runner.points) == (True, None)


def unguarded(log):
    """The same log, in which nothing stops commands."""
    return "".join(line for line in log.splitlines(keepends=True) if "stop-commands" not in line)


def test_what_a_student_prints_is_no_command_of_the_workflow(hostile):
    """And the twin."""
    _, done = hostile
    assert [name for name, _, _ in commands(done.log)] == ["error"]
    assert {name for name, _, _ in commands(unguarded(done.log))} == {"error", "add-mask", "set-output", "add-path"}


INJECTION = "$(touch injected)"


def test_an_input_is_no_part_of_a_script(ran):
    runner, done = ran({"work.py": RIGHT}, with_inputs(assignment=INJECTION))
    assert "no such assignment" in done.log
    assert not list(runner.folder.rglob("injected"))


def test_an_input_in_a_script_would_be_run(ran, tmp_path):
    """The twin."""
    action = changed(tmp_path, r'grade "\$ASSIGNMENT"', 'grade "${{ inputs.assignment }}"')
    runner, _ = ran({"work.py": RIGHT}, with_inputs(assignment=INJECTION), action)
    assert list(runner.folder.rglob("injected"))


# --- a class on GitHub -----------------------------------------------------------------------------------------------

DOCKER = f"""\
#!{sys.executable}
import os, subprocess, sys
open(__file__ + ".asked", "a").write(" ".join(sys.argv[1:]) + "\\n")
volumes = [sys.argv[i + 1].split(":")[:2] for i, word in enumerate(sys.argv) if word == "--volume"]
where = dict((there, here) for here, there in volumes)
after = sys.argv[sys.argv.index("IMAGE") + 1:]
command = [{str(GRADER)!r}, *(where.get(word, word) for word in after)]
folder = sys.argv[sys.argv.index("--workdir") + 1] if "--workdir" in sys.argv else "/results"
environment = {{"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"], "HOME": "/nowhere"}}
sys.exit(subprocess.run(command, cwd=where[folder], env=environment).returncode)
"""
RESTRICTIONS = (
    "--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges", "--user 1000", "--tmpfs /tmp",
)  # fmt: skip


def grade_class(folder, assignment):
    """Execute the instructor's template on a class."""
    bob = f"def double(x): raise ValueError({COMMANDS[-1]!r})\ndef pair(xs): return min(xs), max(xs)\n"
    files = {**COURSE, "submissions/alice/work.py": RIGHT, "submissions/bob/work.py": bob}
    path = tool(folder / "tools", "docker", DOCKER)
    inputs = {"assignment": assignment, "submissions": "submissions"}
    runner = Runner(folder, {"": write(folder / "course", files)}, inputs, path)
    return runner, runner.job(read(GITHUB / "class.yml")["jobs"]["grade"])


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    return grade_class(tmp_path_factory.mktemp("class"), "naive_em")


def test_a_class_is_graded_and_its_gradebook_and_pages_are_kept(graded):
    runner, done = graded
    assert not done.failed, done.log
    kept = runner.artifacts["results"]
    assert {"summary.html", "feedback/alice.html", "feedback/bob.html"} <= set(kept)
    assert kept["gradebook.csv"].decode().splitlines() == ["id,double,pair,total,max", "alice,1,2,3,3", "bob,0,2,2,3"]
    assert "| alice | 3 of 3 points |  |" in done.summary


def test_the_container_has_no_network_no_rights_and_nothing_to_write_to_but_results(graded):
    runner, _ = graded
    asked = (runner.folder / "tools/docker.asked").read_text().splitlines()
    assert len(asked) == 2
    assert all(restriction in line for line in asked for restriction in RESTRICTIONS)
    volumes = [volume.split(":", 1)[1] for line in asked for volume in re.findall(r"--volume (\S+)", line)]
    assert volumes == ["/class:ro", "/results", "/results"]


def test_what_a_student_of_a_class_says_is_no_command_of_the_workflow(graded):
    """And the twin: of a class the log has messages."""
    _, done = graded
    assert list(commands(done.log)) == []
    assert {name for name, _, _ in commands(unguarded(done.log))} == {"add-path"}


def test_a_class_that_could_not_be_graded_fails(tmp_path):
    runner, done = grade_class(tmp_path, "naive_me")
    assert done.failed
    assert "naive_me: no such assignment" in done.log
    assert runner.artifacts["results"] == {}


# --- GitLab ----------------------------------------------------------------------------------------------------------

PRELUDE = "if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit; set +o noclobber\n"
"""How GitLab's runner begins a script."""


@pytest.fixture
def gitlab(tmp_path, course):
    """Execute the job on a project with these files; what is the image's folder of assignments there, is the course."""
    path = tool(tmp_path / "tools", "grader", f'#!/bin/sh\nexec {GRADER} "$@"\n')

    def run(files, folder=".", without=None):
        project = with_links(tmp_path / "alice", files)
        job = read(GITLAB)["grade"]
        script = "\n".join(job["script"]).replace("cd /course", f"cd {course}")
        assert without is None or without in script
        env = {**job["variables"], "FOLDER": folder, "CI_PROJECT_DIR": str(project)}
        text = f"{PRELUDE}cd {project}\n{script.replace(without, '') if without else script}"
        return project, Runner(tmp_path / "machine", {}, path=path).bash(f"exec sh <<'THE END'\n{text}\nTHE END\n", env)

    return run


def reported(project):
    """What GitLab takes from the job: of each test whether it passed, and the pages."""
    artifacts = read(GITLAB)["grade"]["artifacts"]
    report = project / artifacts["reports"]["junit"]
    cases = ET.fromstring(report.read_bytes()).findall(".//testcase") if report.exists() else []  # noqa: S314  our own
    pages = [page.name for kept in artifacts["paths"] for page in sorted((project / kept).rglob("*.html"))]
    return [len(case) == 0 for case in cases], pages


def test_gitlab_gets_a_test_a_case_and_the_page(gitlab):
    project, done = gitlab({"work.py": RIGHT})
    assert (done.failed, reported(project)) == (False, ([True, True, True], ["alice.html"])), done.log


def test_files_of_any_name_in_a_students_project_change_nothing(gitlab):
    project, done = gitlab({"work.py": WRONG, **THEIRS})
    assert (done.failed, reported(project)) == (True, ([False, False, True], ["alice.html"])), done.log
    assert touched(project) == []


FORGED = {
    "README.md": "",
    "grading/junit.xml": "<testsuite><testcase/></testsuite>",
    "grading/feedback/x.html": "all right",
}


def test_reports_that_a_student_wrote_are_not_those_of_a_job_that_fails(gitlab):
    project, done = gitlab(FORGED)
    assert (done.failed, reported(project)) == (True, ([], []))
    assert "no work.py here" in done.log


def test_they_would_be_where_nothing_removed_them(gitlab):
    """The twin."""
    project, done = gitlab(FORGED, without='rm -rf -- "$CI_PROJECT_DIR/grading"')
    assert (done.failed, reported(project)) == (True, ([True], ["x.html"]))


def test_a_folder_that_is_a_link_out_of_the_project_is_not_graded(gitlab, course):
    project, done = gitlab({"work.py": WRONG, "src": course / ASSIGNMENT / "samples/right"}, "src")
    assert "src is a link out of the student's project, which is not followed" in done.log
    assert (done.failed, reported(project)) == (True, ([], []))


def test_such_a_link_would_pass(gitlab, course):
    """The twin."""
    files = {"work.py": WRONG, "src": course / ASSIGNMENT / "samples/right"}
    project, done = gitlab(files, "src", without="; exit 2")
    assert (done.failed, reported(project)) == (False, ([True, True, True], ["right.html"]))


def test_the_job_goes_where_the_image_has_its_assignments():
    assert "cd /course\n" in read(GITLAB)["grade"]["script"][0]
    assert re.findall(r"^WORKDIR (.*)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE)[-1] == "/course"


# --- the pages -------------------------------------------------------------------------------------------------------


def as_document(page, text):
    """What a block of a page is: a whole file, or steps of a job."""
    if "gitlab" in page:
        return parsed(text), "gitlab-ci"
    block = parsed(text)
    job = {"runs-on": "ubuntu-24.04", "steps": block}
    whole = {"on": "push", "permissions": {"contents": "read"}, "jobs": {"grade": job}}
    return (whole if isinstance(block, list) else block), "github-workflows"


@pytest.mark.parametrize("block", OF_PAGES, ids=lambda block: block.where)
def test_a_block_of_a_page_does_what_it_says(tmp_path, block):
    if block.language == "yaml":
        assert problems(*as_document(block.page, block.text)) == []
        return
    if block.language == "text":  # what the settings of a project name
        assert block.text.partition("@")[0] == GITLAB.name
        return
    (tmp_path / "course").mkdir()
    (tmp_path / "proofgrade").symlink_to(ROOT)
    subprocess.run(["bash", "-euc", block.text], cwd=tmp_path / "course", check=True)
    (copied,) = (tmp_path / "course").rglob("*.yml")
    assert copied.name in {file.name for file in SCHEMAS}


def test_the_job_of_the_template_is_what_the_page_adds_to():
    (block,) = [block for block in OF_PAGES if block.text.startswith("include:")]
    added, job = parsed(block.text), read(GITLAB)["grade"]
    assert added["include"][0]["file"] == GITLAB.name
    assert added["grade"].keys() <= job.keys()
    assert added["grade"]["variables"].keys() <= job["variables"].keys()
