"""What any verb may say no with."""


class NotPossible(Exception):
    """It may be right, but not now or not here; says why."""
