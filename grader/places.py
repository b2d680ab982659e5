"""Where a class is graded: on this machine, as many submissions at a time as there are fork servers."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from grader import engine, execution, servers, shared
from grader.assignment import Assignment
from grader.model import Sandbox
from grader.prepare import prepare
from grader.sandbox.launch import Zygote, zygotes
from grader.variants import Variants


@contextmanager
def here(
    assignment: Assignment, sandbox: Sandbox | None, jobs: int, begun: Sequence[Zygote] = ()
) -> Iterator[engine.Places]:
    """Open places on this machine for so many submissions at a time; some fork servers may have been begun before.

    Raises:
        SpecError: the assignment is wrong.
        LevelError: there is no sandbox as strong as is demanded.
        UsageError: there is nothing to grade by, or packages that it takes are not installed.
        FaultError: the grader, the instructor's code or the machine is at fault.
    """
    spec = assignment.spec
    with ExitStack() as stack:
        wanted = jobs if spec.submission.code and sandbox != "process" else len(begun)
        started = [*begun, *zygotes(stack, wanted - len(begun))]
        opened = stack.enter_context(servers.for_a_class(spec, started, sandbox, jobs, shared.beside(assignment)))
        executors = stack.enter_context(execution.for_a_class(spec, sandbox, jobs))
        variants = stack.enter_context(contextlib.closing(Variants(prepare(assignment))))  # while the servers start
        engine.begin(variants.plan, opened, executors)
        yield engine.Here(variants, opened, executors)
