"""Every outcome has its words, and hidden values are not among them."""

import typing

import pytest

from grader import messages, model
from grader.problems import Comparison, Differs, Mismatch, Unequal, WrongParts, WrongShape, WrongType

LIMITS = model.Limits(seconds=2, memory_mib=64)
FRAMES = (model.Frame("em.py", 3, "f", "g()"), model.Frame("em.py", 7, "g", "return x"))
DIFFERS = Differs("post", 3, 60, 0, (Mismatch((4, 1), 0.31, 0.62, 0.31, 1e-6),))

OUTCOMES = [
    (model.Raised("KeyError", "'a'", FRAMES), "`f` raised KeyError: 'a' (em.py, line 7: `return x`)."),
    (model.Raised("ValueError", "Done."), "`f` raised ValueError: Done."),
    (model.Raised("NotImplementedError", "", FRAMES[:1]),
     "`f` is not written yet: it raises NotImplementedError (em.py, line 3: `g()`)."),
    (model.Raised("SystemExit", "0"), "`f` calls exit(), which ends the program: return the value instead."),
    (model.Raised("EOFError", "EOF when reading a line"),
     "`f` waits for input(), and nobody is there to answer: take the value as an argument instead."),
    (model.Raised("BdbQuit", ""), "`f` stops at a debugger's breakpoint: remove breakpoint() or pdb.set_trace()."),
    (model.Raised("KeyboardInterrupt", ""), "`f` raises KeyboardInterrupt."),
    (model.TimedOut(), "`f` was still running when its 2 s were over: does its loop end?"),
    (model.TimedOut(begun=False), "Not run: earlier cases of `f` had used up its time."),
    (model.OutOfMemory(), "`f` needed more than the 64 MiB of memory it may have."),
    (model.Raised("FileNotFoundError", "toy.txt", FRAMES[1:]),
     "`f` raised FileNotFoundError: toy.txt (em.py, line 7: `return x`). It has no files, network, threads or other "
     "processes. All that it needs are its arguments."),
    (model.TimedOut(cpu=True), "`f` had used up its 2 s of CPU time: does its loop end?"),
    (model.Flooded(), "`f` was ended because it printed more than 16 MiB: does its loop end?"),
    (model.Blocked("PermissionError: [Errno 1] Operation not permitted", FRAMES[1:]),
     "`f` tried what the sandbox does not allow: PermissionError: [Errno 1] Operation not permitted (em.py, line 7: "
     "`return x`). It has no files, network, threads or other processes. All that it needs are its arguments."),
    (model.TooLarge("more than 64 MiB"), "What `f` returns is too large to be compared: more than 64 MiB."),
    (model.Killed("signal SIGSEGV"), "The process ended while `f` ran: signal SIGSEGV."),
    (model.Missing(()), "There is no function `f`: define it under exactly this name."),
    (model.Missing(("g", "h")), "There is no function `f` (there is g, h): define it under exactly this name."),
    (model.WrongSignature("(x, y)"), "You define `f(x, y)`; it is called as `f(X, mixture)`."),
    (model.BadValue("not a frame"), "What `f` returns cannot be compared: not a frame."),
    (model.Unreadable("f.py is not a text file"), "Nothing could be graded: f.py is not a text file."),
    (model.Returned(1), ""),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "message"), OUTCOMES)
def test_an_outcome_says_what_happened(outcome, message):
    assert messages.of_outcome("f", outcome, LIMITS, ("X", "mixture")) == message


def test_no_outcome_is_without_words():
    assert {type(outcome) for outcome, _ in OUTCOMES} == set(typing.get_args(model.Outcome))


LOADING = [
    (model.Raised("SyntaxError", "expected ':'", FRAMES[1:]),
     "em.py is not valid Python: expected ':' (em.py, line 7: `return x`) (SyntaxError)."),
    (model.Raised("NameError", "name 'x' is not defined", FRAMES),
     "em.py raises NameError when it is imported: name 'x' is not defined (em.py, line 7: `return x`)."),
    (model.Raised("FileNotFoundError", "toy.txt"),
     "em.py raises FileNotFoundError when it is imported: toy.txt. No files are there when it is graded: read data "
     "under `if __name__ == '__main__':`."),
    (model.TimedOut(),
     "em.py was still running when its 2 s were over: put what it does besides defining functions "
     "under `if __name__ == '__main__':`."),
    (model.OutOfMemory(), "em.py needed more than the 64 MiB of memory it may have when it was imported."),
    (model.Flooded(), "em.py was ended because it printed more than 16 MiB when it was imported."),
    (model.Blocked("PermissionError: [Errno 1] Operation not permitted"),
     "em.py tried, when it was imported, what the sandbox does not allow: PermissionError: [Errno 1] Operation not "
     "permitted. It has no files, network, threads or other processes. All that it needs are its arguments."),
    (model.Killed("signal SIGSEGV"), "The process ended while em.py was imported: signal SIGSEGV."),
    (model.Unreadable("em.py is not a text file"), "Nothing could be graded: em.py is not a text file."),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "message"), LOADING)
def test_a_file_that_does_not_load_says_why(outcome, message):
    assert messages.of_loading("em.py", outcome, LIMITS) == message


PROBLEMS = [
    (DIFFERS, "`post`: 3 of 60 entries differ, worst at [4, 1]: got 0.31, want 0.62 (allowed ±1e-06).",
     "`post`: 3 of 60 entries differ, worst at [4, 1]."),
    (Differs("ll", 1, 1, 1, (Mismatch((), float("nan"), -1388.0818, float("nan"), 5e-5),)),
     "`ll` differs: got nan, want -1388.0818 (allowed ±5e-05). 1 of them is NaN or infinite.",
     "`ll` differs. 1 of them is NaN or infinite."),
    (Unequal("name", "a", "b"), "`name`: got 'a', want 'b'.", "`name` is not what is wanted."),
    (WrongShape("post", (3, 250), (250, 3)), "`post`: got shape (3, 250), want (250, 3): transposed?", None),
    (WrongShape("var", (3, 1), (3,)), "`var`: got shape (3, 1), want (3,): a dimension too many.", None),
    (WrongShape("mu", (3,), (3, 1)), "`mu`: got shape (3,), want (3, 1): a dimension too few.", None),
    (WrongShape("mu", (4, 2), (3, 2)), "`mu`: got shape (4, 2), want (3, 2).", None),
    (WrongType("ll", "None", "a number"), "`ll`: got None, want a number.", None),
    (WrongType("", "a number", "2 values: post, ll"),
     "What `f` returns: got a number, want 2 values: post, ll.", None),
    (WrongParts("", ("a number",), ("post", "ll")), "`f` returns 1 values (a number), want 2 (post, ll).", None),
    (WrongParts("m", ("mu",), ("mu", "p")), "`m` has the parts mu, want mu, p.", None),
]  # fmt: skip


@pytest.mark.parametrize(("problem", "public", "hidden"), PROBLEMS)
def test_a_problem_says_what_and_where_and_how_far(problem, public, hidden):
    assert messages.of_problem("f", problem, reveal="all") == public
    assert messages.of_problem("f", problem, reveal="diagnosis") == (hidden or public)


@pytest.mark.parametrize("problem", [DIFFERS, Unequal("name", "0.31", "0.62")])
def test_a_hidden_case_shows_neither_what_came_nor_what_was_wanted(problem):
    told = messages.of_case("f", Comparison((problem,), (problem,)), reveal="diagnosis")
    assert not any(value in told for value in ("0.31", "0.62"))


def test_an_exceptions_text_is_not_shown_of_a_hidden_case():
    outcome = model.Raised("ValueError", "x is 0.31", FRAMES[1:])
    assert (
        messages.of_outcome("f", outcome, LIMITS, reveal="diagnosis")
        == "`f` raised ValueError (em.py, line 7: `return x`)."
    )


def test_what_was_refused_is_not_shown_of_a_hidden_case():
    outcome = model.Blocked("PermissionError: [Errno 13] Permission denied: '0.31'")
    assert "tried what the sandbox does not allow: PermissionError. It has" in messages.of_outcome(
        "f", outcome, LIMITS, reveal="diagnosis"
    )


def test_a_long_text_of_an_exception_is_cut():
    told = messages.of_outcome("f", model.Raised("ValueError", "x " * 2000), LIMITS)
    assert len(told) < 250
    assert told.endswith(" ….")


def test_remarks_alone_say_that_they_are_free_once():
    remark = WrongShape("ll", (1,), ())
    told = messages.of_case("f", Comparison((), (remark, remark)), reveal="all")
    assert told.count("costs no points") == 1


def test_remarks_come_last_and_say_that_they_are_free():
    told = messages.of_case("f", Comparison((DIFFERS,), (WrongShape("ll", (1,), ()),)), reveal="diagnosis")
    assert told == (
        "`post`: 3 of 60 entries differ, worst at [4, 1]. "
        "`ll`: got shape (1,), want (): a dimension too many. That alone costs no points."
    )
