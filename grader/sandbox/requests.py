"""The frames that are sent to a worker (see `worker` for what they mean)."""

from collections.abc import Mapping
from typing import Any

from grader.sandbox import protocol


def load_request(main: str, files: Mapping[str, bytes], given: Mapping[str, bytes], names: Mapping[str, str]) -> bytes:
    """Return the frame that loads a submission in a child."""
    return protocol.pack({"load": {"main": main, "files": dict(files), "given": dict(given), "names": dict(names)}})


def cell_request(name: str, source: bytes) -> bytes:
    """Return the frame that runs a cell of a notebook in what was loaded."""
    return protocol.pack({"cell": {"name": name, "source": source}})


def value_request(source: str) -> bytes:
    """Return the frame that asks what an expression is in what was loaded."""
    return protocol.pack({"value": {"source": source}})


def call_request(function: str, args: list[Any], seed: int, **more: Any) -> bytes:
    """Return the frame that calls a function; `more` are the other keys of a call (see `worker`)."""
    return protocol.pack({"call": {"function": function, "args": args, "seed": seed, **more}})


def parameters_request(function: str) -> bytes:
    """Return the frame that asks for the names of what a function takes."""
    return protocol.pack({"parameters": {"function": function}})


def rounds_request(steps: list[list[Any]], state: Mapping[str, Any], number: str, times: int, seed: int) -> bytes:
    """Return the frame that asks for a number after each of so many rounds of steps (see `worker`)."""
    made = {"steps": steps, "state": dict(state), "number": number, "times": times, "seed": seed}
    return protocol.pack({"rounds": made})


def answer(value: Any) -> bytes:
    """Return the frame that answers what a call asked."""
    return protocol.pack({"value": value})


def refusal(why: str) -> bytes:
    """Return the frame that answers that there is no answer."""
    return protocol.pack({"error": why})
