"""Modules that accept everything, for what a submission imports and nobody grades.

A plot that a student forgot to remove must not cost points, nor the seconds that a plotting library takes to load.
"""

import dis
import sys
import types
from collections.abc import Iterable, Iterator
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from typing import Any

PLOTTING = frozenset(["matplotlib", "mpl_toolkits", "pylab", "seaborn", "plotly", "bokeh", "altair"])
NOTEBOOKS = frozenset({"IPython", "ipywidgets", "google", "grader"})
"""What is used in notebooks alone: widgets, Colab, and the check of one's own functions."""
PROGRESS = frozenset({"tqdm"})


class Anything:
    """An object that can be called, indexed, iterated, entered and reckoned with, to no effect."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Accept any arguments, and return the same kind of thing."""
        return Anything()

    def __getitem__(self, _key: Any) -> Any:
        return Anything()

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        """Give as many items as the caller unpacks (`fig, ax = plt.subplots()`), and none to a loop."""
        frame = sys._getframe(1)
        return iter([Anything() for _ in range(_unpacked(frame.f_code.co_code, frame.f_lasti))])

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_args: object) -> None:
        pass

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0

    def _same(self, *_args: Any) -> Any:
        return Anything()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _same
    __neg__ = __abs__ = __round__ = __pow__ = __floordiv__ = __mod__ = __or__ = __ror__ = __and__ = __matmul__ = _same

    def _no(self, _other: Any) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _no


def _unpacked(code: bytes, at: int) -> int:
    """Return how many items the instruction at `at` takes apart, 0 where it is no unpacking."""
    operation, argument = dis.opname[code[at]], code[at + 1]
    if operation == "UNPACK_SEQUENCE":
        return argument
    return argument if operation == "UNPACK_EX" else 0


class _Open(type):
    """A class of which anything can be asked, such as `tqdm.write`."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class Bar(Anything, metaclass=_Open):
    """A progress bar that only passes on what it is given."""

    def __init__(self, iterable: Iterable[Any] = (), *_args: Any, **_kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        """Iterate over what it was given."""
        return iter(self.iterable)


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__.partition(".")[0] not in PROGRESS:
            return Anything()
        return _trange if name == "trange" else Bar


def _trange(*args: int, **_kwargs: Any) -> Bar:
    return Bar(range(*args))


class StandInLoader(Loader):
    """Makes a module in which every name is there."""

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return the empty module."""
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run nothing: there is no code."""
