"""Numbers of an H.264 header, bit by bit (ITU-T H.264, 7.2 and 9.1)."""

_EMULATION_PREVENTION = b"\0\0\3"
_MOST_LEADING_ZEROES = 32


class EndOfBits(ValueError):
    """The header states more than it holds."""


class BitReader:
    """Reads the payload of one NAL unit, its first `size` bytes at most."""

    def __init__(self, unit: bytes, size: int) -> None:
        payload = unit[1 : 1 + size].replace(_EMULATION_PREVENTION, b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        if count > self._left:
            raise EndOfBits
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.take(1) == 1

    def unsigned(self) -> int:
        """An Exp-Golomb number, `ue(v)`."""
        zeroes = 0
        while not self.take(1):
            zeroes += 1
            if zeroes > _MOST_LEADING_ZEROES:
                raise EndOfBits
        return (1 << zeroes) - 1 + self.take(zeroes)

    def signed(self) -> int:
        """An Exp-Golomb number, `se(v)`."""
        number = self.unsigned()
        return (number + 1) // 2 if number % 2 else -(number // 2)
