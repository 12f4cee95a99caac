# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several of our own programs at once: each gets whole answers."""

import json
import os
import subprocess

from neighbours import Beside, COMMAND, ENDLESS_S, main, until

QEMUS = 9
REPEATS = int(os.environ.get("DOMSTATS_TEST_REPEATS", "5"))


class AtOnce(Beside):
    def setUp(self):
        super().setUp()
        self.names = [f"vm{i}" for i in range(QEMUS)]

    def start_all(self, more=lambda name: [], **how):
        for name in self.names:
            self.host.start(name, *more(name), wait=False, **how)
        for name in self.names:
            self.host.wait_for(self.host.processes[name], self.host.path(name + ".sock"))
        # The time in which they are young is over when all have answered.
        until("all have answered", lambda: self.run_command("auto")[0] == 0)

    def run_at_once(self, n, source):
        """Gives what went wrong in @n runs that were started at once."""
        line = [COMMAND, "-c", source, "--timeout", ENDLESS_S, "--format", "json"]
        runs = [subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(n)]
        wrong = []
        for run in runs:
            out, err = run.communicate(timeout=120)
            domains = json.loads(out)["domains"] if out else []
            healths = {domain["name"]: domain["health"] for domain in domains}
            if (run.returncode, healths) != (0, dict.fromkeys(self.names, "ok")):
                lost = sorted(set(self.names) - set(healths))
                wrong.append((source, run.returncode, sorted(set(healths.values())), lost, err.decode()[:200]))
        return wrong

    def check(self, n, sources=("auto",)):
        wrong = []
        for i in range(REPEATS):
            wrong += self.run_at_once(n, sources[i % len(sources)])
        self.assertEqual(wrong, [], f"{len(wrong)} of {n * REPEATS} runs")

    def test_two_four_and_eight_runs(self):
        self.start_all()
        for n in 2, 4, 8:
            self.check(n, ["auto", "dir:" + self.host.folder])

    def test_runs_whose_only_monitor_is_made_for_them(self):
        """A program that makes one call holds it no longer than that."""
        def words(name):
            return ["-chardev", f"socket,id=domstats,path={self.host.path(name + '.sock')},server=on,wait=off",
                    "-mon", "chardev=domstats,mode=control"]
        self.start_all(words, monitor=[])
        for n in 2, 4, 8:
            self.check(n, ["auto", "dir:" + self.host.folder])

    def test_beside_a_program_that_polls(self):
        self.start_all()
        poller = self.poll("auto", every_s=0.01)
        other = self.poll("dir:" + self.host.folder, every_s=0.01)
        self.check(2)
        self.check(4, ["dir:" + self.host.folder])
        calls = poller.stop() + other.stop()
        self.assertEqual([call.healths() for call in calls
                          if call.healths() != dict.fromkeys(self.names, "ok")], [])

    def test_beside_a_program_that_holds_the_monitor_made_for_it(self):
        """Of two monitors one is named for us: who holds that leaves the other to all."""
        self.start_all(lambda name: ["-chardev", f"socket,id=domstats-{name},path="
                                     f"{self.host.path('domstats-' + name)},server=on,wait=off", "-mon",
                                     f"chardev=domstats-{name},mode=control"])
        holder = self.poll("auto", every_s=0.01)
        holder.wait_for_calls(2)
        self.check(4)
        self.assertEqual([call.healths() for call in holder.stop()
                          if call.healths() != dict.fromkeys(self.names, "ok")], [])

    def test_who_holds_is_named_at_once(self):
        self.start_all()
        holder = self.open("dir:" + self.host.folder, "hold")
        self.assertEqual(set(holder.call().healths().values()), {"ok"})
        for source in "auto", "dir:" + self.host.folder:
            code, domains, _ = self.run_command(source)
            self.assertEqual(code, 2)
            self.assertEqual({domain["holder_pid"] for domain in domains.values()}, {holder.process.pid})
            self.assertEqual({domain["health"] for domain in domains.values()}, {"busy"})
        self.assertEqual(set(holder.call().healths().values()), {"ok"})

    def test_a_program_that_let_go_holds_nothing(self):
        self.start_all()
        run = self.open("auto")
        run.call()
        for name in self.names:
            self.assertEqual(self.client(self.host.path(name + ".sock")).run("query-name"), {"name": name})


if __name__ == "__main__":
    main()
