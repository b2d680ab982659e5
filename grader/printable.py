"""Strangers' text, made harmless for a screen and for a table."""


def plain(text: str) -> str:
    """Return a text in which control characters, by which one could rewrite the screen, can be read and do nothing."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").expandtabs()
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in lines)


def cut(text: str, most: int) -> str:
    """Return the first characters of a text, made harmless, and how many more there are."""
    left = len(text) - most
    return plain(text[:most]) + (f" … ({left} more characters)" if left > 0 else "")
