"""Who acts: what every change that is recorded is put down to.

The edges say it once (a request's middleware, a command line, the field); whatever is changed below
them is recorded under that name, by whichever way it is changed.
"""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from django.contrib.auth.models import User

from devices.enums import Origin


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and from where. Without a user it is somebody of whom only the name is known, or
    the program itself."""

    user: User | None
    origin: Origin
    address: str | None = None
    called: str = ""

    @property
    def name(self) -> str:
        return self.user.get_username() if self.user else self.called or "T3000"


NOBODY = Actor(None, Origin.SHELL)


def at_shell() -> Actor:
    """Who runs a command, by the name that the operating system has for them."""
    with suppress(OSError, KeyError):  # a container may not know
        return Actor(None, Origin.SHELL, called=getpass.getuser())
    return NOBODY


_acting: ContextVar[Callable[[], Actor]] = ContextVar("acting", default=lambda: NOBODY)


@contextmanager
def acting(who: Actor | Callable[[], Actor]) -> Iterator[None]:
    """What is changed inside is put down to this actor. A callable is asked when something is: a
    request learns only on its way who sent it."""
    token = _acting.set((lambda: who) if isinstance(who, Actor) else who)
    try:
        yield
    finally:
        _acting.reset(token)


def current() -> Actor:
    """Who acts now."""
    return _acting.get()()
