# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws lines over two logarithmic axes, and stacked bars, as SVG, with nothing but text."""

import html
import math

WIDTH, HEIGHT = 760, 480
LEFT, RIGHT, TOP, BOTTOM = 70, 220, 40, 55
BARS_LEFT = 300
COLOURS = ("#c0392b", "#e67e22", "#2c3e90", "#8e44ad", "#27ae60", "#555555")


class Axis:
    """Decades that hold all values, spread over pixels."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def place(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def marks(self):
        return [10.0 ** i for i in range(self.low, self.high + 1)]


def text(x, y, words, anchor="middle", extra=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {extra}>'
            f"{html.escape(words)}</text>")


def grid(across, up):
    for value in across.marks():
        x = across.place(value)
        yield (f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" '
               'stroke="#ddd"/>')
        yield text(x, HEIGHT - BOTTOM + 18, f"{value:,.0f}")
    for value in up.marks():
        y = up.place(value)
        yield (f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
               'stroke="#ddd"/>')
        yield text(LEFT - 8, y + 4, f"{value:g}", "end")


def line(points, colour, across, up):
    places = [(across.place(x), up.place(y)) for x, y in sorted(points)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def draw(path, title, x_name, y_name, series):
    """@series: name -> [(x, y)], all above 0. Those without points are left out."""
    series = {name: points for name, points in series.items() if points}
    values = [point for points in series.values() for point in points]
    across = Axis([x for x, _ in values], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in values], HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text((LEFT + WIDTH - RIGHT) / 2, 22, title, extra='font-size="14"'),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_name),
             text(18, HEIGHT / 2, y_name, extra=f'transform="rotate(-90 18 {HEIGHT / 2:.0f})"'),
             *grid(across, up)]
    # The names stand in the order of the lines' right ends, so that none needs a second look.
    names = sorted(series, key=lambda name: up.place(max(series[name])[1]))
    for row, name in enumerate(names):
        colour = COLOURS[list(series).index(name) % len(COLOURS)]
        parts += line(series[name], colour, across, up)
        y = TOP + 14 + 22 * row
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="14" height="4" '
                     f'fill="{colour}"/>')
        parts.append(text(WIDTH - RIGHT + 34, y - 3, name, "start"))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*parts, "</svg>"]) + "\n")


def bar(y, height, parts, scale):
    x = BARS_LEFT
    for value, colour in zip(parts, COLOURS):
        yield f'<rect x="{x:.1f}" y="{y}" width="{value * scale:.1f}" height="{height}" fill="{colour}"/>'
        x += value * scale
    yield text(x + 6, y + height - 4, f"{sum(parts):,.0f}", "start")


def draw_bars(path, title, names, rows):
    """@rows: name -> values, one for each of @names, stacked."""
    height, gap = 20, 12
    bottom = TOP + 30 + len(rows) * (height + gap)
    scale = (WIDTH - BARS_LEFT - 60) / max(sum(parts) for parts in rows.values())
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{bottom}" fill="white"/>',
             text(WIDTH / 2, 22, title, extra='font-size="15"')]
    for number, name in enumerate(names):
        x = BARS_LEFT + number * 150
        lines.append(f'<rect x="{x}" y="{TOP}" width="12" height="12" fill="{COLOURS[number]}"/>')
        lines.append(text(x + 18, TOP + 11, name, "start"))
    for number, (name, parts) in enumerate(rows.items()):
        y = TOP + 30 + number * (height + gap)
        lines.append(text(BARS_LEFT - 8, y + height - 5, name, "end"))
        lines.extend(bar(y, height, parts, scale))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "</svg>\n"]))
