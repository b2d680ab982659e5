"""What a layer of the lock-down is."""

import os
from dataclasses import dataclass


class BrokenError(Exception):
    """A layer does not hold: the text says what could be done that must not be."""


@dataclass(frozen=True)
class Settings:
    """What a child may use, and what of this machine it may see."""

    memory: int
    """In bytes, beyond what the zygote has mapped."""
    cpu_seconds: int
    """Of CPU time, for one child in all."""
    scratch: int
    """How large the folder may become into which a child may write, in bytes; 0 for no such folder."""
    readable: tuple[str, ...]
    """The files and folders that a child may read."""
    kernel: bool = False
    """Whether a child is to run a notebook's kernel, which takes threads, and sockets between its two processes."""
    files: tuple[tuple[str, int], ...] = ()
    """What lies in the folder where a child starts: their paths there and their sizes, in bytes."""
    contents: int = -1
    """The descriptor of a file that holds what is in these files, one after another."""

    def lay_out(self, folder: str) -> None:
        """Write the files into a folder, where everybody may read them."""
        before, offset = os.umask(0o022), 0  # the grader's may be stricter, and a child is somebody else
        for name, size in self.files:
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(os.pread(self.contents, size, offset))
            offset += size
        os.umask(before)


class Layer:
    """One wall around student code, in five acts. What a layer has nothing to do in is left as it is here.

    The fork server's process first does `begin` and forks; its child, from now on the zygote, does `enter`, and the
    process itself waits to `clean_up`. Every child of the zygote does `apply`, in the order of the layers.
    """

    what = ""
    """What it keeps from student code."""
    remedy = ""
    """What to do where it is missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def missing(self) -> str:
        """Return why this machine does not have it; an empty text where it does."""
        return ""

    def begin(self) -> None:
        """Do what is done once, before the zygote becomes a process of its own."""

    def enter(self) -> None:
        """Do what is done once, in the zygote."""

    def apply(self) -> None:
        """Lock the child that this is."""

    def probe(self) -> None:
        """Try to break it, in a child that has applied it.

        Raises:
            BrokenError: it does not hold.
        """
        raise NotImplementedError

    def clean_up(self) -> None:
        """Remove what `begin` has left on the machine; no process of the zygote's lives any more."""
