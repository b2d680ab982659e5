"""Drawings as SVG, by matplotlib where it is installed, and in words.

The student's is drawn solid and in orange, over it the reference's dashed and in blue: one can tell them apart without
seeing colours, on white and on black. The background is transparent, and what frames the drawing is of a middle grey.
The same drawing makes the same bytes; most of a class has the same, so what was drawn is kept.
"""

import io
import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.content import Clusters, Curve, Drawing, Scatter
from grader.printable import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY = "#808080"
YOURS: dict[str, Any] = {"label": "yours", "color": "#d55e00", "linestyle": "-"}
RIGHT: dict[str, Any] = {"label": "the reference's", "color": "#0083cf", "linestyle": "--"}
SIZE = np.array([5.0, 3.4])
"""Of a drawing, in inches."""
FRAME = SIZE * [0.82, 0.72]
"""Of the part with the axes."""
CORNER = (0.15, 0.13)
"""Where that has its lower left corner, as shares of the drawing."""
SIGMAS = (1.0, 2.0)
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 37)), np.sin(np.linspace(0, 2 * np.pi, 37))])
MARGIN = 0.15
"""How much room there is around the points, as a share of their extent."""
MOST_OBLONG = 5
"""How many times as long as wide points may lie for a circle to be drawn as one."""
LONGEST = 80
"""How long a title may be, in characters."""
MOST_TOLD = 10
"""How many components are told in words."""
_SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "grader", "path.simplify": False, "font.size": 9}


@lru_cache(maxsize=256)
def svg(drawing: Drawing) -> str:
    """Return a drawing as an `svg` element, and an empty text where there is no matplotlib."""
    if find_spec("matplotlib") is None:
        return ""
    import matplotlib as mpl  # noqa: PLC0415  it takes long to load, and not everybody draws
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context(_SETTINGS), warnings.catch_warnings(action="ignore"):  # of fonts without a letter
        figure = Figure(figsize=tuple(SIZE), layout=None)
        axes = figure.add_axes((*CORNER, *(FRAME / SIZE)))
        _framed(axes, drawing.title)
        match drawing:
            case Scatter():
                _scatter(axes, drawing)
            case Curve():
                _curve(axes, drawing)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _bare(file.getvalue())


def _bare(text: str) -> str:
    """Return the element alone, and in it nothing that would reach beyond it on a page: no style, no groups' names."""
    alone = re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])
    return re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", alone, count=1, flags=re.DOTALL)


def _framed(axes: "Axes", title: str) -> None:
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    axes.set_title(_short(title), color=GREY, fontsize=9, y=1.09, parse_math=False)
    axes.locator_params(nbins=5)
    axes.tick_params(colors=GREY)
    for spine in axes.spines.values():
        spine.set_color(GREY)


def _short(text: str) -> str:
    text = plain(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"


def _scatter(axes: "Axes", drawing: Scatter) -> None:
    points = np.array(drawing.points)
    dots = np.stack([points, points, np.full_like(points, np.nan)], axis=1).reshape(-1, 2)  # lines without length
    axes.plot(*dots.T, color=GREY, linewidth=3, solid_capstyle="round")
    for clusters, style, mark in ((drawing.got, YOURS, "x"), (drawing.want, RIGHT, "+")):
        if clusters:
            axes.plot(*_ellipses(clusters), linewidth=1.4, **style)
            axes.plot(*np.array(clusters.means).T, mark, color=style["color"], markersize=7)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.maximum(high - low, 1e-9)
    shown = (1 + 2 * MARGIN) * extent
    if max(extent) < MOST_OBLONG * min(extent):  # then a unit is as long in both directions
        shown = max(shown / FRAME) * FRAME
    (left, bottom), (right, top) = (low + high - shown) / 2, (low + high + shown) / 2
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    _legend(axes)


def _ellipses(clusters: Clusters) -> np.ndarray[Any, np.dtype[Any]]:
    """Return (2, m) the ellipses of all components as one line, which is interrupted by NaN."""
    parts = []
    for mean, covariance in zip(clusters.means, clusters.covariances, strict=True):
        matrix = np.array(covariance)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        ring = vectors @ (np.sqrt(np.maximum(values, 0))[:, None] * CIRCLE)
        for sigma in SIGMAS:
            parts += [np.array(mean)[:, None] + sigma * ring, np.full((2, 1), np.nan)]
    return np.concatenate(parts, axis=1)


def _curve(axes: "Axes", drawing: Curve) -> None:
    for numbers, style in ((drawing.got, YOURS), (drawing.want, RIGHT)):
        axes.plot(range(1, len(numbers) + 1), numbers, linewidth=1.6, **style)
    axes.set_xlabel("round", color=GREY)
    axes.set_ylabel(_short(drawing.label), color=GREY, parse_math=False)
    _legend(axes)


def _legend(axes: "Axes") -> None:
    axes.legend(frameon=False, labelcolor=GREY, loc="lower center", bbox_to_anchor=(0.5, 0.98), ncols=2, fontsize=9)


# --- in words --------------------------------------------------------------------------------------------------------


def describe(drawing: Drawing) -> str:
    """Return in words what a drawing shows, for those who don't see it."""
    match drawing:
        case Scatter(title, points, got, want):
            yours = f"Yours: {_components(got)}." if got else "What yours returned cannot be drawn."
            return f"{title}: {len(points)} points. {yours} The reference's: {_components(want)}."
        case Curve(title, label, got, want):
            return f"{title}: {label} after each round. Yours {_course(got)}; the reference's {_course(want)}."


def _components(clusters: Clusters) -> str:
    K = len(clusters.means)
    places = [f"({x:.3g}, {y:.3g})" for x, y in clusters.means[:MOST_TOLD]]
    more = f" and {K - MOST_TOLD} more" if K > MOST_TOLD else ""
    return f"{K} component{'s' * (K != 1)}, at {', '.join(places)}{more}"


def _course(numbers: Sequence[float]) -> str:
    """Return how a curve runs: from where to where, and whether it falls on its way."""
    falls = sum(after < before for before, after in pairwise(numbers))
    rounds = f"in {len(numbers)} round{'s' * (len(numbers) != 1)}"
    text = f"goes from {numbers[0]:.6g} to {numbers[-1]:.6g} {rounds}" if numbers else "cannot be drawn"
    return f"{text}, falling in {falls} of them" if falls else text
