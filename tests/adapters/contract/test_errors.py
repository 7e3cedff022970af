"""Errors of a recorder say what the caller should do, and are the same on the other side of a wire."""

import pytest

from adapters.contract.errors import BY_CODE, AdapterError, AskOwner, GiveUp, TryLater, from_wire, to_wire


def kinds(of: type[AdapterError]) -> set[type[AdapterError]]:
    return {of, *(kind for below in of.__subclasses__() for kind in kinds(below))}


def test_every_error_has_a_code_of_its_own_that_stands_in_the_table() -> None:
    below = kinds(AdapterError) - {AdapterError}
    assert {kind.code for kind in below} == set(BY_CODE)
    assert len(below) == len(BY_CODE)


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_an_error_survives_the_wire(code: str) -> None:
    error = BY_CODE[code]("the recorder said no", retry_after_s=2.5)
    known = to_wire(error)
    again = from_wire(str(known["code"]), str(known["message"]), error.retry_after_s)
    assert type(again) is type(error)
    assert (again.message, again.retry_after_s) == (error.message, error.retry_after_s)


def test_a_code_of_a_later_version_is_not_taken_for_another() -> None:
    with pytest.raises(KeyError):
        from_wire("from_the_future", "?")


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_each_error_tells_one_next_step(code: str) -> None:
    assert sum(issubclass(BY_CODE[code], step) for step in (TryLater, AskOwner, GiveUp)) == 1
