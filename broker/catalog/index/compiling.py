"""Marks what is compiled. Compiled code is kept for each file as it is: whoever changes a constant or a function that a
compiled one takes from elsewhere must change something in its file too."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compiled when it is first called, for what it is called with."""
    return cast("F", numba.njit(function))
