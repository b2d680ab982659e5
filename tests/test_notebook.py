"""A notebook is read as far as it can be, and where it cannot, one sentence says what happened to it."""

import base64
import contextlib
import json
import random
import subprocess
import sys

import pytest

from grader import notebook
from grader.notebook import Picture, UnreadableNotebook, read

PNG = b"\x89PNG\r\n\x1a\n and so on"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def cell(source="", kind="code", **more):
    outputs = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **outputs, **more}


def written(*cells, metadata=KERNEL, minor=5):
    return json.dumps({"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells}).encode()


def cells(*raw, **more):
    return read("hw.ipynb", written(*raw, **more)).cells


def shown(media="image/png", data=PNG):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": "<Figure>", media: base64.b64encode(data).decode()},
    }


V3 = {
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {"cells": [
            {"cell_type": "heading", "level": 2, "source": ["The E-step"]},
            {"cell_type": "code", "language": "python", "input": ["x = 1\n", "y = 2"], "collapsed": False,
             "outputs": [{"output_type": "display_data", "png": base64.b64encode(PNG).decode()}]},
        ]},
        {"cells": [{"cell_type": "code", "input": "z = 3", "outputs": [{"odd": 1}]}, {"cell_type": "code"}, None]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("minor", range(6))
def test_every_format_of_today_is_read(minor):
    (one,) = cells(cell("x = 1"), minor=minor)
    assert (one.number, one.kind, one.source, one.python) == (1, "code", "x = 1", "x = 1")


def test_an_old_notebook_is_upgraded_sheet_by_sheet():
    heading, first, second, *empty = read("hw.ipynb", json.dumps(V3).encode()).cells
    assert (heading.kind, heading.source) == ("markdown", "## The E-step")
    assert (first.number, first.source, first.pictures) == (1, "x = 1\ny = 2", (Picture("image/png", PNG),))
    assert (second.number, second.source) == (2, "z = 3")  # although its output is broken
    assert [each.number for each in empty] == [0, 0]


def test_cells_are_numbered_as_jupyter_numbers_those_that_run():
    kinds = [cell("a"), cell("# T", "markdown"), cell(" \n"), cell("%%bash\nls"), cell("b"), cell("c", "raw")]
    assert [each.number for each in cells(*kinds)] == [1, 0, 0, 2, 3, 0]


def test_magics_are_taken_out_of_code_alone():
    code, text = cells(cell("%%time\nx = 1"), cell("%%time\nx = 1", "markdown"))
    assert (code.python, text.python, text.source) == ("\nx = 1\n", "", "%%time\nx = 1")


TOLERATED = {
    "lines in a list": cell(["x = 1\n", "y"]),
    "a line of a list that is none": cell(["x = 1\n", None, 3, "y"]),
    "lines as Windows ends them": cell("x = 1\r\ny"),
    "no metadata, no outputs": {"cell_type": "code", "source": "x = 1\ny"},
    "broken metadata": cell("x = 1\ny", metadata="none", outputs={"a": 1}, attachments=[]),
    "broken outputs": cell("x = 1\ny", outputs=[None, {}, {"data": []}, {"data": {"text/plain": 3}}]),
    "an odd id": cell("x = 1\ny", id={"not": "an id"}),
    "an older cell's key": {"cell_type": "code", "input": ["x = 1\n", "y"], "outputs": []},
}


@pytest.mark.parametrize("name", TOLERATED)
def test_what_can_be_read_is_read(name):
    (one,) = cells(TOLERATED[name])
    assert (one.kind, one.source, one.pictures) == ("code", "x = 1\ny", ())


@pytest.mark.parametrize(
    "metadata",
    [None, [], {"kernelspec": None}, {"kernelspec": {"name": "x"}, "language_info": []}, {"kernelspec": {"language": 3}},
     {"language_info": {"name": "ipython"}}, {"kernelspec": {"language": "R"}, "language_info": {"name": "python"}}],
)  # fmt: skip
def test_metadata_that_is_broken_is_no_matter(metadata):
    assert [one.source for one in cells(cell("x"), metadata=metadata)] == ["x"]


def test_cells_that_are_none_are_empty():
    found = read("hw.ipynb", b'{"cells": [null, 3, "x", [], {}, {"cell_type": [1], "source": {}}]}').cells
    assert {(one.number, one.kind, one.source) for one in found} == {(0, "raw", "")}


def test_ids_may_be_there_twice():
    assert [one.number for one in cells(cell("x", id="a"), cell("y", id="a"))] == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_as_it_was_saved(encoding):
    data = json.dumps({"cells": [cell("µ = 1")]}, ensure_ascii=False).encode(encoding)
    assert [one.source for one in read("hw.ipynb", data).cells] == ["µ = 1"]


def test_half_a_character_becomes_a_question_mark():
    (one,) = cells(cell("x = '\ud800'"))
    assert one.source == "x = '?'"


UNREADABLE = {
    "empty": (b"", "is not JSON: it is empty: save the notebook and hand it in again"),
    "blank": (b" \n\n", "is not JSON: it is empty: save the notebook and hand it in again"),
    "a web page": (b"\n<!DOCTYPE html><html>", "is not JSON: it is a web page that was saved in place of the notebook: download the notebook itself"),
    "a script": (b"import numpy as np\n", "is not JSON: line 1 cannot be read (Expecting value): open it in Jupyter and save it again"),
    "a comma too many": (b'{\n "cells": [],\n}', "is not JSON: line 3 cannot be read (Expecting property name enclosed in double quotes): open it in Jupyter and save it again"),
    "cut between": (b'{\n "cells": [\n', "is not JSON: it ends in the middle, in line 2: it was not copied or downloaded to its end"),
    "cut in a text": (b'{\n "cells": [\n  {"source": "x = ', "is not JSON: it ends in the middle, in line 3: it was not copied or downloaded to its end"),
    "a conflict": (b'{\n "cells": [\n<<<<<<< HEAD\n  {},\n=======\n>>>>>>> theirs\n ]\n}', "is not JSON: line 3 has a merge-conflict marker (<<<<<<<): resolve the conflict and save again"),
    "half a conflict": (b'{\n "cells": [],\n>>>>>>> theirs\n}', "is not JSON: line 3 has a merge-conflict marker (>>>>>>>): resolve the conflict and save again"),
    "a list": (b"[1, 2]", "is JSON, but no notebook: it has no cells"),
    "a number": (b"7", "is JSON, but no notebook: it has no cells"),
    "no cells": (b'{"nbformat": 4, "cells": 3}', "is JSON, but no notebook: it has no cells"),
    "R": (written(metadata={"language_info": {"name": "R"}}), "is a notebook for `R`: this assignment is graded in Python"),
    "Julia": (written(metadata={"kernelspec": {"name": "julia-1.10", "language": "julia"}}), "is a notebook for `julia`: this assignment is graded in Python"),
    "nested brackets": (b"[" * 100_000, "is nested deeper than a notebook ever is"),
    "nested cells": (b'{"cells":' * 100_000, "is nested deeper than a notebook ever is"),
    "many cells": (written(*[{}] * 2001), "has 2001 cells; a notebook may have 2000"),
    "much code": (written(cell("#" * 2**20), cell("x" * 2**18)), "has 1.2 MiB of code; a notebook may have 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_told_in_a_sentence(name):
    data, reason = UNREADABLE[name]
    with pytest.raises(UnreadableNotebook) as caught:
        read("hw.ipynb", data)
    assert str(caught.value) == f"hw.ipynb {reason}"


@pytest.mark.parametrize(
    ("name", "most", "data", "reason"),
    [
        ("LARGEST", 50, written(cell("x")), "has 1 MiB; a notebook may have 0: clear its outputs and save it again"),
        ("MOST_VALUES", 9, written(cell("x")), "holds more than 9 values: clear its outputs and save it again"),
    ],
)
def test_what_is_too_large_is_told_before_it_is_parsed(name, most, data, reason, monkeypatch):
    monkeypatch.setattr(notebook, name, most)
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(UnreadableNotebook) as caught:
        read("hw.ipynb", data)
    assert str(caught.value) == f"hw.ipynb {reason}"


def test_a_number_of_any_length_is_no_matter():
    assert read("hw.ipynb", b'{"cells": [], "nbformat": ' + b"4" * 10_000 + b"}").cells == ()


def told(data):
    """Return what is said of a notebook that cannot be read."""
    with contextlib.suppress(UnreadableNotebook):
        read("hw.ipynb", data)
        return None
    with pytest.raises(UnreadableNotebook) as caught:
        read("hw.ipynb", data)
    return str(caught.value)


def test_a_damaged_notebook_is_read_or_told():
    """Whatever a few bytes are changed to, there are cells or there is a sentence."""
    rng = random.Random(0)
    whole = [json.dumps(V3).encode(), written(cell("%time x", outputs=[shown()]), cell("# answer: q", "markdown"))]
    said = []
    for n in range(400):
        data = bytearray(whole[n % 2])
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b'{}[]",:01a\xff\n')
        said.append(told(bytes(data)))
    assert {text[:9] for text in said if text} == {"hw.ipynb "}
    assert None in said


# --- what a cell is for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("# answer: loglik\n-24.5", "code"),
        ("x = 1\n  #Answer :loglik  \n", "code"),
        ("<!-- answer: loglik -->\nIt falls.", "markdown"),
        ("<!--answer:loglik-->", "markdown"),
        ("### ANSWER: loglik", "markdown"),
    ],
)
def test_a_line_marks_the_answer(source, kind):
    (one,) = cells(cell(source, kind))
    assert one.tags == {"loglik"}


@pytest.mark.parametrize(
    "source", ["# the answer: loglik", "# answer: two words", "x = 1  # answer: loglik", "answer: x"]
)
def test_other_lines_mark_none(source):
    (one,) = cells(cell(source))
    assert one.tags == set()


def test_cells_are_found_by_their_tags():
    found = read("hw.ipynb", written(
        cell("1", metadata={"tags": ["q1", 3, None, "q2"]}), cell("2", metadata={"tags": "q1"}), cell("# answer: q1")))  # fmt: skip
    assert [one.number for one in found.tagged("q1")] == [1, 3]
    assert [one.number for one in found.tagged("q2")] == [1]
    assert found.tagged("q3") == []


# --- pictures --------------------------------------------------------------------------------------------------------


def pictures(*outputs, **more):
    (one,) = cells(cell("plt.show()", outputs=[*outputs], **more))
    return [picture.media for picture in one.pictures], one.left_out


def test_pictures_come_from_outputs_and_attachments():
    svg = {"data": {"image/svg+xml": ["<svg>\n", "</svg>"]}}
    text = {"output_type": "stream", "text": "no picture"}
    attached = {"a.jpg": {"image/jpeg": base64.b64encode(b"\xff\xd8\xff").decode()}}
    wanted = ["image/png", "image/svg+xml", "image/jpeg"]
    assert pictures(shown(), text, svg, attachments=attached) == (wanted, 0)


def test_of_several_forms_of_one_picture_one_is_taken():
    both = {"data": {"image/svg+xml": "<svg>", "image/png": base64.b64encode(PNG).decode()}}
    assert pictures(both) == (["image/png"], 0)


DAMAGED = {
    "too large": shown(data=PNG + b"0" * 2**20),
    "another thing": shown(data=b"GIF89a"),
    "no base64": {"data": {"image/png": "iVBORw0KGgo"}},
    "no ASCII": {"data": {"image/png": "é"}},
    "no text": {"data": {"image/png": 7}},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_picture_that_cannot_be_shown_is_counted(name):
    assert pictures(shown(), DAMAGED[name], shown()) == (["image/png"] * 2, 1)


def test_a_picture_too_many_is_counted():
    assert pictures(*[shown()] * 6) == (["image/png"] * 4, 2)


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "loaded"), [(written(cell("x = 1")), []), (json.dumps(V3).encode(), ["nbformat"])])
def test_the_slow_libraries_are_imported_where_they_are_needed(data, loaded):
    code = """if True:
        import sys
        from grader.notebook import read
        read("hw.ipynb", sys.stdin.buffer.read())
        print([name for name in ("nbformat", "IPython") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.decode() == f"{loaded}\n"
