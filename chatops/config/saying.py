"""How a key of the configuration says what it means, what is expected there, and an example."""

from typing import Any

from msgspec import Meta


def said(
    meaning: str,
    *,
    example: str = "",
    expected: str | None = None,
    pattern: str | None = None,
    at_least: int | None = None,
    extra: dict[str, Any] | None = None,
) -> Meta:
    """Return what a key means, what is expected there, and an example of it."""
    return Meta(
        description=meaning,
        title=expected,
        examples=[example] if example else None,
        pattern=pattern,
        min_length=at_least,
        extra=extra,
    )


def number(meaning: str, *, lowest: int, highest: int) -> Meta:
    """Return what a number means, and its range."""
    return Meta(description=meaning, ge=lowest, le=highest)


TEAM_EXPECTED = "the id of a workspace in Slack"


def team(meaning: str) -> Meta:
    """Return what a workspace of Slack means; without one, the only one is meant."""
    return said(
        meaning,
        example="T0123456789",
        expected=TEAM_EXPECTED,
        pattern=r"\A(T[A-Z0-9]{2,20})?\Z",
    )
