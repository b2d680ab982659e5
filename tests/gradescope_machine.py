"""A folder that plays Gradescope's `/autograder`: laid out, set up and asked as Gradescope does it.

In a container of Gradescope's kind, where the folder is `/autograder` itself, the same steps are: `lay_out`, then as root
`/autograder/source/setup.sh` once, and for each `hand_in` `/autograder/run_autograder`.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile

from tests.conftest import write

HANDED_IN = "2026-11-02T10:00:00.365935-08:00"


def lay_out(package, root):
    """Unpack an autograder's zip as Gradescope does, with the modes that it has."""
    source = root / "source"
    for folder in ("source", "submission", "results"):
        (root / folder).mkdir(parents=True)
    with zipfile.ZipFile(package) as file:
        for entry in file.infolist():
            os.chmod(file.extract(entry, source), entry.external_attr >> 16)
    shutil.copy(source / "run_autograder", root)
    return root


PYTHON = """#!/bin/sh
[ "$1 $2" != "-m venv" ] || set -- "$@" --without-pip
exec '{}' "$@"
"""
PIP = """
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "lent.pth").write_text({!r})
print(*sys.argv[1:])
"""


def set_up(root, tools):
    """Run setup.sh with a pip that installs nothing: it lends what the tests' own environment has.

    Return what it printed.
    """
    python, lent = getattr(sys, "_base_executable", sys.executable), sysconfig.get_path("purelib")
    write(tools, {"python3.11": PYTHON.format(python), "modules/pip.py": PIP.format(f"{lent}\n")})
    (tools / "python3.11").chmod(0o755)
    (root / "source/.python-version").write_text("3.11\n")
    paths = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(tools / "modules")}
    done = subprocess.run(
        [root / "source/setup.sh"],
        env=environment(root, **paths),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(root, **more):
    return {"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), **more}


def metadata(**changes):
    """What Gradescope says of a submission, as its documentation has it."""
    return {
        "id": 123456,
        "created_at": HANDED_IN,
        "assignment": {
            "due_date": None, "group_size": 4, "group_submission": True, "id": 25828, "course_id": 1234,
            "late_due_date": None, "release_date": "2026-10-02T00:00:00.000000-08:00", "title": "Small", "total_points": "3.0",
        },
        "submission_method": "upload",
        "users": [user()],
        "previous_submissions": [],
        **changes,
    }  # fmt: skip


def user(due=None):
    dates = {"release_date": None, "due_date": due, "late_due_date": None}
    return {"email": "student@example.com", "id": 1234, "name": "Student User", "assignment": dates}


def previous(day, results, score=None):
    """What Gradescope says of an earlier submission, with the file that was written for it."""
    score = results.get("score") if score is None else score
    return {"submission_time": f"2026-10-{day:02}T10:00:00.000000-08:00", "score": score, "results": results}


def hand_in(root, files, about=None):
    """Put a submission where Gradescope does, in place of the one before."""
    shutil.rmtree(root / "submission")
    (root / "submission").mkdir()
    (root / "submission_metadata.json").write_text(json.dumps(about or metadata()))
    return write(root / "submission", files)


def run(root, limit="", **more):
    """Run the autograder, on a machine that may limit processes; return how it ended, and the results."""
    done = subprocess.run(
        ["sh", "-c", f'{limit}\nexec "$0"', root / "run_autograder"], env=environment(root, **more), cwd=root / "submission",
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done, json.loads((root / "results/results.json").read_text())
