"""Any name becomes a file's name that is safe on every system, and no two names the same one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.files import LONGEST_NAME, filename


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("alice-b_2.x y", "alice-b_2.x y"),
        ("Zoë Müller", "Zoë Müller"),
        (unicodedata.normalize("NFD", "Zoë"), "Zoe%CC%88"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        ("", "%"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("x. ", "x.%20"),
        ("a\\b:c", "a%5Cb%3Ac"),
        ("a\nb\x00\u202e", "a%0Ab%00%E2%80%AE"),
        ("50%", "50%25"),
        ("con", "%63on"),
        ("LPT1.x", "%4CPT1.x"),
        ("connie", "connie"),
        ("\udcff", "%ED%B3%BF"),
    ],
)
def test_a_name_becomes_a_files_name(name, safe):
    assert filename(name) == safe


def test_a_long_name_is_cut_and_still_its_own():
    long = [filename("é" * 500 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(len(name.encode()) <= LONGEST_NAME for name in long)
    assert filename(long[0]) != long[0]


@given(st.text(max_size=6), st.text(max_size=6))
def test_different_names_stay_different(one, other):
    assert (filename(one) == filename(other)) == (one == other)
    assert not set(filename(one)) & set('/\\:*?"<>|\0\n')
