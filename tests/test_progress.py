"""How far it is: a bar with a rate on a terminal, elsewhere a line every so often, and nothing where it is quick."""

import contextlib
import io
import os
import pty
import re
import sys

import pytest

from grader import progress


@pytest.fixture
def clock():
    now = [0.0]
    return now, lambda: now[0]


def test_a_line_every_ten_seconds_says_how_many_how_fast_and_how_long(clock):
    now, read = clock
    out = io.StringIO()
    with progress.lines(1000, out, read) as advance:
        for _ in range(400):
            now[0] += 0.05
            advance()
    assert out.getvalue().splitlines() == [
        "200 of 1000 done, 20.0 a second, 40 s left",
        "400 of 1000 done, 20.0 a second, 30 s left",
    ]


def test_a_long_time_is_told_in_minutes(clock):
    now, read = clock
    out = io.StringIO()
    with progress.lines(1000, out, read) as advance:
        now[0] = 10
        advance()
    assert out.getvalue() == "1 of 1000 done, 0.1 a second, 166 min left\n"


def test_a_quick_class_prints_no_line(clock):
    _, read = clock
    out = io.StringIO()
    with progress.lines(3, out, read) as advance:
        for _ in range(3):
            advance()
    assert out.getvalue() == ""


def chunks(descriptor):
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while chunk := os.read(descriptor, 2**16):
            yield chunk


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudoterminal")
def test_a_terminal_shows_a_bar_with_the_rate(monkeypatch):
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", os.fdopen(theirs, "w"))
    with progress.bar(4) as advance:
        for _ in range(3):
            advance()
    sys.stderr.close()
    shown = b"".join(chunks(ours)).decode()
    os.close(ours)
    assert re.search(r"━.*3/4.*a second", shown)
