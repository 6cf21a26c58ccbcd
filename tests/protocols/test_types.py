import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.types import PointAddress, Quality


@given(st.sampled_from(["analog-input", "multi-state-value"]), st.integers(0, 4194303))
def test_point_address_text_round_trip(object_type: str, number: int) -> None:
    address = PointAddress(object_type, number)
    assert PointAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text", ["", "analog-input", "analog-input,", ",3", "a,-1", "a,1.5", "a,٣"]
)
def test_point_address_refuses_other_text_and_says_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match="write TYPE,NUMBER"):
        PointAddress.parse(text)


def test_quality_usable_is_what_may_be_shown_as_fresh() -> None:
    usable = {quality for quality in Quality if quality.usable}
    assert usable == {Quality.GOOD, Quality.OVERRIDDEN, Quality.OUT_OF_RANGE}
