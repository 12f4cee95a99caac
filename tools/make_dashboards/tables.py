# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of docs/dashboards.md, between their marks: alerts, recorded series, panels."""

import re

TITLES = {"fleet": "all hosts", "host": "one host", "domain": "one domain"}


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def needs(each):
    return "`?ext=1`" if each.get("needs") else ""


def alerts(rules, _panels):
    yield row("alert", "severity", "after", "needs", "what it says")
    yield row("---", "---", "---", "---", "---")
    for rule in rules["alert"]:
        yield row(f"`{rule['alert']}`", rule["severity"], rule.get("for", "at once"), needs(rule), rule["meaning"])


def recorded(rules, _panels):
    yield row("series", "what it is")
    yield row("---", "---")
    for rule in rules["rule"]:
        yield row(f"`{rule['record']}`", rule["meaning"])


def panels_of(_rules, panels):
    yield row("dashboard", "panel", "needs")
    yield row("---", "---", "---")
    for name, rows in panels.items():
        for panel in rows:
            yield row(TITLES[name], panel["title"], needs(panel))


def without(_rules, panels):
    rows = [row(TITLES[name], panel["title"], panel["without"])
            for name, each in panels.items() for panel in each if "without" in panel]
    return [row("dashboard", "panel", "why"), row("---", "---", "---"), *rows] if rows else ["There is none."]


def fill(page, rules, panels):
    """@page with its tables made anew."""
    for name, make in ("alerts", alerts), ("recorded", recorded), ("panels", panels_of), ("without", without):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"docs/dashboards.md: '{begin}' and '{end}' must be there once")
        text = "\n".join([begin, *make(rules, panels), end])
        page = re.sub(re.escape(begin) + ".*" + re.escape(end), lambda _, new=text: new, page, flags=re.S)
    return page
