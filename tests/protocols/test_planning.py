from hypothesis import given
from hypothesis import strategies as st

from protocols.planning import Requests

ANSWERS = st.lists(st.sampled_from(["done", "halve", "again"]), max_size=200)


@given(st.lists(st.integers(), max_size=50), ANSWERS, st.integers(-1, 60))
def test_every_point_is_asked_for_once_and_in_order_whatever_fails(
    points: list[int], answers: list[str], most: int
) -> None:
    requests = Requests(points)
    answered: list[int] = []
    trouble = iter(answers)
    while requests:
        batch = requests.next(most)
        assert 0 < len(batch) <= max(1, most)
        answer = next(trouble, "done")
        if answer == "done":
            answered += batch
            requests.done()
        elif answer == "halve":
            requests.halve()
            assert len(requests.next(most)) == max(1, len(batch) // 2)
    assert answered == points


def test_a_smaller_limit_cuts_what_was_not_answered_anew() -> None:
    requests = Requests("abcdef")
    assert requests.next(4) == "abcd"
    assert requests.next(2) == "ab"
    requests.done()
    assert requests.next(2) == "cd"
