"""Makes whole specs of the pieces that pages show, so that each can be held to what a spec may say."""

import yaml

from grader import assignment
from grader.spec import Case, Function, Spec

FUNCTIONS = {
    "estep": {
        "points": 1,
        "returns": ["post", "ll"],
        "cases": [{"name": "toy data", "args": {"X": {"load": "data/toy.txt"}, "mixture": {"make": "start", "K": 3}}}],
    },
    "mstep": {
        "points": 1,
        "returns": ["mixture"],
        "cases": [{"name": "toy data", "args": {"X": {"load": "data/toy.txt"}, "post": {"make": "random_post"}}}],
    },
}
"""What a piece may take for granted."""
LOOP = {
    "points": 1,
    "returns": ["mixture", "post", "ll"],
    "cases": [
        {
            "name": "toy data",
            "args": {
                "X": {"load": "data/toy.txt"},
                "mixture": {"make": "start", "K": 3},
                "post": {"make": "equal_post", "K": 3},
            },
        }
    ],
}
"""What stands in a function where its piece says nothing of it."""
ITERATES = {"estep": ["X", "mixture"], "mstep": ["X", "post"]}


def whole(piece):
    """Return a whole spec that has the piece, which is a spec or its keys, functions by their names, a case or cases."""
    if isinstance(piece, list):
        return _with_functions({"run": {"steps": ITERATES, "cases": piece + LOOP["cases"]}})
    keys = set(piece)
    if keys <= set(Spec.model_fields):
        return _with_the_rest(piece)
    if keys <= {"property" if name == "holds" else name for name in Case.model_fields}:
        return _with_functions({"work": _around({"name": "a case", **piece})})
    if all(isinstance(value, dict) and set(value) <= set(Function.model_fields) for value in piece.values()):
        return _with_functions(piece)
    raise ValueError(f"these are no keys of one part of a spec: {', '.join(keys)}")


def load(piece, folder):
    """Load an assignment that has the piece, in a folder that there is, and return its spec."""
    (folder / assignment.FILENAME).write_text(yaml.safe_dump(whole(piece), sort_keys=False))
    return assignment.load(folder).spec


def _with_functions(functions):
    return _with_the_rest(
        {"functions": {**FUNCTIONS, **{name: {**LOOP, **value} for name, value in functions.items()}}}
    )


def _around(case):
    """Return a function that has such a case: it returns all that the case names."""
    names = {name.partition(".")[0] for name in (*case.get("tolerance", ()), *case.get("expect", ()))}
    return {"returns": sorted(names) or ["y"], "cases": [case]}


def _with_the_rest(spec):
    spec = {"name": "piece", **spec}
    if "execute" in spec:
        spec["submission"] = {"notebook": "work.ipynb"}
    if "submission" not in spec:
        if "questions" not in spec:
            spec = {"functions": FUNCTIONS, **spec}
        sheet = {"answers": "answers.yaml"} if "questions" in spec else {}
        spec["submission"] = {**({"file": "work.py"} if "functions" in spec else {}), **sheet}
    if not {"functions", "questions", "execute"} & set(spec):
        spec["functions"] = FUNCTIONS
    return {"reference": "solution", **spec} if "functions" in spec else spec
