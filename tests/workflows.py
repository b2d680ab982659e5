"""What is wrong with a workflow or an action, before anything runs it: by its schema, and by what a schema can't say."""

import re

from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.validators import validator_for

from tests.conftest import ROOT
from tests.runner import EXPRESSION, OURS, read

OUTPUTS = {OURS: set(read(ROOT / "docker/github/action.yml")["outputs"])}
"""What the actions tell that our templates use the outputs of."""


def problems(document, schema):
    """Return what is wrong with a document, a sentence each."""
    told = [*_by_schema(document, schema)]
    if schema == "gitlab-ci" or told:
        return told
    steps = [step for job in document.get("jobs", {}).values() for step in job["steps"]] or document["runs"]["steps"]
    started = document.get("on")
    by_hand = started["workflow_dispatch"] if isinstance(started, dict) else {}
    inputs = document.get("inputs") or by_hand.get("inputs", {})
    known = {"github.actor", "runner.temp", *(f"inputs.{name}" for name in inputs)}
    for step in steps:
        told += _of_step(step)
        told += _unknown(step, known)
        known |= _tells(step)
    told += _unknown(document.get("outputs", {}), known)
    if "jobs" in document and document.get("permissions") != {"contents": "read"}:
        told.append("a job may do more than read")
    return told


def _by_schema(document, schema):
    rules = get_builtin_schema(f"vendor.{schema}")
    typed = _typed(document)
    for error in validator_for(rules)(rules).iter_errors(typed):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


def _typed(value):
    """Return what GitHub and GitLab take texts for, where a schema tells numbers from texts."""
    if isinstance(value, dict):
        return {key: _typed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return {"true": True, "false": False}.get(value, int(value) if value.isdecimal() else value)


def _of_step(step):
    """Yield what is wrong with a step by itself."""
    uses, given = step.get("uses", ""), step.get("with", {})
    if EXPRESSION.search(step.get("run", "")):
        yield "a script has an expression in it, which may be anybody's text"
    if uses and not re.fullmatch(r"[\w./-]+@(v\d+|REF|[0-9a-f]{40})", uses):
        yield f"{uses} is not pinned"
    if uses.startswith("actions/checkout@") and given.get("persist-credentials") != "false":
        yield "a checkout leaves its token behind"
    if uses == OURS:
        declared = read(ROOT / "docker/github/action.yml")["inputs"]
        yield from (f"{name} is no input" for name in given if name not in declared)
        needed = {name for name, about in declared.items() if about.get("required")}
        yield from (f"{name} is missing" for name in needed - set(given))


def _tells(step):
    """Return the names of what a step tells those after it."""
    own = set(re.findall(r'echo "(\w+)=.*GITHUB_OUTPUT', step.get("run", "")))
    if "--format github" in step.get("run", ""):
        own.add("result")
    return {f"steps.{step.get('id')}.outputs.{name}" for name in own | OUTPUTS.get(step.get("uses"), set())}


def _unknown(value, known):
    """Yield the names in expressions that nothing has."""
    for expression in EXPRESSION.findall(str(value)):
        for name in re.findall(r"\w[\w-]*(?:\.[\w-]+)+", expression):
            if name not in known:
                yield f"{name} is not known here"
