# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the panels of dashboards from what their queries gave, as SVG with nothing but text, at Grafana's places."""

import html
import math

from make_dashboards import grafana

CELL_X, CELL_Y, GAP = 50, 24, 6
TITLE, HEADING = 18, 34
COLOURS = ("#2c6fbb", "#c0392b", "#27ae60", "#e67e22", "#8e44ad", "#16a085", "#7f8c8d", "#d4ac0d")
N_LEGENDS, N_ROWS = 5, 8
STEPS = (1, 2, 2.5, 5, 10)
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))
WORDS = {"Bps": "B/s", "bytes": "B", "pps": "/s", "iops": "/s"}


def number(value, unit="short"):
    """As a reader wants it: 3 digits, with the unit."""
    if math.isnan(value):
        return "-"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1000:.3g} ms" if abs(value) >= 0.001 else f"{value * 1e6:.3g} µs"
    if unit == "s":
        return f"{value:.3g} s"
    size, prefix = next((each for each in PREFIXES if abs(value) >= each[0]), (1, ""))
    return f"{value / size:.3g} {prefix}{WORDS.get(unit, '')}".strip()


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{extra}>{html.escape(words)}</text>'


def cut(words, width):
    n = max(int(width / 5.6), 4)
    return words if len(words) <= n else words[:n - 1] + "…"


def top_of(highest):
    """A round number at or above it."""
    if not highest > 0:
        return 1
    decade = 10.0 ** math.floor(math.log10(highest))
    return next(step * decade for step in STEPS if step * decade >= highest * 0.999)


class Box:
    """Where a panel may draw."""

    def __init__(self, x, y, width, height):
        self.x, self.y, self.width, self.height = x, y, width, height

    def frame(self, title):
        yield f'<rect x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}" fill="white" stroke="#ccc"/>'
        yield text(self.x + 6, self.y + 13, cut(title, self.width - 10), extra=' font-weight="bold"')


def axes(box, top, unit):
    """Lines at 0, half and top; gives places for values."""
    left, right = box.x + 52, box.x + box.width - 8
    low, high = box.y + box.height - 30, box.y + TITLE + 8
    lines = []
    for part in 0, 0.5, 1:
        y = low + (high - low) * part
        lines.append(f'<path d="M{left} {y:.0f}H{right}" stroke="#e4e4e4"/>')
        lines.append(text(left - 4, y + 3, number(top * part, unit), "end", ' fill="#666"'))
    return lines, (left, right, low, high)


def path(points, fill=False):
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + ("Z" if fill else "")


def legends(box, names):
    x, y = box.x + 8, box.y + box.height - 8
    width = (box.width - 16) / max(min(len(names), N_LEGENDS), 1)
    for place, name in enumerate(names[:N_LEGENDS]):
        more = f" +{len(names) - N_LEGENDS}" if place == N_LEGENDS - 1 and len(names) > N_LEGENDS else ""
        yield f'<rect x="{x:.0f}" y="{y - 7}" width="8" height="8" fill="{COLOURS[place % len(COLOURS)]}"/>'
        yield text(x + 11, y, cut(name, width - 14 - len(more) * 6) + more)
        x += width


def stacked(series):
    """Each on top of those before it; where one has no value it counts as 0."""
    times = sorted({at for _, points in series for at, _ in points})
    below, result = dict.fromkeys(times, 0.0), []
    for name, points in series:
        values = dict(points)
        above = {at: below[at] + values.get(at, 0) for at in times}
        result.append((name, [(at, below[at]) for at in times], [(at, above[at]) for at in times]))
        below = above
    return result


def over_time(box, panel, series, span):
    series = [(name, [(at, value) for at, value in points if math.isfinite(value)]) for name, points in series]
    layers = stacked(series) if panel["kind"] == "stack" else [(name, [], points) for name, points in series]
    top = top_of(max((value for _, _, points in layers for _, value in points), default=0))
    lines, (left, right, low, high) = axes(box, top, panel.get("unit", "short"))

    def placed(points):
        return [(left + (at - span[0]) / (span[1] - span[0]) * (right - left), low + (high - low) * value / top)
                for at, value in points]
    for place, (_, below, above) in enumerate(layers):
        colour = COLOURS[place % len(COLOURS)]
        if below:
            lines.append(f'<path d="{path(placed(above) + placed(below)[::-1], True)}" fill="{colour}" '
                         'fill-opacity=".35"/>')
        if above:
            lines.append(f'<path d="{path(placed(above))}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
    return lines + list(legends(box, [name for name, _ in series]))


def bars(box, panel, series):
    rows = sorted(((points[-1][1], name) for name, points in series), reverse=True)[:N_ROWS]
    top = max((value for value, _ in rows), default=0) or 1
    for place, (value, name) in enumerate(rows):
        y = box.y + TITLE + 8 + place * 19
        yield text(box.x + 92, y + 11, cut(name, 84), "end")
        yield (f'<rect x="{box.x + 98}" y="{y}" width="{max(value, 0) / top * (box.width - 180):.0f}" height="14" '
               f'fill="{COLOURS[0]}"/>')
        yield text(box.x + 102 + max(value, 0) / top * (box.width - 180), y + 11, number(value, panel.get("unit", "short")))


def table(box, panel, series):
    """@series: (labels, points)."""
    columns = panel["columns"]
    width = (box.width - 12) / len(columns)
    rows = [columns] + [[number(points[-1][1]) if name == "value" else labels.get(name, "") for name in columns]
                        for labels, points in series][:N_ROWS]
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            yield text(box.x + 6 + place * width, box.y + TITLE + 14 + line * 18, cut(cell, width - 4),
                       extra=' fill="#666"' if line == 0 else "")


def value(box, panel, series):
    found = series[0][1][-1][1] if series else math.nan
    colour = COLOURS[1] if "bad" in panel and found >= panel["bad"] else COLOURS[2]
    yield text(box.x + box.width / 2, box.y + box.height - 20, number(found, panel.get("unit", "short")), "middle",
               f' font-size="28" fill="{colour}"')


def one_panel(panel, box, results, span):
    """@results: (labels, legend, [(time, value)]) of all queries."""
    yield from box.frame(panel["title"])
    named = [(legend, points) for _, legend, points in results]
    if not results:
        yield text(box.x + box.width / 2, box.y + box.height / 2, "no result", "middle")
    elif panel["kind"] == "number":
        yield from value(box, panel, named)
    elif panel["kind"] == "bars":
        yield from bars(box, panel, named)
    elif panel["kind"] == "table":
        yield from table(box, panel, [(labels, points) for labels, _, points in results])
    else:
        yield from over_time(box, panel, named, span)


def draw(dashboards, results, span):
    """The SVG. @dashboards: name -> panels; @results: (name, title) -> results; @span: begin and end."""
    lines, y = [], 0
    for name, panels in dashboards.items():
        lines.append(text(GAP, y + 24, grafana.TITLES[name], extra=' font-size="16" font-weight="bold"'))
        y += HEADING
        bottom = y
        for panel, cell_x, cell_y in grafana.place(panels):
            box = Box(cell_x * CELL_X + GAP, y + cell_y * CELL_Y, panel.get("width", grafana.WIDTH) * CELL_X - GAP,
                      grafana.height_of(panel) * CELL_Y - GAP)
            lines += one_panel(panel, box, results[name, panel["title"]], span)
            bottom = max(bottom, box.y + box.height)
        y = bottom + 10
    width = grafana.WIDTH_ALL * CELL_X + GAP
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" font-family="sans-serif" '
            f'font-size="10">\n<rect width="{width}" height="{y}" fill="#f4f4f4"/>\n')
    return head + "\n".join(lines) + "\n</svg>\n"
