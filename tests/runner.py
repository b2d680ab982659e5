"""Executes workflows of GitHub as its runner does, as far as our templates go.

A `run` is executed by bash with the runner's options, variables and files; what it prints is read for commands as the
runner reads it. Of foreign actions there are stand-ins: a checkout copies a folder, an upload keeps one, and the reporter
of GitHub Classroom adds up points. Our action is executed step by step.
"""

import json
import os
import re
import shutil
import subprocess
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.conftest import ROOT

OURS = "OWNER/proofgrade/docker/github@REF"
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_COMMANDS = {"add-mask", "add-path", "debug", "error", "notice", "save-state", "set-env", "set-output", "warning"}


def parsed(text):
    """Return what YAML says, all of it as texts: to others `on` is a truth."""
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  which makes no objects


def read(path):
    return parsed(path.read_text(encoding="utf-8"))


def commands(log):
    """Yield the commands that the runner takes from a log: the name, the properties, the text."""
    known, word = _COMMANDS | {"stop-commands"}, None
    for line in log.splitlines():
        found = re.match(r"\s*::(\S+?)(?: (.*?))?::(.*)", line) or re.search(r"##\[(\S+?)(?: (.*?))?\](.*)", line)
        if not found or found[1] not in known or (word and found[1] != word):
            continue
        if found[1] == word:
            known, word = known - {word}, None
        elif found[1] == "stop-commands":
            word = found[3]
            known = known | {word}
        else:
            pairs = (one.partition("=") for one in re.split("[,;]", found[2] or "") if one)
            yield found[1], {key.strip(): value for key, _, value in pairs}, found[3]


@dataclass
class Done:
    """What came of a step or a job."""

    failed: bool
    log: str = ""
    outputs: dict = field(default_factory=dict)
    summary: str = ""

    @property
    def annotations(self):
        """Where the errors are that the log marks: the file and the line."""
        found = [properties for name, properties, _ in commands(self.log) if name == "error"]
        return [(properties.get("file"), properties.get("line")) for properties in found]


@dataclass
class Runner:
    """A machine for one job: a workspace, a folder for temporary files, and the repositories that can be checked out."""

    folder: Path
    repositories: dict
    """Folders by their names; "" is the one that the workflow belongs to."""
    inputs: dict = field(default_factory=dict)
    path: str = os.environ["PATH"]
    action: Path = ROOT / "docker/github"
    artifacts: dict = field(default_factory=dict)
    points: tuple | None = None
    """What the reporter tells GitHub Classroom: those that were earned, and the most."""

    def __post_init__(self):
        self.workspace, self.temp = self.folder / "workspace", self.folder / "temp"
        for folder in (self.workspace, self.temp):
            folder.mkdir(parents=True)

    def job(self, job):
        """Execute a job."""
        steps, done = {}, Done(failed=False)
        env = dict(job.get("env", {}))
        for number, step in enumerate(job["steps"]):
            contexts = {"steps": steps, "inputs": self.inputs, "runner": {"temp": str(self.temp)}}
            wanted = step.get("if", "").removeprefix("${{").removesuffix("}}").strip()
            if not (_value(wanted, contexts) if wanted else not done.failed):
                continue
            one = self.step(step, contexts, env)
            done.failed |= one.failed
            done.log += one.log
            done.summary += one.summary
            steps[step.get("id", f"__{number}")] = {"outputs": one.outputs}
        return done

    def step(self, step, contexts, env):
        """Execute a step."""
        env = {**env, **{key: _filled(value, contexts) for key, value in step.get("env", {}).items()}}
        with_ = {key: _filled(value, contexts) for key, value in step.get("with", {}).items()}
        if "run" in step:
            return self.bash(_filled(step["run"], contexts), env)
        action = step["uses"].partition("@")[0]
        return {
            "actions/checkout": self._checkout,
            "actions/setup-python": lambda *_: Done(failed=False),
            "actions/upload-artifact": self._upload,
            "classroom-resources/autograding-grading-reporter": self._report,
            OURS.partition("@")[0]: self._ours,
        }[action](with_, env)

    def bash(self, script, env=None, cwd=None):
        """Execute a script as the runner does."""
        script_file, output, summary = (self.temp / f"__{name}" for name in ("script.sh", "output", "summary"))
        script_file.write_text(script, encoding="utf-8")
        output.write_text("")
        summary.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script_file],
            cwd=cwd or self.workspace,
            env={
                "PATH": self.path,
                "HOME": str(self.folder),
                "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_ACTION_PATH": str(self.action),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                **(env or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        printed = {how["name"]: text for name, how, text in commands(done.stdout) if name == "set-output"}
        written = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return Done(done.returncode != 0, done.stdout, {**printed, **written}, summary.read_text())

    def _checkout(self, with_, _env):
        target = self.workspace / with_.get("path", ".")
        shutil.copytree(self.repositories[with_.get("repository", "")], target, symlinks=True, dirs_exist_ok=True)
        return Done(failed=False)

    def _upload(self, with_, _env):
        path = Path(with_["path"])
        if path.exists():
            files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
            self.artifacts[with_["name"]] = {one.relative_to(path).as_posix(): one.read_bytes() for one in files}
        return Done(failed=False)

    def _report(self, with_, env):
        told = [json.loads(b64decode(env[f"{name.upper()}_RESULTS"])) for name in with_["runners"].split(",")]
        tests = [test for one in told for test in one["tests"]]
        self.points = sum(test["score"] for test in tests), sum(one["max_score"] for one in told)
        return Done(failed=any(one["status"] in {"fail", "error"} for one in told))

    def _ours(self, with_, env):
        """Execute our action; the environment of the job is there too."""
        action = read(self.action / "action.yml")
        given = {key: with_.get(key, about.get("default", "")) for key, about in action["inputs"].items()}
        steps, done = {}, Done(failed=False)
        for step in action["runs"]["steps"]:
            contexts = {"inputs": given, "steps": steps}
            one = self.step(step, contexts, env)
            steps[step.get("id", "")] = {"outputs": one.outputs}
            done = Done(one.failed, done.log + one.log, {}, done.summary + one.summary)
            if one.failed:
                break
        contexts = {"inputs": given, "steps": steps}
        done.outputs = {key: _filled(about["value"], contexts) for key, about in action["outputs"].items()}
        return done


def _filled(text, contexts):
    return EXPRESSION.sub(lambda found: _value(found[1], contexts), text)


def _value(expression, contexts):
    """Return what an expression is: a name, or several things that must be so."""
    value = ""
    for term in (one.strip() for one in expression.split("&&")):
        value = "true" if term == "!cancelled()" else _named(term, contexts)
        if not value:
            return ""
    return value


def _named(name, contexts):
    found = contexts
    for part in name.split("."):
        found = found.get(part, {})
    return found or ""
