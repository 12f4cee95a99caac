# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/fleet.md as it stands there: three services on recorded hosts, a real Prometheus with that configuration, which
finds them in files; each query; a host that is added; a domain that moves."""

import json
import os
import re
import signal
import time
import unittest

from apart import run_apart
from host import Host
from prometheus import Prometheus
from recorded import Domain, RecordedHost
from services import Service
from test_service_metrics import free_port
from waiting import until

TREE = os.path.dirname(os.environ.get("DOMSTATS_TESTS", os.path.abspath("tests")))
MOVES = "0d3a5b0e-6f0a-4b5e-9d0c-3f2b7c1a9e11"
NODES = ["node1.example:9177", "node2.example:9177", "node3.example:9177"]
PLACE = f'uuid:domstats_place:info{{uuid="{MOVES}"}}'
CPU = f'uuid:domstats_domain_cpu_seconds:rate5m{{uuid="{MOVES}"}}'


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def part(page, name):
    return re.search(f"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", page, re.S)[1]


def number(node, place):
    return f"{node}{place}c1a5-7a53-4d0e-9f40-1b6f0c6ad0e{place}"


class Fleet(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)
        self.page = read("docs/fleet.md")
        self.begun = time.time()
        self.nodes, self.ports = {}, {}
        for place, node in enumerate(NODES, 1):
            domains = [Domain(f"vm{place}{each}", number(f"{place}f3", each)) for each in range(3)]
            if place == 1:
                self.moving = Domain("web1", MOVES, cpu=0.5)
                domains.append(self.moving)
            recorded = RecordedHost(self.host.path(f"node{place}"), domains)
            self.ports[node] = free_port()
            service = Service(self.host, "--metrics", f"127.0.0.1:{self.ports[node]}",
                              source="replay:" + recorded.folder)
            self.addCleanup(service.__exit__)
            self.nodes[node] = recorded, service.ready()

    def here(self, node):
        return f"127.0.0.1:{self.ports[node]}"

    def write_hosts(self, nodes):
        """The file of hosts in the page, with our addresses, of those among @nodes."""
        groups = json.loads(part(self.page, "hosts"))
        self.assertEqual([target for group in groups for target in group["targets"]], NODES)
        groups = [{**group, "targets": [self.here(node) for node in group["targets"] if node in nodes]}
                  for group in groups]
        path = self.host.path("targets/hosts.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(groups, file)
        os.rename(path + ".new", path)

    def start_prometheus(self):
        """With the page's configuration; all is faster, and where the test has it."""
        for name in "targets", "rules":
            os.mkdir(self.host.path(name))
        for name in "domstats-alerts.yml", "domstats-recording.yml":
            with open(self.host.path("rules/" + name), "w", encoding="utf-8") as file:
                file.write(read("dashboards/prometheus/" + name).replace("[5m]", "[5s]"))
        config = part(self.page, "config").replace("30s", "1s")
        for theirs, ours in ("/usr/share/domstats/prometheus", "rules"), ("/etc/prometheus/domstats", "targets"):
            self.assertIn(theirs, config)
            config = config.replace(theirs, self.host.path(ours))
        return Prometheus(self.host, free_port(), re.sub("^    ", "", config, flags=re.M))

    def tick(self):
        for recorded, service in self.nodes.values():
            recorded.at(time.time() - self.begun)
            service.process.send_signal(signal.SIGHUP)
            service.ready()  # what it tells of it must be read, or it waits

    def until_so(self, what, is_so):
        """Time passes on all hosts until then."""
        def look():
            self.tick()
            time.sleep(0.3)
            return is_so()
        return until(what, look)

    def until_at(self, node):
        self.until_so(f"it counts at {node}", lambda: [labels["instance"] for labels, _ in self.prometheus.query(PLACE)]
                      == [self.here(node)])

    def claims(self):
        found = self.prometheus.query(f'uuid:domstats_claim:rank{{uuid="{MOVES}"}}')
        return {labels["instance"]: value for labels, value in found}

    def until_claimed(self, **ranks):
        """@ranks: node1=3, ..."""
        wanted = {self.here(f"{node}.example:9177"): rank for node, rank in ranks.items()}
        self.until_so(f"they claim {ranks}", lambda: self.claims() == wanted)

    def ask_all(self, empty):
        """All queries of the page; those in @empty have nothing to say now."""
        rows = re.findall(r"^\| ([^|]*) \| `([^`]*)` \|$", part(self.page, "queries"), re.M)
        self.assertGreater(len(rows), 8)
        for question, query in rows:
            found = self.prometheus.query(query)
            self.assertEqual(bool(found), question not in empty, (question, found))

    def test_the_page_is_so(self):
        self.prometheus = self.start_prometheus()
        self.write_hosts(NODES[:2])
        self.until_at(NODES[0])
        self.until_so("rates are there", lambda: self.prometheus.query(CPU))
        watched_from = time.time()

        # It is sent: the other side waits. A host more is found meanwhile.
        self.write_hosts(NODES)
        arriving = Domain("web1", MOVES, cpu=0.5, status="inmigrate")
        self.nodes[NODES[1]][0].add(arriving)
        self.until_claimed(node1=3, node2=1)
        self.until_at(NODES[0])
        self.until_so("the third host is scraped", lambda: self.prometheus.query("count(up == 1) == 3"))
        stuck = self.nodes[NODES[2]][0].domains[0]
        self.nodes[NODES[2]][0].silence(stuck)
        self.until_so("one does not answer", lambda: self.prometheus.query("count(domstats_domain_answered == 0) == 1"))
        self.until_so("of each domain there is a rate", lambda: len(self.prometheus.query(
            "uuid:domstats_domain_cpu_seconds:rate5m")) == 10)
        self.ask_all(empty=())
        self.assertEqual(self.prometheus.query("count(uuid:domstats_place:info)")[0][1], 10)

        # It runs there, stands here, and is gone then.
        arriving.load["status"] = "running"
        self.moving.load["status"] = "postmigrate"
        self.until_claimed(node1=1, node2=3)
        self.until_at(NODES[1])
        self.nodes[NODES[0]][0].remove(self.moving)
        self.until_claimed(node2=3)
        self.until_at(NODES[1])
        self.ask_all(empty=("Which domains do two hosts have?",))
        self.assertEqual(self.prometheus.query("count(uuid:domstats_place:info)")[0][1], 10)

        # One series, without a gap, of a domain that used half a CPU all the time.
        series, = self.prometheus.range(CPU, watched_from, time.time(), 1)
        self.assertEqual({key: value for key, value in series[0].items() if key != "__name__"},
                         {"uuid": MOVES, "name": "web1"})
        points = series[1]
        self.assertEqual(max(b[0] - a[0] for a, b in zip(points, points[1:])), 1)
        self.assertLess(max(value for _, value in points), 1.5)
        print(f"{len(points)} seconds of one series, from one host to another", flush=True)


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
