"""Text for a screen and for a table: strangers' made harmless, and numbers of things."""


def plain(text: str) -> str:
    """Return a text in which control characters, by which one could rewrite the screen, can be read and do nothing."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").expandtabs()
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in lines)


def cut(text: str, most: int) -> str:
    """Return the first characters of a text, made harmless, and how many more there are."""
    left, shown = len(text) - most, plain(text[:most])
    if left > 0:
        return f"{shown[:most]} … ({left} more characters)"
    return shown if len(shown) <= most else f"{shown[:most]} …"  # a control character takes the place of several


def many(number: int, what: str) -> str:
    """Return how many there are of what has a regular plural."""
    return f"{number} {what if number == 1 else f'{what}s'}"
