# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads dashboards/source: checks each table against what it may have, and writes the short words of PromQL out."""

import os
import re
import tomllib

BY = "(job, instance, domain)"
# The short words of all expressions, then those of panels alone.
WORDS = {
    "DISK": "(job, instance, domain, device)",
    "BY": BY,
    "AT": f"* on {BY} group_left (uuid, name) uuid:domstats_place:info",
    "UNREADABLE": "busy|denied|no-monitor",
}
PANEL_WORDS = {
    **WORDS,
    "OF": f'* on {BY} group_left () uuid:domstats_place:info{{uuid="$uuid"}}',
    "JOBS": 'job=~"$job"',
    "HOST": 'job=~"$job", instance=~"$instance"',
    "RATE": "$__rate_interval",
}
KINDS = "number", "lines", "stack", "bars", "table"
SEVERITIES = "critical", "warning", "info"
# What a table may have; True: it must.
RULE = {"group": True, "record": True, "expr": True, "meaning": True, "needs": False}
ALERT = {"alert": True, "expr": True, "for": False, "severity": True, "summary": True, "meaning": True, "needs": False}
PANEL = {"title": True, "kind": True, "queries": True, "unit": False, "width": False, "height": False,
         "columns": False, "bad": False, "meaning": False, "needs": False, "without": False}


class SourceError(Exception):
    pass


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check(row, keys, name):
    title = row.get(name, "?")
    for key in row:
        if key not in keys:
            raise SourceError(f"{title}: '{key}' is not known")
    for key, must in keys.items():
        if must and key not in row:
            raise SourceError(f"{title}: '{key}' is missing")
    if row.get("needs", "ext") != "ext":
        raise SourceError(f"{title}: it can need only 'ext'")


def expand(text, words):
    """@text with its short words, which stand alone and in capitals, written out."""
    return re.sub(r"\b(%s)\b" % "|".join(words), lambda found: words[found[1]], text.strip())


def check_columns(panel):
    if panel["kind"] not in KINDS:
        raise SourceError(f"{panel['title']}: there is no kind '{panel['kind']}'")
    if (panel["kind"] == "table") != ("columns" in panel):
        raise SourceError(f"{panel['title']}: a table, and nothing else, has columns")


def load(tree):
    """Rules ({"rule": [...], "alert": [...]}) and panels ({"fleet": [...], ...}), with whole expressions."""
    folder = os.path.join(tree, "dashboards", "source")
    rules = tomllib.loads(read(os.path.join(folder, "rules.toml")))
    panels = tomllib.loads(read(os.path.join(folder, "panels.toml")))
    for kind, keys, name in ("rule", RULE, "record"), ("alert", ALERT, "alert"):
        for row in rules[kind]:
            check(row, keys, name)
            row["expr"] = expand(row["expr"], WORDS)
    for alert in rules["alert"]:
        if alert["severity"] not in SEVERITIES:
            raise SourceError(f"{alert['alert']}: severity is one of {SEVERITIES}")
    for rows in panels.values():
        for panel in rows:
            check(panel, PANEL, "title")
            check_columns(panel)
            panel["queries"] = [(expand(query, PANEL_WORDS), legend) for query, legend in panel["queries"]]
    return rules, panels
