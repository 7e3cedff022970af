"""What is said of a picture's quality."""

from enum import StrEnum
from typing import Final


class Quality(StrEnum):
    """One word for a picture: by and large the first that holds, in this order; `GOOD` where none does."""

    BRIGHT = "bright"
    NO_SIGNAL = "no_signal"
    DARK = "dark"
    NOISY = "noisy"
    COVERED = "covered"
    MOVED = "moved"
    BLURRED = "blurred"
    FROZEN = "frozen"
    WRONG_CLOCK = "wrong_clock"
    GOOD = "good"


MEANINGS: Final = {
    Quality.NO_SIGNAL: "a test card, an error picture or one colour in place of a view",
    Quality.DARK: "almost nothing is lit",
    Quality.BRIGHT: "almost everything is overexposed",
    Quality.NOISY: "noise hides what there is to see",
    Quality.COVERED: "something hides the view: its edges are gone",
    Quality.BLURRED: "out of focus, or the lens is dirty",
    Quality.MOVED: "the camera looks elsewhere than it did",
    Quality.FROZEN: "the same picture again, at a later time",
    Quality.WRONG_CLOCK: "the recorder's time for it cannot be right",
    Quality.GOOD: "none of these was seen",
}
