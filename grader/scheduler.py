"""A Dask scheduler, and its workers as they are seen from here."""

import functools
import logging
import queue
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast
from uuid import uuid4

from grader import __version__, remote
from grader.errors import FaultError, UsageError

Came = TypeVar("Came")
CONNECT_SECONDS = 8.0
"""How long the scheduler may take to answer."""
ANSWER_SECONDS = 60.0
"""How long a worker may take to say its versions, for which it may have to load the grader."""
_LOST = frozenset({"KilledWorker", "NoValidWorkerError", "NoWorkerError"})
"""What Dask raises for a task that has lost its worker, besides cancelling it."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Give a client of the scheduler at HOST:PORT.

    Raises:
        UsageError: Dask is not installed.
        FaultError: no scheduler answers there.
    """
    try:
        import dask  # noqa: PLC0415  only where there is a cluster
        import distributed  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = f"a cluster takes {error.name}, which is not installed here"
        raise UsageError(f"{missing}: pip install 'proofgrade[dask]'") from error
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it is told here
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        connect = functools.partial(_connect, distributed.Client, address)
        client = _within(CONNECT_SECONDS + 1, connect)
        if client is None:
            raise FaultError(f"no Dask scheduler answers at {address}: is it running, and is the port right?")
        try:
            yield client
        finally:
            if client.status == "running":  # else the scheduler is lost, and would be waited for
                client.close(timeout=CONNECT_SECONDS)


def _connect(make: Callable[..., Any], address: str) -> Any:
    with warnings.catch_warnings(action="ignore"), suppress(Exception):  # of other versions; whatever answers there
        return make(address, timeout=CONNECT_SECONDS, set_as_default=False, name="proofgrade")
    return None


def _within(seconds: float, make: Callable[[], Any]) -> Any:
    """Return what a function returns, or None where that takes longer: Dask waits for ever for what is no scheduler."""
    came: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=lambda: came.put(make()), daemon=True).start()
    with suppress(queue.Empty):
        return came.get(timeout=seconds)
    return None


class LostError(Exception):
    """A worker is not there any more."""


class Worker:
    """A worker process, from when it was seen until it is lost."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self.address = client, address
        self.token = uuid4().hex
        self.opened, self.lost = False, False
        self.problem: str | None = None
        """Why it cannot be used."""
        self._task: Any = None

    def ask(self, function: Callable[..., Came], *args: object) -> Came:
        """Have it call a function of `remote`.

        Raises:
            LostError: it is lost.
        """
        pinned = {"workers": [self.address], "allow_other_workers": False, "pure": False, "retries": 0}
        self._task = self._client.submit(function, *args, **pinned)
        if self.lost:  # before there was a task to cancel
            self.lose()
        try:
            return cast("Came", self._task.result())
        except CancelledError:
            raise LostError from None
        except Exception as error:
            if type(error).__name__ in _LOST:
                raise LostError from None
            raise
        finally:
            self._task = None

    def versions(self) -> Mapping[str, str]:
        """Ask for its versions, outside of tasks: one that a worker cannot import would end it.

        Raises:
            LostError: it is lost.
            Exception: it has no grader, or fails otherwise.
        """
        options = {"workers": [self.address], "on_error": "return", "callback_timeout": ANSWER_SECONDS}
        answer = self._client.run(remote.versions, **options)[self.address]
        if isinstance(answer, OSError):
            raise LostError
        if isinstance(answer, Exception):
            raise answer
        return cast("Mapping[str, str]", answer)

    def lose(self) -> None:
        """Let whoever waits for it know that it is lost."""
        self.lost, task = True, self._task
        if task is not None:
            with suppress(Exception):  # without a scheduler Dask has cancelled it, or does when it gives up
                task.cancel()


def in_words(error: Exception) -> str:
    """Return on one line what went wrong on a worker, or on the way to it."""
    install = f"install proofgrade=={__version__} there, with all that the assignment takes"
    if "ModuleNotFoundError" in repr(error):  # also where it came as the text of another one
        return f"{error}; {install}"
    if "task graph" in str(error):  # which the scheduler reads too
        return f"the scheduler does not know what is sent; {install} too"
    return " ".join(f"{type(error).__name__}: {error}".split())
