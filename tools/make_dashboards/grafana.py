# SPDX-License-Identifier: LGPL-2.1-or-later
"""Panels as dashboards that Grafana imports: its JSON, of version 10 and later.

A dashboard asks for its data source when it is imported, and has variables for what its queries select.
"""

import json

SOURCE = {"type": "prometheus", "uid": "${source}"}
SCHEMA = 39
WIDTH_ALL = 24
WIDTH = 8
HEIGHTS = {"number": 4, "lines": 8, "stack": 8, "bars": 8, "table": 8}
TYPES = {"number": "stat", "lines": "timeseries", "stack": "timeseries", "bars": "bargauge", "table": "table"}
TITLES = {"fleet": "domstats: all hosts", "host": "domstats: one host", "domain": "domstats: one domain"}
ABOUT = {
    "fleet": "The domains of all hosts: which do not answer, and which have it hardest.",
    "host": "One host: its domains, their verdicts, and what they use.",
    "domain": "One domain, by UUID, on whichever host it runs.",
}


def variable(name, label, query, regex="", is_multi=False):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1,
            "definition": query, "query": {"query": query, "refId": name}, "regex": regex, "multi": is_multi,
            "includeAll": is_multi, "allValue": None, "hide": 0,
            "current": {"text": ["All"], "value": ["$__all"]} if is_multi else {}}


# Name and UUID are in one series: Grafana takes a text to show and a value out of it.
UUIDS = '/[{,]name="(?<text>[^"]*)".*[{,]uuid="(?<value>[^"]*)"/'
VARIABLES = {
    "source": {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus", "hide": 0,
               "refresh": 1, "regex": "", "current": {}, "multi": False, "includeAll": False},
    "job": variable("job", "Job", "label_values(domstats_domains, job)", is_multi=True),
    "instance": variable("instance", "Host", 'label_values(domstats_domains{job=~"$job"}, instance)'),
    "uuid": variable("uuid", "Domain", 'query_result(uuid:domstats_place:info{job=~"$job"})', UUIDS),
}
NEEDED = {"fleet": ("source", "job"), "host": ("source", "job", "instance"), "domain": ("source", "job", "uuid")}


def targets(panel):
    is_now = panel["kind"] in ("bars", "table")
    return [{"refId": chr(ord("A") + number), "datasource": SOURCE, "editorMode": "code", "expr": query,
             "legendFormat": legend, "instant": is_now, "range": not is_now,
             "format": "table" if panel["kind"] == "table" else "time_series"}
            for number, (query, legend) in enumerate(panel["queries"])]


def thresholds(panel):
    steps = [{"color": "green", "value": None}]
    if "bad" in panel:
        steps.append({"color": "red", "value": panel["bad"]})
    return {"mode": "absolute", "steps": steps}


def custom(panel):
    """What is set for each series of a panel over time."""
    if TYPES[panel["kind"]] != "timeseries":
        return {}
    is_stack = panel["kind"] == "stack"
    return {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if is_stack else 0, "showPoints": "never",
            "stacking": {"mode": "normal" if is_stack else "none", "group": "A"}}


def options(panel):
    kind = panel["kind"]
    if kind == "number":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}
    if kind == "bars":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"}
    if kind == "table":
        return {"showHeader": True}
    return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}


def transformations(panel):
    """A table shows its columns, in their order, and nothing else."""
    if panel["kind"] != "table":
        return []
    names = ["Value" if name == "value" else name for name in panel["columns"]]
    return [{"id": "filterFieldsByName", "options": {"include": {"names": names}}},
            {"id": "organize", "options": {"indexByName": {name: place for place, name in enumerate(names)}}}]


def one_panel(panel, number, x, y):
    made = {"id": number, "type": TYPES[panel["kind"]], "title": panel["title"], "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": panel.get("width", WIDTH), "h": height_of(panel)},
            "targets": targets(panel), "options": options(panel), "transformations": transformations(panel),
            "fieldConfig": {"defaults": {"unit": panel.get("unit", "short"), "min": 0,
                                         "color": {"mode": "thresholds" if panel["kind"] == "number"
                                                   else "palette-classic"},
                                         "thresholds": thresholds(panel), "custom": custom(panel)}, "overrides": []}}
    words = [panel["meaning"]] if "meaning" in panel else []
    if panel.get("needs") == "ext":
        words.append("domstatsd must be scraped with ?ext=1.")
    if words:
        made["description"] = " ".join(words)
    return made


def height_of(panel):
    return panel.get("height", HEIGHTS[panel["kind"]])


def place(panels):
    """From left to right, and below where a row is full: (panel, x, y)."""
    x = y = height = 0
    for panel in panels:
        width = panel.get("width", WIDTH)
        if x + width > WIDTH_ALL:
            x, y, height = 0, y + height, 0
        yield panel, x, y
        x, height = x + width, max(height, height_of(panel))


def dashboard(name, panels):
    links = [{"title": TITLES[other], "type": "link", "url": f"/d/domstats-{other}", "keepTime": True,
              "includeVars": other == "fleet", "targetBlank": False, "icon": "dashboard", "tags": []}
             for other in TITLES if other != name]
    made = {
        "uid": f"domstats-{name}", "title": TITLES[name], "description": ABOUT[name], "tags": ["domstats"],
        "schemaVersion": SCHEMA, "version": 1, "editable": True, "graphTooltip": 1, "refresh": "1m",
        "time": {"from": "now-3h", "to": "now"}, "timezone": "browser", "links": links, "annotations": {"list": []},
        "templating": {"list": [VARIABLES[each] for each in NEEDED[name]]},
        "panels": [one_panel(panel, number, x, y) for number, (panel, x, y) in enumerate(place(panels), 1)],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
