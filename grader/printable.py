"""Strangers' text, made harmless for a screen and for a table."""


def plain(text: str) -> str:
    """Return a text in which control characters, by which one could rewrite the screen, can be read and do nothing."""
    lines = text.replace("\r\n", "\n").expandtabs()
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in lines)
