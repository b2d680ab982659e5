"""Choices: one option, or several of which each is a decision; by an option's letter in the handout or by its words."""

import difflib
import random
import re
from collections.abc import Sequence
from typing import Literal

from grader.answers.verdict import Judgement, Raw, UnreadableAnswer, quoted, single

Credit = Literal["all", "each", "halves"]
"""What ticks that are partly right earn: nothing; the share of the decisions that are right; or half of the points for
one wrong decision (of three or more) and a quarter for two (of five or more)."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHORT = 12
"""Options of no more characters need no letters."""
LONGEST = 5000
"""How long an answer may be, in characters."""
LONGEST_GUESS = 200
"""How long a text may be, in characters, of which it is guessed what it means."""

_SEPARATORS = [re.compile(each, re.IGNORECASE) for each in (r"(?!)", r"[,;]", r"[,;]|\band\b", r"[,;\s]+|\band\b")]
"""What stands between answers on one line, from none on; the words of an option may have all of these in them."""


def shown(options: Sequence[str], seed: int | None) -> list[str]:
    """Return the options in the order of the handout: as they are, or shuffled by a seed."""
    order = list(options)
    if seed is not None:
        random.Random(seed).shuffle(order)
    return order


def lettered(options: Sequence[str]) -> bool:
    """Tell whether options have letters in the handout; short ones need none."""
    return any(len(option) > SHORT for option in options)


def listed(order: Sequence[str]) -> list[str]:
    """Return the options as the handout lists them."""
    if not lettered(order):
        return list(order)
    return [f"{letter}) {option}" for letter, option in zip(LETTERS, order, strict=False)]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def read(text: str, order: Sequence[str]) -> str:
    """Return the option that a text means: its words, or its letter in the handout, as in `b`, `(b)` or `b)`.

    Raises:
        UnreadableAnswer: it means none.
    """
    _refuse_length(text)
    by_words = {_plain(option): option for option in order}
    if _plain(text) in by_words:
        return by_words[_plain(text)]
    letter = re.fullmatch(r"\(?([a-z])[).]?", _plain(text)) if lettered(order) else None
    if letter and LETTERS.index(letter[1]) < len(order):
        return order[LETTERS.index(letter[1])]
    near = difflib.get_close_matches(_plain(text), by_words, n=1) if len(text) <= LONGEST_GUESS else []
    choices = ", ".join(listed(order))
    hint = f" (did you mean {by_words[near[0]]!r}?)" if near else f": {choices}"
    raise UnreadableAnswer(f"{quoted(text)} is none of the options{hint}")


def _refuse_length(text: str) -> None:
    if len(text) > LONGEST:
        raise UnreadableAnswer(f"an answer may have {LONGEST} characters, not {len(text)}")


def _parts(text: str, separator: re.Pattern[str]) -> list[str]:
    _refuse_length(text)
    return [part.strip() for part in separator.split(text) if part.strip()]


def read_ticks(raw: Raw, order: Sequence[str], *, several: bool) -> list[str]:
    """Return the options that were ticked: one, or several as a list or on one line.

    Raises:
        UnreadableAnswer: they are none, or too many.
    """
    if isinstance(raw, dict):
        raise UnreadableAnswer("a list of options is wanted, not a mapping")
    if isinstance(raw, list):
        ticked = _each(list(map(single, raw)), order)
    else:
        ticked = _on_one_line(raw, order) if several else [read(raw, order)]
    if len(set(ticked)) > 1 and not several:
        raise UnreadableAnswer("choose one option, not several")
    return ticked


def _each(texts: Sequence[str], order: Sequence[str]) -> list[str]:
    if len(texts) > len(order):
        raise UnreadableAnswer(f"there are {len(order)} options, and not {len(texts)}")
    return [read(text, order) for text in texts]


def _on_one_line(text: str, order: Sequence[str]) -> list[str]:
    problems = []
    for separator in _SEPARATORS:
        try:
            return _each(_parts(text, separator), order)
        except UnreadableAnswer as problem:
            problems.append(problem)
    raise problems[1]


def read_blanks(raw: Raw, names: Sequence[str]) -> dict[str, str]:
    """Return what stands in each blank, by its name or in their order.

    Raises:
        UnreadableAnswer: there is none of that name, or their number is another.
    """
    if isinstance(raw, dict):
        for key in raw:
            if key not in names:
                raise UnreadableAnswer(f"there is no blank {quoted(key)}: they are {', '.join(names)}")
        return {name: single(raw.get(name, "")) for name in names}
    splits = [_parts(raw, each) for each in _SEPARATORS] if isinstance(raw, str) else [list(map(single, raw))]
    parts = next((split for split in splits if len(split) == len(names)), splits[-1])
    if len(parts) != len(names):
        raise UnreadableAnswer(f"{len(names)} answers are wanted ({', '.join(names)}), not {len(parts)}")
    return dict(zip(names, parts, strict=True))


def judge(ticked: Sequence[str], right: Sequence[str], options: Sequence[str], credit: Credit) -> Judgement:
    """Hold ticks against the right ones; each option is a decision."""
    wrong = sum((option in ticked) != (option in right) for option in options)
    if not wrong:
        return Judgement(1.0)
    earned = _partly(wrong, len(options), credit)
    if len(right) == len(ticked) == 1:
        return Judgement(earned, "That is not right.")
    return Judgement(earned, f"Wrongly ticked or left out: {wrong} of {len(options)} options.")


def _partly(wrong: int, count: int, credit: Credit) -> float:
    """Return the share for ticks that are partly right. Source of the rules: edX's check boxes, EDC and halves."""
    match credit:
        case "all":
            return 0.0
        case "each":
            return (count - wrong) / count
        case "halves":
            if wrong == 1 and count >= 3:
                return 0.5
            return 0.25 if wrong == 2 and count >= 5 else 0.0
