"""What people look at, and what they give for it: the records."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it was handed in: `media` is its type, such as `image/png`."""

    media: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What a person marks: prose, pictures, or both."""

    text: str = ""
    pictures: tuple[Picture, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash by which a mark knows what it was given for."""
        digest = sha256(f"{len(self.text)} {self.text}".encode())
        for picture in self.pictures:
            digest.update(f"{picture.media} {len(picture.data)} ".encode() + picture.data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class RubricLine:
    """For what a person gives so many points."""

    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person gave: `lines` are the points of each line of the rubric, `sha256` is what it was given for."""

    score: float
    comment: str
    sha256: str
    lines: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Clusters:
    """Components of a mixture: `means` (K, 2), `covariances` (K, 2, 2), `weights` (K)."""

    means: tuple[tuple[float, float], ...]
    covariances: tuple[tuple[tuple[float, float], tuple[float, float]], ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points in the plane, and over them the components that the student found, beside the right ones."""

    title: str
    points: tuple[tuple[float, float], ...]
    got: Clusters | None
    want: Clusters
    kind: Literal["scatter"] = "scatter"


@dataclass(frozen=True, slots=True)
class Curve:
    """A number after each iteration: what the student's functions make it, beside what right ones make it."""

    title: str
    label: str
    """What the number is."""
    got: tuple[float, ...]
    want: tuple[float, ...]
    kind: Literal["curve"] = "curve"


Drawing = Scatter | Curve
