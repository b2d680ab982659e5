"""Nothing open but the streams and one socket."""

import contextlib
import os

from grader.sandbox.lockdown import system
from grader.sandbox.lockdown.layer import BrokenError, Layer

KEPT = 4
"""From this number on, no descriptor of the zygote's is left: 0 to 2 are the streams, 3 is the socket."""


class Descriptors(Layer):
    """Above all not the socket by which the zygote takes its orders."""

    what = "whatever the fork server has open"
    remedy = "use Linux 5.9 or later"

    def missing(self) -> str:
        """Ask to close where nothing is open."""
        try:
            _close_from(2**31 - 1)
        except OSError as error:
            return f"descriptors cannot be closed all at once: {error.strerror}"
        return ""

    def apply(self) -> None:
        """Close them all, whatever their numbers: there may be some beyond the limit."""
        _close_from(KEPT)

    def probe(self) -> None:
        """Look for one that is open."""
        for descriptor in range(KEPT, 1024):
            with contextlib.suppress(OSError):
                os.fstat(descriptor)
                raise BrokenError(f"has descriptor {descriptor} open")


def _close_from(number: int) -> None:
    system.call("close_range", number, 2**31 - 1, 0)
