# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is made of dashboards/source is what the source gives, and names only metrics that there are."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TREE = os.path.dirname(os.environ.get("DOMSTATS_TESTS", os.path.abspath("tests")))
MAKE = os.path.join(TREE, "tools", "make-dashboards")
sys.path.insert(0, os.path.join(TREE, "tools"))

from make_dashboards import source  # noqa: E402

# What Prometheus itself records of each target, and of alerts.
OF_PROMETHEUS = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"}


def documented():
    """Names of samples, from docs/metrics.md."""
    page = source.read(os.path.join(TREE, "docs", "metrics.md"))
    names = set()
    for name, kind in re.findall(r"^\| `(domstats_\w+)` \| (\w+) \|", page, re.M):
        names |= {name + "_bucket"} if kind == "histogram" else {name}
    return names


class Made(unittest.TestCase):
    def setUp(self):
        self.rules, self.panels = source.load(TREE)

    def make(self, tree, *options):
        return subprocess.run([MAKE, "--tree", tree, *options], check=False, capture_output=True, text=True)

    def copy(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        shutil.copytree(os.path.join(TREE, "dashboards"), os.path.join(folder, "dashboards"))
        os.mkdir(os.path.join(folder, "docs"))
        shutil.copy(os.path.join(TREE, "docs", "dashboards.md"), os.path.join(folder, "docs"))
        return folder

    def test_the_files_are_what_the_source_gives(self):
        done = self.make(TREE, "--check")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_a_change_by_hand_is_found_and_undone(self):
        folder = self.copy()
        for path in "dashboards/prometheus/domstats-alerts.yml", "dashboards/grafana/domstats-host.json":
            with open(os.path.join(folder, path), "a", encoding="utf-8") as file:
                file.write("\n")
            done = self.make(folder, "--check")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(path + ":1:", done.stdout)
            self.assertEqual(self.make(folder).stdout.split(), [path])
            self.assertEqual(self.make(folder, "--check").returncode, 0)

    def test_a_mistake_in_the_source_is_named(self):
        for old, new, word in (('severity = "info"', 'severity = "loud"', "severity is one of"),
                               ('meaning = "', 'meening = "', "'meening' is not known"),
                               ('needs = "ext"', 'needs = "luck"', "it can need only")):
            folder = self.copy()
            path = os.path.join(folder, "dashboards/source/rules.toml")
            text = source.read(path)
            self.assertIn(old, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new, 1))
            done = self.make(folder, "--check")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr)

    def expressions(self):
        for rule in self.rules["rule"]:
            yield rule["record"], rule["expr"]
        for rule in self.rules["alert"]:
            yield rule["alert"], rule["expr"]
        for rows in self.panels.values():
            for panel in rows:
                for query, _ in panel["queries"]:
                    yield panel["title"], query

    def test_each_metric_that_is_read_is_documented_or_recorded(self):
        known = documented() | {rule["record"] for rule in self.rules["rule"]} | OF_PROMETHEUS
        self.assertGreater(len(known), 150)
        for title, expression in self.expressions():
            bare = re.sub(r'"[^"]*"', '""', expression)
            for name in re.findall(r"(?:uuid|instance):\w+:\w+|\bdomstats_\w+|\bALERTS\b", bare):
                self.assertIn(name, known, title)

    def test_what_needs_ext_says_so(self):
        fields = source.read(os.path.join(TREE, "docs", "metrics.md"))
        dear = {name for name, field in re.findall(r"^\| `(domstats_\w+)` \| \w+ \| [\w, ]+ \| `([^`]*)` \|", fields, re.M)
                if field.startswith("ext.")}
        dear.add("domstats_domain_migration_info")
        self.assertGreater(len(dear), 50)
        marked = {panel["title"] for rows in self.panels.values() for panel in rows if panel.get("needs")}
        marked |= {rule["alert"] for rule in self.rules["alert"] if rule.get("needs")}
        for title, expression in self.expressions():
            reads = dear & set(re.findall(r"\bdomstats_\w+", expression))
            if reads:
                self.assertIn(title, marked, reads)
        for title in marked:
            self.assertTrue(any(dear & set(re.findall(r"\bdomstats_\w+", expression))
                                for each, expression in self.expressions() if each == title), title)

    def test_panels_count_as_the_alerts_do_who_does_not_answer(self):
        alerts = {rule["alert"]: rule["expr"] for rule in self.rules["alert"]}
        matchers = {"Not answering": "DomstatsDomainNotAnswering", "Cannot be read": "DomstatsDomainUnreadable"}
        for name in "fleet", "host":
            queries = {panel["title"]: panel["queries"][0][0] for panel in self.panels[name]}
            for title, alert in matchers.items():
                self.assertIn(re.search(r'health!?=?~"[^"]*"', alerts[alert])[0], queries[title], name)

    def test_what_shares_an_axis_has_one_unit(self):
        for rows in self.panels.values():
            for panel in rows:
                if panel["kind"] not in ("lines", "stack"):
                    continue
                names = [re.search(r"\b(?:domstats|scrape)_\w+|(?:uuid|instance):\w+", query)[0]
                         for query, _ in panel["queries"]]
                units = {re.search(r"_bytes|_seconds|$", name)[0] for name in names}
                self.assertEqual(len(units), 1, (panel["title"], names))

    def test_dashboards_have_no_overlapping_panels_and_link_to_each_other(self):
        names = set()
        for name in self.panels:
            made = json.loads(source.read(os.path.join(TREE, f"dashboards/grafana/domstats-{name}.json")))
            names.add(made["uid"])
            cells = [(x, y) for each in (panel["gridPos"] for panel in made["panels"])
                     for x in range(each["x"], each["x"] + each["w"]) for y in range(each["y"], each["y"] + each["h"])]
            self.assertEqual(len(cells), len(set(cells)))
            self.assertLess(max(x for x, _ in cells), 24)
            known = {each["name"] for each in made["templating"]["list"]} | {"__rate_interval"}
            for panel in made["panels"]:
                for target in panel["targets"]:
                    self.assertLessEqual(set(re.findall(r"\$(\w+)", target["expr"])), known, panel["title"])
            for link in made["links"]:
                self.assertIn(link["url"], {f"/d/domstats-{other}" for other in self.panels})
        self.assertEqual(len(names), 3)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=2)
