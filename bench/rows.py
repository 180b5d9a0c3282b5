"""Rows of the table: ours beside a peer or a limit of the same run, the ratio, the target, and whether it is met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio, or a figure beside a limit, must be in the first release. `unit` is empty for a ratio."""

    limit: float
    is_ceiling: bool
    unit: str = ""

    def __str__(self) -> str:
        sign = "≤" if self.is_ceiling else "≥"
        return f"{sign} {self.limit:g}{f' {self.unit}' if self.unit else ''}"

    def is_met(self, value: float) -> bool:
        """Return whether a value keeps to it."""
        return value <= self.limit if self.is_ceiling else value >= self.limit


def at_least(limit: float) -> Target:
    """Return the target of a ratio that should be large."""
    return Target(limit, is_ceiling=False)


def at_most(limit: float, unit: str = "") -> Target:
    """Return the target of a ratio, or of a figure with a unit, that should be small."""
    return Target(limit, is_ceiling=True, unit=unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `is_met` is nothing where there is no target, or where nothing was measured."""

    what: str
    peer: str
    ours: str
    theirs: str
    ratio: float | None
    target: str
    is_met: bool | None


def beside_peer(
    what: str, peer: str, ours: float, theirs: float, target: Target | None, *, unit: str = "/s"
) -> Row:
    """Return the row of a figure beside the same figure of a peer; without a ratio where the peer has nothing."""
    ratio = ours / theirs if theirs else None
    return Row(
        what=what,
        peer=peer,
        ours=f"{_shown(ours)}{unit}",
        theirs=f"{_shown(theirs)}{unit}",
        ratio=ratio,
        target=str(target or ""),
        is_met=None if target is None or ratio is None else target.is_met(ratio),
    )


def beside_limit(what: str, value: float, target: Target) -> Row:
    """Return the row of a figure beside its limit."""
    return Row(
        what=what,
        peer="limit",
        ours=f"{_shown(value)} {target.unit}".rstrip(),
        theirs=f"{target.limit:g} {target.unit}".rstrip(),
        ratio=value / target.limit if target.limit else None,
        target=str(target),
        is_met=target.is_met(value),
    )


def not_measured(what: str, peer: str, target: Target | None, why: str) -> Row:
    """Return the row of a figure that this machine cannot have, with the reason beside its peer."""
    return Row(
        what=what,
        peer=f"{peer}; not measured: {why}",
        ours="–",
        theirs="–",
        ratio=None,
        target=str(target or ""),
        is_met=None,
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
