"""What the outcome of a search means: one test for each thing that goes wrong in the field."""

import errno
from ipaddress import IPv4Interface

import pytest

from protocols.bacnet.advice import Outcome, advise, no_such_address, port_taken
from protocols.bacnet.foreign import Answer
from protocols.bacnet.interfaces import OwnAddress, own_addresses
from protocols.bacnet.link import Traffic
from protocols.scanning import Search
from protocols.types import Endpoint

CABLE = OwnAddress(IPv4Interface("192.168.1.2/24"), "eth0")
LOOPBACK = OwnAddress(IPv4Interface("127.0.0.1/8"), "lo")
ANSWERED = Traffic(sent=4, received=9, echoed=3)
NEAR = (Endpoint("192.168.1.5", 5), Endpoint("192.168.1.6", 6))


def outcome(**changes: object) -> Outcome:
    """Of a search in which all is well, but for the changes."""
    well = {
        "interface": CABLE.interface,
        "own_instance": 4194302,
        "here": (CABLE, LOOPBACK),
        "traffic": ANSWERED,
        "heard": NEAR,
        "ports": frozenset({47808}),
    }
    return Outcome(**{**well, **changes})


def problems(**changes: object) -> list[str]:
    return [one.text for one in advise(outcome(**changes)) if one.is_problem]


def test_all_is_well_is_one_short_sentence() -> None:
    (only,) = advise(outcome())
    assert (only.text, only.is_problem) == ("All is well: 2 devices found and described.", False)


def test_a_prefix_length_that_is_not_the_interfaces_is_told_with_the_right_one() -> None:
    (only,) = problems(interface=IPv4Interface("192.168.1.2/16"), heard=())
    assert "went to 192.168.255.255 instead of 192.168.1.255: write 192.168.1.2/24" in only


def test_to_targets_no_broadcast_went() -> None:
    (only,) = problems(interface=IPv4Interface("192.168.1.2/16"), targets=("192.168.1.5",))
    assert "Broadcasts would go to 192.168.255.255 instead of" in only


def test_broadcasts_that_cannot_be_heard_are_told() -> None:
    (only,) = problems(deaf="Address already in use")
    assert only.startswith(
        "Broadcasts to 192.168.1.255 cannot be heard on 192.168.1.2/24: Address already in use."
    )


def test_what_this_machine_does_not_send_is_told_with_its_reason() -> None:
    traffic = Traffic(sent=2, received=9, refused=1, refusal="Network is unreachable")
    (only,) = problems(traffic=traffic)
    assert only.startswith("This machine did not send 1 packet: Network is unreachable.")


@pytest.mark.parametrize(
    ("echoed", "told"),
    [(0, "Nobody answered: 4 packets out, 0 in. Check"), (3, "Only our own packets came back.")],
)
def test_silence_names_the_counts_and_the_settings(echoed: int, told: str) -> None:
    (only,) = problems(heard=(), traffic=Traffic(sent=4, echoed=echoed))
    assert told in only
    assert "prefix length" in only
    assert "firewall" in only
    assert "name a BBMD of that subnet" in only


def test_silence_at_another_port_names_the_standard_one() -> None:
    told = "Some devices answer port 47808 alone; ours is 47820."
    (only,) = problems(heard=(), traffic=Traffic(sent=4), port=47820)
    assert told in only
    (only,) = problems(heard=(), traffic=Traffic(sent=4))
    assert "47808 alone" not in only


def test_silence_on_targets_speaks_of_the_targets() -> None:
    (only,) = problems(heard=(), traffic=Traffic(sent=4), targets=("10.0.0.255",))
    assert "Check the addresses of the targets and their ports" in only
    assert "prefix" not in only


def test_silence_on_one_of_two_cables_names_the_other() -> None:
    other = OwnAddress(IPv4Interface("10.0.0.2/8"), "eth1")
    (only,) = problems(heard=(), traffic=Traffic(sent=4), here=(other, CABLE, LOOPBACK))
    assert "on another cable of this server are reached by 10.0.0.2/8 (eth1)." in only


def test_silence_with_a_bbmd_does_not_ask_for_one() -> None:
    (only,) = problems(
        heard=(), traffic=Traffic(sent=4), bbmd="10.0.0.1", registration=Answer.ACCEPTED
    )
    assert "name a BBMD" not in only


def test_what_a_bbmd_says_of_itself_is_no_answer() -> None:
    traffic = Traffic(sent=4, received=2, results=2)
    told = problems(heard=(), traffic=traffic, bbmd="10.0.0.1", registration=Answer.REFUSED)
    assert told[1].startswith("Nobody answered: 4 packets out, none from a device.")


def test_silence_on_loopback_names_the_addresses_that_reach_a_cable() -> None:
    (only,) = problems(interface=LOOPBACK.interface, heard=(), traffic=Traffic(sent=4, echoed=4))
    assert "127.0.0.1 reaches this machine only" in only
    assert "choose 192.168.1.2/24 (eth0)" in only


def test_packets_that_name_no_device_are_told_apart_from_silence() -> None:
    (only,) = problems(heard=())
    assert only.startswith("4 packets out, 9 in, but none says that a device is there")


def test_limits_that_nobody_is_within_are_named() -> None:
    (only,) = problems(heard=(), search=Search(instances=range(1000, 2000)))
    assert only == "No device with an instance of 1000 to 1999 answered."


def test_a_name_that_no_object_has_is_named() -> None:
    (only,) = problems(heard=(), search=Search(object_name="AHU-1"))
    assert only == "No device answered that it has an object named 'AHU-1'."


def test_a_bbmd_that_refuses_is_no_bbmd_that_is_silent() -> None:
    (refused,) = problems(bbmd="10.0.0.1", registration=Answer.REFUSED)
    (silent,) = problems(bbmd="10.0.0.1", registration=Answer.NONE)
    assert refused.startswith("The BBMD 10.0.0.1 refuses us. Allow foreign devices")
    assert silent.startswith("The BBMD 10.0.0.1 does not answer. Check its address")
    assert problems(bbmd="10.0.0.1", registration=Answer.ACCEPTED) == []


def test_networks_that_no_router_knows_are_named() -> None:
    (only,) = problems(lost=(2001, 2002))
    assert only.startswith("No router knows network 2001, 2002.")


def test_of_a_search_behind_lost_routers_alone_silence_is_no_news() -> None:
    behind = Search(networks=(2001,))
    (only,) = problems(heard=(), search=behind, lost=(2001,))
    assert only.startswith("No router knows network 2001.")
    assert len(problems(heard=(), search=Search(networks=(2001, 2002)), lost=(2001,))) == 2


def test_doubled_instances_are_told_with_their_addresses() -> None:
    twins = (Endpoint("192.168.1.6", 7), Endpoint("192.168.1.5", 7), Endpoint("192.168.1.9", 9))
    (only,) = advise(outcome(heard=twins))
    assert only.text.startswith("2 devices have the instance 7: 192.168.1.5, 192.168.1.6.")
    assert only.place == "192.168.1.6"


def test_a_device_with_our_own_instance_is_told() -> None:
    (only,) = problems(heard=(*NEAR, Endpoint("192.168.1.7", 4194302)))
    assert only.startswith("The device at 192.168.1.7 has the instance 4194302, which is this")


def test_devices_that_were_not_described_are_named_a_few_of_them() -> None:
    dead = [(Endpoint(f"192.168.1.{number}", number), "no answer") for number in range(1, 9)]
    (only,) = problems(problems=dead)
    assert only.startswith("8 devices could not be described whole: device 1 at 192.168.1.1 (no")
    assert "and 3 more" in only


def test_devices_that_answer_from_another_port_are_told_and_no_problem() -> None:
    told = advise(outcome(heard=(*NEAR, Endpoint("192.168.1.7:47810", 7))))
    assert told[0].text.startswith("All is well: 3 devices")
    assert "some answer from another: 192.168.1.7:47810" in told[1].text


def test_devices_behind_routers_alone_are_told_and_no_problem() -> None:
    told = advise(outcome(heard=(Endpoint("2001:12", 12),)))
    assert [one.is_problem for one in told] == [False, False]
    assert told[1].text.startswith("All devices that answered are behind routers")
    assert len(advise(outcome(heard=(*NEAR, Endpoint("2001:12", 12))))) == 1


def test_an_address_of_another_machine_is_answered_with_those_that_there_are() -> None:
    text = no_such_address(IPv4Interface("192.168.7.7/24"), (CABLE, LOOPBACK))
    right = "192.168.1.2/24 (eth0), 127.0.0.1/8 (lo)"
    assert text == f"192.168.7.7 is no address of this machine; write one that is: {right}"
    many = [OwnAddress(IPv4Interface(f"192.168.100.{n}/24"), "enp0s31f6") for n in range(100, 120)]
    assert len(no_such_address(IPv4Interface("192.168.200.200/24"), many)) < 200


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EADDRINUSE, "another program has it"),
        (errno.EACCES, "may not open ports below 1024"),
        (errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_port_that_cannot_be_opened_is_told_with_the_reason(number: int, told: str) -> None:
    error = OSError(number, "Cannot allocate memory")
    text = port_taken(CABLE.interface, 47808, error)
    assert text.startswith("UDP port 47808 on 192.168.1.2 cannot be opened")
    assert told in text


def test_this_machine_knows_its_own_addresses() -> None:
    assert "127.0.0.1/8" in [str(one.interface) for one in own_addresses()]
