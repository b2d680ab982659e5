"""Students' pictures as files, for a viewer to open.

An SVG may hold scripts, which a browser would run if it were opened by itself. It is put into a page as an image: there
none run, and nothing is loaded from elsewhere.
"""

from base64 import b64encode
from pathlib import Path

from grader.content import Content, Picture

SVG = "image/svg+xml"
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", SVG: ".html"}
PAGE = """<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">
<img src="data:image/svg+xml;base64,{data}">
"""


def write_pictures(content: Content, folder: Path, name: str) -> list[Path]:
    """Write an answer's pictures into a folder, which is made where there are some, and return their paths."""
    if content.pictures:
        folder.mkdir(exist_ok=True)
    return [_written(one, folder / f"{name}-{number}") for number, one in enumerate(content.pictures, start=1)]


def _written(picture: Picture, path: Path) -> Path:
    path = path.with_name(path.name + SUFFIXES.get(picture.media, ".bin"))
    is_svg = picture.media == SVG
    path.write_bytes(PAGE.format(data=b64encode(picture.data).decode()).encode() if is_svg else picture.data)
    return path
