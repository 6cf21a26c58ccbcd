"""Texts that devices and other strangers give us."""


def clean(text: str) -> str:
    """On one line and printable: no NUL, which PostgreSQL refuses, no line break, which would
    forge lines of a log, no half of a character. White space of any kind and length is a space."""
    kept = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    return " ".join(kept.split())
