"""What a simulated device does wrong, as real ones do. Values only; `trouble` lets it happen."""

import enum
from dataclasses import dataclass


class Overflow(enum.StrEnum):
    """What becomes of a reply that is longer than the device can send in one piece."""

    SEGMENTATION = "segmentation-not-supported"  # the standard's way (135-2020 clause 5.4.5.3)
    BUFFER = "buffer-overflow"
    SILENCE = "no answer at all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Each is off by default; together they make a device as bad as you like.

    Shares go from 0 to 1. What is lost is chosen by `seed` and the device's instance: the same
    traffic loses the same packets. What a device merely cannot do (its longest APDU, no
    segmentation, no ReadPropertyMultiple, how slow it is) are fields of its `DeviceSpec`.
    """

    loses_requests: float = 0.0  # share of what reaches it, Who-Is included, that it never sees
    loses_replies: float = 0.0  # share of what it sends that nobody gets
    seed: int = 0
    dies_after: int | None = None  # confirmed requests; the next one silences it for ever
    reboots_after: int | None = None  # confirmed requests; the next one restarts it, every time
    reboot_seconds: float = 1.0  # of silence in each restart, also one that a client asks for
    answers_only_port: int | None = None  # it hears nobody who sends from another UDP port
    claims_apdu: int | None = None  # what it says is its longest APDU; the spec's is the true one
    overflow: Overflow = Overflow.SEGMENTATION
    reorders: bool = False  # a ReadPropertyMultiple is answered from its end to its beginning
    refuses: tuple[str, ...] = ()  # properties of its points ("units") that cannot be read

    def __post_init__(self) -> None:
        for name in ("loses_requests", "loses_replies"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)}")
        for name in ("dies_after", "reboots_after"):
            after = getattr(self, name)
            if after is not None and after < 1:
                raise ValueError(f"{name} counts requests from 1, not {after}")
        if self.reboot_seconds < 0:
            raise ValueError(f"reboot_seconds cannot be {self.reboot_seconds}")


NO_FAULTS = Faults()
