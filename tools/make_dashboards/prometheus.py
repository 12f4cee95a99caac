# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules as the files that Prometheus reads: YAML, of which it needs strings, blocks of text and lists."""

import json

HEAD = "# SPDX-License-Identifier: LGPL-2.1-or-later\n# Made by tools/make-dashboards of dashboards/source/rules.toml.\n"


def block(indent, key, text):
    """A text of several lines as a block, one of a single line as a string."""
    if "\n" not in text:
        return [f"{indent}{key}: {json.dumps(text, ensure_ascii=False)}"]
    return [f"{indent}{key}: |-", *(f"{indent}  {line}".rstrip() for line in text.split("\n"))]


def group(name, lines):
    return [f"  - name: {name}", "    rules:", *lines]


def whole(groups):
    lines = [line for name, rows in groups.items() for line in group(name, rows)]
    return HEAD + "\n".join(["groups:", *lines]) + "\n"


def recording(rules):
    groups = {}
    for rule in rules:
        groups.setdefault(rule["group"], []).extend([f"      - record: {rule['record']}",
                                                     *block("        ", "expr", rule["expr"])])
    return whole(groups)


def alerts(rules):
    lines = []
    for rule in rules:
        lines += [f"      - alert: {rule['alert']}", *block("        ", "expr", rule["expr"])]
        if "for" in rule:
            lines.append(f"        for: {rule['for']}")
        lines += ["        labels:", f"          severity: {rule['severity']}", "        annotations:",
                  *block("          ", "summary", rule["summary"]),
                  *block("          ", "description", rule["meaning"])]
    return whole({"domstats-alerts": lines})
