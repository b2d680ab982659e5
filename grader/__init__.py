"""Grades numerical course assignments.

An assignment is a folder with an `assignment.yaml`. Grading runs in one direction:

    spec ──► prepare ──► engine ──► report
              │  ▲        │  ▲
        trusted worker   child of the fork server

`spec` reads the assignment. `prepare` has the instructor's own Python (the inputs, the reference) make the
arguments and the wanted values of every case, in a worker of its own, and keeps them. For each submission `engine`
asks the fork server in `sandbox` for one child, sends it the student's files and then call after call, and
compares what comes back (`compare`), scores it (`score`) and puts it into words (`messages`). The child gets inputs
and returns data: no expected value, score or verdict is ever where student code runs.

What is ours and what is the student's are different types: an `Outcome` is what a submission did and may cost
points; a `GraderError` is a wrong call, a wrong spec or a fault of this machine and never does.
"""

import importlib

__version__ = "0.1.0"


def check(name: object = None, function: object = None) -> object:
    """Check a function of yours against an assignment's public cases: `grader.check("estep", estep)` (see `live`)."""
    return importlib.import_module("grader.live").check(name, function)  # so that `import grader` costs nothing
