# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules of dashboards/prometheus, by promtool: what each alert needs to fire, and what each recorded series is, with
series that a domstatsd gave for recorded domains. rule_cases.py has the tables."""

import json
import os
import re
import subprocess
import sys
import unittest

import rule_cases
from apart import run_apart
from host import Host
from services import Service
from test_service_metrics import RECORDED, samples

TREE = os.path.dirname(os.environ.get("DOMSTATS_TESTS", os.path.abspath("tests")))
FOLDER = os.path.join(TREE, "dashboards", "prometheus")
FILES = [os.path.join(FOLDER, f"domstats-{name}.yml") for name in ("recording", "alerts")]
sys.path.insert(0, os.path.join(TREE, "tools"))

from make_dashboards import source  # noqa: E402


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def series(name, labels):
    return name + "{" + ", ".join(f'{label}="{quoted(value)}"' for label, value in sorted(labels.items())) + "}"


def key_of(change):
    return change if isinstance(change, tuple) else (change, ())


def matches(change, name, labels):
    wanted, some = key_of(change)
    return wanted == name and set(some) <= set(labels.items())


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.__exit__)
        cls.service = Service(cls.host, source=RECORDED)
        cls.addClassCleanup(cls.service.__exit__)
        cls.service.ready()
        cls.scrapes = {}
        cls.rules = source.load(TREE)[0]
        cls.read = set(re.findall(r"domstats_\w+", "".join(map(source.read, FILES))))

    def scrape(self, domain):
        """[(name, labels, value)] of one recorded domain, of the metrics that rules read."""
        if domain not in self.scrapes:
            done = subprocess.run(["curl", "-s", "--unix-socket", self.service.metrics,
                                   f"http://domstats/metrics?ext=1&domain={domain}"], check=True, capture_output=True)
            self.scrapes[domain] = [sample for sample in samples(done.stdout) if sample[0] in self.read]
        return self.scrapes[domain]

    def given(self, instance, domain, changes, relabel=None):
        """What promtool is given of one host."""
        target = {"job": "domstats", "instance": instance}
        found = [("up", {}, 1), *(self.scrape(domain) if domain else [])]
        made, used = {}, set()
        for name, labels, value in found:
            values = rule_cases.still(value)
            for change, text in changes.items():
                if matches(change, name, labels):
                    values = text
                    used.add(change)
            for change, new in (relabel or {}).items():
                if matches(change, name, labels):
                    labels = {**labels, **new}
            made[series(name, {**labels, **target})] = values
        for change in set(changes) - used:
            name, some = key_of(change)
            made[series(name, {"domain": domain, **dict(some), **target})] = changes[change]
        return made

    def make_test(self, name, hosts, **asked):
        given = {}
        for host in hosts:
            given.update(host)
        return {"name": name, "interval": "1m",
                "input_series": [{"series": one, "values": values} for one, values in given.items()], **asked}

    def run_promtool(self, tests):
        path = self.host.path("tests.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"rule_files": FILES, "evaluation_interval": "50s", "tests": tests}, file)
        done = subprocess.run(["promtool", "test", "rules", path], check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[:6000])
        print(f"{len(tests)} tests by promtool: {done.stdout.strip().splitlines()[-1].strip()}", flush=True)

    def alert_test(self, row, changes, fires):
        rule = next(rule for rule in self.rules["alert"] if rule["alert"] == row["alert"])
        labels = {"job": "domstats", "instance": rule_cases.HERE, "severity": rule["severity"], **row.get("labels", {})}
        if row["domain"] and not row.get("of_host"):
            labels["domain"] = row["domain"]
        found = {"exp_labels": labels,
                 "exp_annotations": {"summary": row.get("summary"), "description": rule["meaning"]}}
        title = f"{row['alert']} {'fires' if fires else 'does not fire'}: {row['domain']}, {changes}"
        return self.make_test(title, [self.given(rule_cases.HERE, row["domain"], changes, row.get("relabel"))],
                         alert_rule_test=[{"alertname": row["alert"], "eval_time": row.get("at", rule_cases.AT),
                                           "exp_alerts": [found] if fires else []}])

    def test_each_alert_fires_and_does_not_in_the_near_case(self):
        self.assertEqual([row["alert"] for row in rule_cases.ALERTS],
                         [rule["alert"] for rule in sorted(self.rules["alert"], key=lambda rule: [
                             row["alert"] for row in rule_cases.ALERTS].index(rule["alert"]))])
        tests = []
        for row in rule_cases.ALERTS:
            self.assertTrue(row["near"], row)
            tests.append(self.alert_test(row, row["fires"], fires=True))
            tests += [self.alert_test(row, changes, fires=False) for changes in row["near"]]
        tests += [self.alert_test({"alert": alert, "domain": domain, "at": "60m50s"}, changes, fires=False)
                  for alert, domain, changes in rule_cases.OTHERS]
        self.run_promtool(tests)

    def test_what_each_recorded_series_is(self):
        tests, all_queries = [], ""
        for says, hosts, query, expected in rule_cases.RECORDS:
            renamed = not query.startswith("as recorded: ")
            query = query.removeprefix("as recorded: ")
            all_queries += query + " "
            relabel = {"domstats_domain_info": rule_cases.NAMED} if renamed else {}
            name = query if query in {rule["record"] for rule in self.rules["rule"]} else ""
            tests.append(self.make_test(
                says, [self.given(*host, relabel) for host in hosts],
                promql_expr_test=[{"expr": query, "eval_time": rule_cases.AT, "exp_samples": [
                    {"labels": series(name, labels), "value": value} for labels, value in expected]}]))
        for rule in self.rules["rule"]:
            self.assertRegex(all_queries, re.escape(rule["record"]) + r"\b")
        self.run_promtool(tests)

    def test_promtool_finds_nothing_wrong_with_the_files(self):
        for path in FILES:
            done = subprocess.run(["promtool", "check", "rules", path], check=False, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"SUCCESS: [1-9]\d* rules found")


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
