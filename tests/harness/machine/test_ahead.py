from threading import Event, get_ident

import pytest

from spurgen.harness.machine.pool import ahead


def test_items_keep_their_order_and_are_made_in_another_thread():
    makers = list(ahead(get_ident() for _ in range(20)))
    assert len(makers) == 20
    assert {*makers} != {get_ident()}
    assert len({*makers}) == 1
    assert list(ahead(range(20))) == list(range(20))
    assert list(ahead([])) == []


def test_the_next_items_are_made_while_one_is_used():
    made = [Event() for _ in range(4)]

    def items():
        for k, event in enumerate(made):
            event.set()
            yield k

    taken = ahead(items(), depth=2)
    assert next(taken) == 0
    assert made[1].wait(60)
    assert made[2].wait(60)
    assert not made[3].is_set()
    assert list(taken) == [1, 2, 3]


def test_an_error_is_raised_in_its_place():
    def items():
        yield 1
        raise ValueError("the second")

    taken = ahead(items())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="the second"):
        next(taken)


def test_what_is_left_is_not_made_after_closing():
    made = []
    taken = ahead(made.append(k) for k in range(100))
    next(taken)
    taken.close()
    assert len(made) <= 3
