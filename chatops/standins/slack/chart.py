"""Charts of a message as pictures: lines, areas, bars and pies, each with its figures for those who listen."""

from __future__ import annotations

from math import cos, pi, sin

from markupsafe import Markup

from chatops.standins.slack.workspace import JsonObject

_WIDTH, _HEIGHT, _EDGE = 420, 130, 6


def render_chart(block: JsonObject) -> Markup:
    """Render a chart with its title, its picture, what each colour means, and its figures."""
    chart = block["chart"]
    if chart["type"] == "pie":
        segments = [(one["label"], one["value"]) for one in chart["segments"]]
        drawn = _pie([value for _, value in segments])
        names = [f"{label}: {value}" for label, value in segments]
        figures = _figures([label for label, _ in segments], {"": [one for _, one in segments]})
    else:
        labels = list(chart["axis_config"]["categories"])
        series = {
            one["name"]: [_value(one["data"], label) for label in labels] for one in chart["series"]
        }
        highest = max((value for values in series.values() for value in values), default=0) or 1
        draw = _bars if chart["type"] == "bar" else _lines
        drawn = draw(list(series.values()), highest, is_area=chart["type"] == "area")
        names, figures = list(series), _figures(labels, series)
    legend = Markup().join(
        Markup('<span class="series-{}">{}</span>').format(place % 6, name)
        for place, name in enumerate(names)
    )
    return Markup(
        '<figure class="chart"><figcaption>{}</figcaption>'
        '<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg><p class="legend">{}</p>{}</figure>'
    ).format(block["title"], _WIDTH, _HEIGHT, drawn, legend, figures)


def _value(data: list[JsonObject], label: str) -> float:
    return next((one["value"] for one in data if one["label"] == label), 0)


def _figures(labels: list[str], series: dict[str, list[float]]) -> Markup:
    """Return the figures as a table that unfolds."""
    head = Markup().join(Markup('<th scope="col">{}</th>').format(name) for name in ("", *series))
    rows = Markup().join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            label,
            Markup().join(
                Markup('<td class="right">{}</td>').format(f"{values[place]:g}")
                for values in series.values()
            ),
        )
        for place, label in enumerate(labels)
    )
    return Markup(
        "<details><summary>Figures</summary><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></details>"
    ).format(head, rows)


def _lines(series: list[list[float]], highest: float, *, is_area: bool) -> Markup:
    found = Markup()
    for number, values in enumerate(series):
        step = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1)
        points = [(_EDGE + place * step, _y(value, highest)) for place, value in enumerate(values)]
        said = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        if is_area:
            bottom = _HEIGHT - _EDGE
            said = f"{points[0][0]:.1f},{bottom} {said} {points[-1][0]:.1f},{bottom}"
        kind = "polygon" if is_area else "polyline"
        found += Markup('<{} class="series-{}" points="{}"/>').format(kind, number % 6, said)
    return found


def _bars(series: list[list[float]], highest: float, *, is_area: bool) -> Markup:
    del is_area
    groups = max(map(len, series), default=1)
    room = (_WIDTH - 2 * _EDGE) / groups
    width = room * 0.8 / len(series)
    return Markup().join(
        Markup('<rect class="series-{}" x="{}" y="{}" width="{}" height="{}"/>').format(
            number % 6,
            f"{_EDGE + place * room + number * width:.1f}",
            f"{_y(value, highest):.1f}",
            f"{width:.1f}",
            f"{_HEIGHT - _EDGE - _y(value, highest):.1f}",
        )
        for number, values in enumerate(series)
        for place, value in enumerate(values)
    )


def _pie(values: list[float]) -> Markup:
    """Draw the segments one after the other, each as an arc from the middle."""
    total, turned, found = sum(values) or 1, 0.0, Markup()
    middle, radius = _HEIGHT / 2, _HEIGHT / 2 - _EDGE
    for number, value in enumerate(values):
        # A whole circle has no two ends; it is drawn almost to its end.
        share = min(value / total, 0.9999)
        begin, turned = turned, turned + share
        ends = [
            f"{middle + radius * sin(2 * pi * at):.1f} {middle - radius * cos(2 * pi * at):.1f}"
            for at in (begin, turned)
        ]
        path = f"M {middle} {middle} L {ends[0]} A {radius} {radius} 0 {int(share > 0.5)} 1 {ends[1]} Z"  # noqa: PLR2004 - half
        found += Markup('<path class="series-{}" d="{}"/>').format(number % 6, path)
    return found


def _y(value: float, highest: float) -> float:
    return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * max(0.0, value) / highest
