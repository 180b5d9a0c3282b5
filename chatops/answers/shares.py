"""What a share seen in a few tries can say of the true one."""

from math import sqrt

NINETY_FIVE = 1.96


def bounds(hits: int, tries: int) -> tuple[float, float]:
    """Return between which shares the true one lies, with 95 % confidence (Wilson's interval)."""
    if not tries:
        return 0.0, 1.0
    share, square = hits / tries, NINETY_FIVE**2 / tries
    middle = share + square / 2
    spread = NINETY_FIVE * sqrt(share * (1 - share) / tries + square / (4 * tries))
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def within(hits: int, tries: int) -> str:
    """Return in words between which shares the true one lies: `11 to 60 %`."""
    low, high = bounds(hits, tries)
    return f"{low * 100:.0f} to {high * 100:.0f} %"
