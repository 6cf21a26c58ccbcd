"""What the outcome of a search means, and what to do about it, in an operator's words. Pure."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

from protocols.bacnet.foreign import Answer
from protocols.bacnet.interfaces import OwnAddress
from protocols.bacnet.link import Traffic
from protocols.scanning import EVERYBODY, Search
from protocols.types import Endpoint

MOST_NAMED = 5
STANDARD_PORT = 47808


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence or two; `place` is the address that they are about, "" for the whole search."""

    text: str
    place: str = ""
    is_problem: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that is known at the end of a search. `deaf` says why broadcasts cannot be heard, "" if
    they can; `port` is ours, `ports` are those that devices were expected to answer from;
    `problems` says by device why it is not described whole; `lost` are the networks that were asked
    for and that no router knows."""

    interface: IPv4Interface
    own_instance: int
    here: Sequence[OwnAddress] = ()
    deaf: str = ""
    targets: tuple[str, ...] = ()
    bbmd: str = ""
    registration: Answer = Answer.NONE
    search: Search = EVERYBODY
    traffic: Traffic = field(default_factory=Traffic)
    port: int = STANDARD_PORT
    heard: Sequence[Endpoint] = ()
    problems: Sequence[tuple[Endpoint, str]] = ()
    ports: frozenset[int] = frozenset()
    lost: Sequence[int] = ()


def advise(outcome: Outcome) -> list[Advice]:
    """The causes first; when there is nothing to do, one sentence that says so."""
    told = [
        *_interface(outcome),
        *_bbmd(outcome),
        *_lost_networks(outcome),
        *(() if _is_plain(outcome) else _silence(outcome)),
        *_doubled(outcome),
        *_undescribed(outcome),
        *_other_ports(outcome),
        *_only_routed(outcome),
    ]
    if not any(one.is_problem for one in told):
        told.insert(0, Advice(_well(outcome), is_problem=False))
    return told


def no_such_address(interface: IPv4Interface, here: Sequence[OwnAddress]) -> str:
    """Why a network could not be opened that has another machine's address."""
    text = f"{interface.ip} is no address of this machine"
    return f"{text}; write one that is: {_named(here)}" if here else text


def port_taken(interface: IPv4Interface, port: int, error: OSError) -> str:
    """Why a port could not be opened."""
    what = f"UDP port {port} on {interface.ip} cannot be opened"
    if error.errno == errno.EADDRINUSE:
        return f"{what}: another program has it. End that one, or give the network another port"
    if error.errno == errno.EACCES:
        return f"{what}: this server may not open ports below 1024. Give the network another port"
    return f"{what}: {error.strerror}"


def _own(outcome: Outcome) -> OwnAddress | None:
    """As this machine has it; None where it does not tell."""
    return next((one for one in outcome.here if one.interface.ip == outcome.interface.ip), None)


def _went_astray(outcome: Outcome) -> bool:
    own = _own(outcome)
    is_broadcast = not outcome.targets
    return is_broadcast and own is not None and own.interface.network != outcome.interface.network


def _is_plain(outcome: Outcome) -> bool:
    """Whether there is nothing to say of a silence: there is none, or it is told why."""
    asked = set(outcome.search.networks)
    was_lost = bool(asked) and asked <= set(outcome.lost)
    return bool(outcome.heard) or was_lost or _went_astray(outcome)


def _interface(outcome: Outcome) -> Iterator[Advice]:
    interface, own = outcome.interface, _own(outcome)
    go = "would go" if outcome.targets else "went"
    if own is not None and own.interface.network != interface.network:
        yield Advice(
            f"The network has the interface {interface}, but this machine has {own}. Broadcasts "
            f"{go} to {interface.network.broadcast_address} instead of "
            f"{own.interface.network.broadcast_address}: write {own.interface}.",
            str(interface.ip),
        )
    elif outcome.deaf:
        yield Advice(
            f"Broadcasts to {interface.network.broadcast_address} cannot be heard on {interface}: "
            f"{outcome.deaf}. Check the prefix length, and that no other program has the port. "
            "Devices that answer us directly are found all the same.",
            str(interface.ip),
        )
    if outcome.traffic.refusal:
        yield Advice(
            f"This machine did not send {_count(outcome.traffic.refused, 'packet')}: "
            f"{outcome.traffic.refusal}. Check its routes, its firewall and the targets."
        )


def _bbmd(outcome: Outcome) -> Iterator[Advice]:
    if not outcome.bbmd or outcome.registration is Answer.ACCEPTED:
        return
    if outcome.registration is Answer.REFUSED:
        text = (
            f"The BBMD {outcome.bbmd} refuses us. Allow foreign devices in its settings, or make "
            "room in its table, or name another BBMD."
        )
    else:
        text = (
            f"The BBMD {outcome.bbmd} does not answer. Check its address and its port, and that "
            "no firewall drops UDP between it and this server."
        )
    yield Advice(
        f"{text} Until then devices of other subnets are not heard; we go on trying.", outcome.bbmd
    )


def _lost_networks(outcome: Outcome) -> Iterator[Advice]:
    if outcome.lost:
        numbers = ", ".join(map(str, outcome.lost))
        yield Advice(
            f"No router knows network {numbers}. Check the number, and that the router is on; one "
            "in another subnet must be among the targets, or needs a BBMD."
        )


def _silence(outcome: Outcome) -> Iterator[Advice]:
    traffic, search = outcome.traffic, outcome.search
    if search.object_name:
        yield Advice(f"No device answered that it has an object named {search.object_name!r}.")
        return
    if search.instances is not None:
        limits = f"{search.instances[0]} to {search.instances[-1]}"
        yield Advice(f"No device with an instance of {limits} answered.")
        return
    out = _count(traffic.sent, "packet")
    if traffic.received > traffic.results:
        yield Advice(
            f"{out} out, {traffic.received} in, but none says that a device is there: what "
            "answers is no BACnet device, or is a router alone."
        )
    elif traffic.sent:
        echo = " Only our own packets came back." if traffic.echoed else ""
        none = "none from a device" if traffic.received else "0 in"
        yield Advice(f"Nobody answered: {out} out, {none}.{echo} {_why_nobody(outcome)}")


def _why_nobody(outcome: Outcome) -> str:
    interface = outcome.interface
    others = _named(
        [
            one
            for one in outcome.here
            if interface.ip != one.interface.ip and not one.interface.is_loopback
        ]
    )
    if interface.ip.is_loopback:
        hint = f": choose {others}" if others else ""
        return f"{interface.ip} reaches this machine only, and no cable{hint}."
    if outcome.targets:
        checks = "the addresses of the targets and their ports"
    else:
        checks = "the prefix length of the interface and the port of the devices"
    reasons = f"Check {checks}, and the firewall of this server for UDP."
    if outcome.port != STANDARD_PORT:
        reasons += f" Some devices answer port {STANDARD_PORT} alone; ours is {outcome.port}."
    if others:
        reasons += f" Devices on another cable of this server are reached by {others}."
    if outcome.bbmd:
        return reasons
    return (
        f"{reasons} Devices in another subnet do not hear our broadcasts: name a BBMD of that "
        "subnet, or their addresses as targets."
    )


def _doubled(outcome: Outcome) -> Iterator[Advice]:
    places: dict[int, list[str]] = {}
    for endpoint in outcome.heard:
        places.setdefault(endpoint.instance, []).append(endpoint.address)
    for instance, addresses in sorted(places.items()):
        if len(addresses) > 1:
            yield Advice(
                f"{_count(len(addresses), 'device')} have the instance {instance}: "
                f"{_listed(sorted(addresses))}. Give each its own; until then others may read and "
                "command the wrong one.",
                addresses[0],
            )
        if instance == outcome.own_instance:
            yield Advice(
                f"The device at {_listed(sorted(addresses))} has the instance {instance}, which "
                "is this supervisor's. Give it another.",
                addresses[0],
            )


def _undescribed(outcome: Outcome) -> Iterator[Advice]:
    if outcome.problems:
        named = _listed([f"{endpoint} ({problem})" for endpoint, problem in outcome.problems])
        yield Advice(
            f"{_count(len(outcome.problems), 'device')} could not be described whole: {named}. "
            "What they told is kept. Search again, or raise the time-out of the network."
        )


def _other_ports(outcome: Outcome) -> Iterator[Advice]:
    odd = [
        endpoint.address
        for endpoint in outcome.heard
        if (port := _port(endpoint.address)) is not None and port not in outcome.ports
    ]
    if odd and outcome.ports:
        asked = ", ".join(map(str, sorted(outcome.ports)))
        yield Advice(
            f"Asked at UDP port {asked}, some answer from another: {_listed(odd)}. They are read "
            "at the port that they answer from; a firewall must let it pass.",
            odd[0],
            is_problem=False,
        )


def _only_routed(outcome: Outcome) -> Iterator[Advice]:
    asked_all = outcome.search == EVERYBODY and not outcome.targets
    if asked_all and outcome.heard and all(_port(one.address) is None for one in outcome.heard):
        yield Advice(
            "All devices that answered are behind routers, none is on the network itself. If some "
            "should be, check their port and subnet mask.",
            is_problem=False,
        )


def _well(outcome: Outcome) -> str:
    return f"All is well: {_count(len(outcome.heard), 'device')} found and described."


def _port(address: str) -> int | None:
    """The UDP port of a device on the network itself, None of one behind a router."""
    host, _, port = address.partition(":")
    return int(port or STANDARD_PORT) if "." in host else None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _named(here: Iterable[OwnAddress]) -> str:
    return _listed([str(one) for one in here], most=3)


def _listed(names: Sequence[str], *, most: int = MOST_NAMED) -> str:
    more = len(names) - most
    text = ", ".join(names[:most])
    return f"{text} and {more:,} more" if more > 0 else text
