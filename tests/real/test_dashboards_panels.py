# SPDX-License-Identifier: LGPL-2.1-or-later
"""The panels of dashboards/, asked of a real Prometheus that scrapes real domstatsd: two on recorded hosts whose
counters the test lets grow, one on real QEMUs. Each query must give a result, but where the source says why not. The
results are drawn as Grafana would place them: DASHBOARDS_PICTURE=FILE keeps the picture, DASHBOARDS_SECONDS=N lets the
hosts run for longer than is needed."""

import os
import re
import signal
import sys
import time
import unittest
import uuid

from apart import run_apart
from host import Host
from prometheus import Prometheus, each_second
from recorded import Domain, RecordedHost
from services import Service
from test_service_metrics import free_port
from waiting import until

TREE = os.path.dirname(os.environ.get("DOMSTATS_TESTS", os.path.abspath("tests")))
RULES = os.path.join(TREE, "dashboards", "prometheus")
sys.path.insert(0, os.path.join(TREE, "tools"))

from make_dashboards import picture, source  # noqa: E402

SECONDS = float(os.environ.get("DASHBOARDS_SECONDS", "6"))
MOST_BYTES = 200 * 1000
REAL = ("Events",)  # panels of one domain that need a monitor that is held: those of the real QEMU


def identity(name):
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))[:14] + "4" + str(uuid.uuid5(uuid.NAMESPACE_DNS, name))[15:]


def domain(name, **load):
    return Domain(name, identity(name), **load)


ALPHA = [
    domain("db1", vcpus=4, mib=8192, cpu=2.2, steal=0.03, reads=400, writes=250, read_s=0.006, write_s=0.011, rx=900,
           tx=700, usable=0.2, throttled=0.1, pressure=0.06, migration=40e6, job=True, failures=0.2),
    domain("web1", cpu=0.9, rx=2500, tx=3200, drops=3, usable=0.55),
    domain("web2", cpu=0.7, rx=2100, tx=2700, usable=0.5, steal=0.02),
    domain("cache", mib=4096, cpu=0.4, reads=5, writes=2, usable=0.08, pressure=0.03),
]
BETA = [
    domain("mail", cpu=0.5, reads=90, writes=130, write_s=0.03, usable=0.3),
    domain("build", vcpus=8, mib=16384, cpu=6.1, steal=0.14, reads=200, writes=300, throttled=0.3, usable=0.6),
    domain("idle", cpu=0.01, reads=0, writes=0.2, rx=1, tx=0.2, usable=0.9),
]


class Panels(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.rules, self.dashboards = source.load(TREE)
        self.targets = []

    def serve(self, name, where, *options):
        port = free_port()
        service = Service(self.host, "--metrics", f"127.0.0.1:{port}", *options, source=where)
        self.addCleanup(service.__exit__)
        self.targets.append({"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}})
        return service.ready()

    def start_hosts(self):
        self.recorded = []
        for name, domains in ("alpha", ALPHA), ("beta", BETA):
            recorded = RecordedHost(self.host.path(name), domains)
            self.recorded.append((recorded, self.serve(name, "replay:" + recorded.folder)))
        os.mkdir(self.host.path("real"))
        for name in "still", "stuck":
            path = self.host.path(f"real/{name}.sock")
            self.host.start(name, "-uuid", identity(name), paused=False, wait=False,
                            monitor=["-qmp", f"unix:{path},server=on,wait=off"])
            self.host.wait_for(self.host.processes[name], path)
        self.serve("gamma", "dir:" + self.host.path("real"), "--hold", "--timeout", "0.3")

    def quick_rules(self):
        """Rates of five seconds in place of five minutes: these hosts do not live longer."""
        os.mkdir(self.host.path("rules"))
        for name in os.listdir(RULES):
            with open(self.host.path("rules/" + name), "w", encoding="utf-8") as file:
                file.write(source.read(os.path.join(RULES, name)).replace("[5m]", "[5s]"))
        return self.host.path("rules/*.yml")

    def let_pass(self, seconds):
        begun = time.time()
        while time.time() < begun + seconds:
            for recorded, service in self.recorded:
                recorded.at(time.time() - begun)
                service.process.send_signal(signal.SIGHUP)
                service.ready()  # what it tells of it must be read, or it waits
            time.sleep(0.5)
        return begun

    def results(self, name, panel, begun, until_s):
        """(labels, legend, points) of each series of each query, and the queries that gave none."""
        of = identity("still" if panel["title"] in REAL else "db1")
        words = {"$job": "domstats", "$instance": "alpha", "$uuid": of, "$__rate_interval": "5s"}
        found, empty = [], []
        for query, legend in panel["queries"]:
            for word, text in words.items():
                query = query.replace(word, text)
            if panel["kind"] in ("lines", "stack"):
                series = self.prometheus.range(query, begun, until_s, (until_s - begun) / 40)
            else:
                series = [(labels, [(until_s, value)]) for labels, value in self.prometheus.query(query, time=until_s)]
            if not series:
                empty.append(query)
            found += [(labels, re.sub(r"\{\{(\w+)\}\}", lambda label, of=labels: of.get(label[1], ""), legend), points)
                      for labels, points in series]
        return found, empty

    def test_each_panel_has_a_result_and_is_drawn(self):
        self.start_hosts()
        self.prometheus = Prometheus(self.host, free_port(), [each_second(static_configs=self.targets)], [self.quick_rules()])
        self.prometheus.until_found('count(up == 1) == 3')
        self.host.processes["stuck"].send_signal(signal.SIGSTOP)
        begun = self.let_pass(SECONDS) + SECONDS / 6
        self.prometheus.until_found('domstats_domain_verdict_info{health="stopped"}')
        until("the rules are evaluated", lambda: len(self.prometheus.query("uuid:domstats_block_request_seconds:mean5m"))
              >= len(ALPHA) + len(BETA) - 1)
        ended = time.time()
        drawn, without = {}, []
        for name, panels in self.dashboards.items():
            for panel in panels:
                drawn[name, panel["title"]], empty = self.results(name, panel, begun, ended)
                if "without" in panel:
                    without.append(panel["title"])
                    self.assertTrue(empty, f"{name}: {panel['title']} has a result, and the source says it cannot")
                else:
                    self.assertEqual(empty, [], f"{name}: {panel['title']} has no result")
        svg = picture.draw(self.dashboards, drawn, (begun, ended))
        self.assertLess(len(svg.encode()), MOST_BYTES)
        with open(os.environ.get("DASHBOARDS_PICTURE") or self.host.path("panels.svg"), "w", encoding="utf-8") as file:
            file.write(svg)
        print(f"{len(drawn)} panels, {sum(map(len, drawn.values()))} series; without a result: {without}", flush=True)
        self.assertFalse([rule for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]
                          if rule["health"] not in ("ok", "unknown")])


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
