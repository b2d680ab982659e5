"""An answer as it stands in the sheet, and what is said of it."""

from dataclasses import dataclass

Raw = str | list["Raw"] | dict[str, "Raw"]
"""What a student typed: a text, several of them, or one for each of several blanks."""


LONGEST_QUOTE = 80
"""In characters."""


class UnreadableAnswer(Exception):  # noqa: N818  it is the student's, not ours
    """The answer is none of the kind that is asked for; the text says why. It costs no attempt."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth, from 0 to 1, and what to say of it."""

    credit: float
    message: str = ""


def sentence(text: str) -> str:
    """Return what is wrong as a sentence of its own."""
    begins_with_a_word = text.partition(" ")[0].isalpha()  # and not with a file's name
    return (text[:1].upper() + text[1:] if begins_with_a_word else text) + ("" if text.endswith((".", "?")) else ".")


def quoted(text: str) -> str:
    """Return a part of an answer as a message quotes it: not at length, on one line, and with what cannot be seen."""
    shown = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
    return f"`{''.join(char if char.isprintable() else repr(char)[1:-1] for char in shown)}`"


def single(raw: Raw) -> str:
    """Return the text of an answer that must be one.

    Raises:
        UnreadableAnswer: it is several.
    """
    if not isinstance(raw, str):
        raise UnreadableAnswer('one answer is wanted, not several (put a text that begins with a sign in "quotes")')
    return raw
