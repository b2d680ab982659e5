"""A number is read as it is written by hand, and is right within what the question allows."""

# ruff: noqa: RUF001  letters that look alike are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import number
from grader.answers.number import LONGEST, Range, Rules, wanted
from grader.answers.verdict import UnreadableAnswer
from grader.tolerances import Closeness

READ = {
    "-24.5": -24.5, "24": 24.0, "+5": 5.0, " 5 ": 5.0, "- 5": -5.0, "-\t5": -5.0, "-\u00a05": -5.0, "5.": 5.0, ".5": 0.5, "007": 7.0,
    "2/3": 2 / 3, "-1 / 4": -0.25, "1/-4": -0.25, "1.5/3": 0.5, "1e-3": 0.001, "1E3": 1000.0, "2e0/4e0": 0.5, "−24.5": -24.5, "–1": -1.0,
    "3÷4": 0.75, "1e-400": 0.0, "٢٤": 24.0, "１２": 12.0,
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_number_is_read(text):
    assert number.read(text) == READ[text]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read_exactly(value):
    assert number.read(repr(value)) == value


HOW = "write it as -1.5, 2/3 or 1e-3"
ONE = "write one alone, as -1.5, 2/3 or 1e-3"
UNREADABLE = {
    "words": ("about five", f"`about five` is not a number: {HOW}"),
    "a formula": ("sqrt(2)", f"`sqrt(2)` is not a number: {HOW}"),
    "infinity": ("inf", f"`inf` is not a number: {HOW}"),
    "no number": ("NaN", f"`NaN` is not a number: {HOW}"),
    "a currency in front": ("$5", f"`$5` is not a number: {HOW}"),
    "about": ("~5", f"`~5` is not a number: {HOW}"),
    "two signs": ("--5", f"`--5` is not a number: {HOW}"),
    "a half as a letter": ("½", f"`½` is not a number: {HOW}"),
    "one and a half": ("1½", f"`1½` is not a number: {ONE}"),
    "an equation": ("x = 5", "write what stands on the right of the `=` alone"),
    "a decimal comma": ("-24,5", "`-24,5` has a decimal comma: write -24.5"),
    "a decimal comma after zero": ("0,125", "`0,125` has a decimal comma: write 0.125"),
    "a comma of either kind": ("1,234", "`1,234` has a comma: write 1.234 or 1234"),
    "commas between thousands": ("1,234,567.8", "`1,234,567.8` has commas between thousands: write 1234567.8"),
    "points between thousands": ("1.234,5", f"`1.234,5` is not a number: {ONE}"),
    "spaces between thousands": ("1 000", f"`1 000` is not a number: {ONE}"),
    "a percentage": ("50 %", "`50 %` is a percentage: write 0.5"),
    "a percentage of many digits": ("12.3456789%", "`12.3456789%` is a percentage: write 0.123456789"),
    "a fraction as a percentage": ("1/2%", "`1/2%` is a percentage: write 0.005"),
    "a unit": ("5 cm", "`5 cm` has a unit: write the number alone, 5"),
    "a unit with a raised number": ("5 m²", "`5 m²` has a unit: write the number alone, 5"),
    "a fraction with a unit": ("1/2 cm", "`1/2 cm` has a unit: write the number alone, 1/2"),
    "degrees": ("5°", "`5°` has a unit: write the number alone, 5"),
    "a currency": ("5€", "`5€` has a unit: write the number alone, 5"),
    "a power of ten": ("5*10^3", f"`5*10^3` is not a number: {ONE}"),
    "a fraction too many": ("1/2/3", f"`1/2/3` is not a number: {ONE}"),
    "a point too many": ("1.5.2", f"`1.5.2` is not a number: {ONE}"),
    "two numbers": ("5, 6", f"`5, 6` is not a number: {ONE}"),
    "digits in groups of Python": ("1_000", f"`1_000` is not a number: {ONE}"),
    "hexadecimal": ("0x10", f"`0x10` is not a number: {ONE}"),
    "a division by zero": ("1/0", "`1/0` divides by zero"),
    "a division by as good as zero": ("1/1e-400", "`1/1e-400` divides by zero"),
    "too large": ("1e400", "`1e400` is too large"),
    "a quotient that is too large": ("1e300/1e-300", "`1e300/1e-300` is too large"),
    "no quotient": ("1e400/1e400", "`1e400/1e400` is too large"),
    "too long": ("1" * (LONGEST + 1), f"a number may have {LONGEST} characters, not {LONGEST + 1}"),
    "much too long": ("1" * 2**20, f"a number may have {LONGEST} characters, not {2**20}"),
    "a long unit": ("5 " + "m" * 98, f"`5 {'m' * 78}…` has a unit: write the number alone, 5"),
    "a second line": ("5\n✓ passed", rf"`5\n✓ passed` is not a number: {ONE}"),
    "a mark from right to left": ("\u202e5", rf"`\u202e5` is not a number: {HOW}"),
    "a NUL": ("5\0", rf"`5\x00` is not a number: {ONE}"),
    "half a character": ("\ud800", rf"`\ud800` is not a number: {HOW}"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_number_is_told_with_what_to_write(name):
    text, message = UNREADABLE[name]
    with pytest.raises(UnreadableAnswer) as caught:
        number.read(text)
    assert str(caught.value) == message


WANTED = {
    "-24.5": -24.5, "2/3": 2 / 3, "[5, 7)": Range(5, 7, True, False), "(5,7]": Range(5, 7, False, True), "[-1e-3, .5]": Range(-0.001, 0.5, True, True),
    " ( - 1 , + 1 ) ": Range(-1, 1, False, False),
}  # fmt: skip


@pytest.mark.parametrize("text", WANTED)
def test_a_spec_may_want_a_number_or_a_range(text):
    assert wanted(text) == WANTED[text]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[7, 5)", "the range [7, 5) is empty"),
        ("[5, 5]", "the range [5, 5] is empty"),
        ("[1/3, 1]", f"`[1/3, 1]` is not a number: {HOW}, or a range as [5, 7)"),
        ("5 cm", "`5 cm` has a unit: write the number alone, 5, or a range as [5, 7)"),
        ("x", f"`x` is not a number: {HOW}, or a range as [5, 7)"),
    ],
    ids=["backwards", "empty", "of fractions", "a unit", "a word"],
)
def test_what_a_spec_cannot_want_is_told(text, message):
    with pytest.raises(ValueError, match=r".") as caught:
        wanted(text)
    assert str(caught.value) == message


TENTH = Closeness(decimals=1)
JUDGED = {
    "exactly": ("-24.5", Rules([-24.5], TENTH), 1, ""),
    "with more places": ("-24.512532", Rules([-24.5], TENTH), 1, ""),
    "on the edge": ("-24.55", Rules([-24.5], TENTH), 1, ""),
    "beyond the edge": ("-24.551", Rules([-24.5], TENTH), 0, "-24.551 is not right."),
    "the other sign": ("24.5", Rules([-24.5], TENTH), 0, "24.5 is not right."),
    "significant digits": ("1234", Rules([1230], Closeness(digits=3)), 1, ""),
    "too few significant digits": ("1200", Rules([1230], Closeness(digits=3)), 0, "1200 is not right."),
    "relative": ("101", Rules([100], Closeness(rtol=0.01)), 1, ""),
    "absolute": ("100.2", Rules([100], Closeness(atol=0.1)), 0, "100.2 is not right."),
    "percent": ("95", Rules([100], Closeness(percent=5)), 1, ""),
    "more than percent": ("94.9", Rules([100], Closeness(percent=5)), 0, "94.9 is not right."),
    "nothing said": ("0.333333", Rules([1 / 3], number.DEFAULT), 1, ""),
    "nothing said, and too short": ("0.3333", Rules([1 / 3], number.DEFAULT), 0, "0.3333 is not right."),
    "a fraction": ("-49/2", Rules([-24.5], TENTH), 1, ""),
    "the second of several": ("5/17", Rules([0.3085, 5 / 17], Closeness(atol=0.005)), 1, ""),
    "between several": ("3", Rules([2, 4], TENTH), 0, "3 is not right."),
    "in a range": ("6", Rules([Range(5, 7, True, False)], TENTH), 1, ""),
    "at the end that belongs to a range": ("5", Rules([Range(5, 7, True, False)], TENTH), 1, ""),
    "at the end that does not": ("7", Rules([Range(5, 7, True, False)], TENTH), 0, "7 is not right."),
    "just before that end": ("6.9999999", Rules([Range(5, 7, True, False)], TENTH), 1, ""),
    "at the beginning that does not": ("5", Rules([Range(5, 7, False, True)], TENTH), 0, "5 is not right."),
    "at the end that does": ("7", Rules([Range(5, 7, False, True)], TENTH), 1, ""),
    "below a range": ("4.99", Rules([Range(5, 7, True, False)], TENTH), 0, "4.99 is not right."),
    "rounded": ("-24.5", Rules([-24.512], TENTH, rounded=True), 1, ""),
    "rounded with a zero behind": ("-24.50", Rules([-24.512], TENTH, rounded=True), 1, ""),
    "not rounded": ("-24.512", Rules([-24.512], TENTH, rounded=True), 0, "-24.512 is not rounded as the question asks."),
    "rounded to digits": ("1230", Rules([1234], Closeness(digits=3), rounded=True), 1, ""),
    "not rounded to digits": ("1234", Rules([1234], Closeness(digits=3), rounded=True), 0, "1234 is not rounded as the question asks."),
    "a range of rounded numbers": ("5.123", Rules([Range(5, 7, True, True)], TENTH, rounded=True), 1, ""),
    "small, and rounded to zero": ("0", Rules([0.01], TENTH, rounded=True), 1, ""),
    "small, and not rounded to zero": ("0.01", Rules([0.01], TENTH, rounded=True), 0, "0.01 is not rounded as the question asks."),
    "close": ("0.3", Rules([0.3085], Closeness(atol=0.005), close=Closeness(atol=0.05), credit=0.5), 0.5, "0.3 is close, but not right."),
    "not even close": ("0.2", Rules([0.3085], Closeness(atol=0.005), close=Closeness(atol=0.05), credit=0.5), 0, "0.2 is not right."),
    "enormous": ("1" + "0" * 99, Rules([5], TENTH), 0, "1e+99 is not right."),
    "as large as can be": ("1.7e308", Rules([-1.7e308], Closeness(rtol=0.1)), 0, "1.7e+308 is not right."),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGED)
def test_a_number_earns(name):
    text, rules, credit, message = JUDGED[name]
    judgement = number.judge(number.read(text), rules)
    assert (judgement.credit, judgement.message) == (credit, message)
