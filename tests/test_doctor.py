"""The doctor tells what holds, what does not, and what to do."""

import sys
from types import SimpleNamespace

import pytest

from grader import cli, doctor, model
from grader.doctor import Finding
from tests.conftest import ROOT
from tests.test_cli import grader

KNOWN = [
    {"name": "namespaces", "what": "other processes", "remedy": "run as root", "missing": ""},
    {"name": "cgroup", "what": "memory", "remedy": "run as root where it can be written", "missing": "no controller"},
    {"name": "seccomp", "what": "sockets", "remedy": "use x86-64", "missing": ""},
]


def test_every_layer_and_limit_of_this_machine_holds_or_has_a_remedy():
    done = grader("doctor", cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    names = [
        "namespaces",
        "cgroup",
        "rlimits",
        "privileges",
        "landlock",
        "descriptors",
        "seccomp",
        "memory",
        "time",
        "CPU time",
        "output",
    ]
    level = ["apart"] if "`container`" in lines[-1] else []
    assert [line[9:22].strip() for line in lines[:-1]] == level + names
    assert {line.split()[0] for line in lines[:-1]} <= {"PASS", "SKIPPED"}
    assert done.returncode == (0 if "A class can be graded here" in lines[-1] else 3)
    assert done.stdout.count("→") == sum(line.startswith("SKIPPED") for line in lines)


def test_a_layer_passes_fails_or_is_skipped():
    server = SimpleNamespace(known=KNOWN, broken={"seccomp": "can open a socket"}, unreadable="")
    assert list(doctor._readable(server)) == []
    assert list(doctor._layers(server)) == [
        Finding("namespaces", "PASS", "out of reach: other processes"),
        Finding("cgroup", "SKIPPED", "no controller", "run as root where it can be written"),
        Finding("seccomp", "FAIL", "student code can open a socket", "use x86-64"),
    ]


@pytest.mark.parametrize(
    ("apart", "level", "verdicts"),
    [(True, "container", ["PASS"]), (False, "container", ["SKIPPED"]), (False, "user", []), (True, "user", ["PASS"])],
)
def test_a_container_of_its_own_matters_where_there_are_no_namespaces(apart, level, verdicts):
    found = list(doctor._apart(SimpleNamespace(apart=apart, level=level)))
    assert [finding.verdict for finding in found] == verdicts
    assert [bool(finding.remedy) for finding in found] == [verdict == "SKIPPED" for verdict in verdicts]


class Child:
    def __init__(self, outcome):
        self.outcome = outcome

    def ask(self, frame, _deadline):
        return None if b"load" in frame[:40] else self.outcome

    def deadline(self, _wall, _cpu):
        return None

    def close(self):
        pass


@pytest.mark.parametrize("name", doctor._ATTEMPTS)
def test_a_limit_that_does_not_hold_fails(name):
    """Whatever else happens to a child that tries to exceed it."""
    for outcome in (model.Returned(1), model.Killed("signal SIGKILL")):
        server = SimpleNamespace(child=lambda _, outcome=outcome: Child(outcome))
        (found,) = [finding for finding in doctor._limits(server) if finding.name == name]
        assert (found.verdict, found.remedy) == ("FAIL", "tell us: this should work on every machine")


@pytest.mark.parametrize(
    ("level", "findings", "status", "last"),
    [
        ("user", [Finding("seccomp", "PASS", "x")], 0, "A class can be graded here: the sandbox is of level `user`."),
        ("user", [Finding("cgroup", "SKIPPED", "x", "y")], 0, "A class can be graded here: the sandbox is of level `user`."),
        ("", [Finding("landlock", "SKIPPED", "x", "y")], 3, "No class can be graded here safely. `grader check` works everywhere, for one's own code."),
    ],
)  # fmt: skip
def test_the_status_says_whether_a_class_can_be_graded(level, findings, status, last, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: (level, findings))
    assert cli.main(["doctor"]) == status
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_elsewhere_than_on_linux_there_is_no_sandbox(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert doctor.examine() == (
        "",
        [Finding("sandbox", "SKIPPED", "there is none on darwin", "grade on Linux or in a container")],
    )


@pytest.mark.parametrize("fails", ["_layers", "_readable", "_limits"])
def test_where_anything_fails_no_class_can_be_graded(fails, monkeypatch):
    monkeypatch.setattr(doctor, fails, lambda _: [Finding("x", "FAIL", "y")])
    level, findings = doctor.examine()
    assert (level, [finding.name for finding in findings if finding.verdict == "FAIL"]) == ("", ["x"])


def test_files_that_student_code_cannot_read_are_told():
    (found,) = doctor._readable(SimpleNamespace(unreadable="/hidden/python"))
    assert (found.verdict, found.text) == ("FAIL", "student code could not read /hidden/python, which it needs")
