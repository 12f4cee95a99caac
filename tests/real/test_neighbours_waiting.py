# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMUs whose guests begin to run when their manager connects: they never take us for it."""

import socket
import subprocess

from neighbours import Beside, main, n_queued, n_threads, until

PORT = 4444
# Name; its options (P: the path of its socket); whether a QMP monitor that waits for nobody is beside it.
KINDS = [
    ("qmp-server", "-qmp unix:P,server", False),
    ("server-on", "-chardev socket,id=c,path=P,server=on -mon chardev=c,mode=control", False),
    ("wait-on", "-chardev socket,id=c,path=P,server=on,wait=on -mon chardev=c,mode=control", False),
    ("second-qmp", "-qmp unix:P.free,server,nowait -qmp unix:P,server", True),
    ("serial", "-serial unix:P,server -qmp unix:P.free,server,nowait", True),
    ("serial-last", "-qmp unix:P.free,server,nowait -serial unix:P,server", True),
]


def listens_with_tcp():
    table = subprocess.run(["ss", "-tlnH"], check=True, capture_output=True, text=True).stdout
    return f"127.0.0.1:{PORT} " in table


class WaitingForTheirManager(Beside):
    def setUp(self):
        super().setUp()
        self.watches = {}
        for name, words, _ in KINDS:
            self.start(name, words.replace("P", self.host.path(name + ".sock")).split())
        self.start("tcp", ["-qmp", f"tcp:127.0.0.1:{PORT},server"])
        for name, _, _ in KINDS:
            self.wait_for_socket(self.host.path(name + ".sock"))
        until("it listens with TCP", listens_with_tcp)
        self.threads = {name: n_threads(process) for name, process in self.host.processes.items()}

    def start(self, name, words):
        self.watches[name] = self.watch(name)
        self.host.start(name, monitor=words, paused=False, wait=False,
                        launcher=self.watches[name].launcher)

    def look(self):
        for _ in range(3):
            yield self.run_command("auto")[1]
            yield self.run_command("dir:" + self.host.folder)[1]
        for name, _, has_free in KINDS:
            path = self.host.path(name + ".sock")
            for place in [path, path + ".free"] if has_free else [path]:
                yield self.run_command("socket:" + place)[1]
        for options in [], ["hold"]:
            for source in "auto", "dir:" + self.host.folder:
                run = self.open(source, *options)
                for _ in range(3):
                    yield run.call().domains

    def noticed(self):
        """What each of them noticed of us; those that noticed nothing are left out."""
        found = {}
        for name, process in self.host.processes.items():
            found[name] = {"threads": n_threads(process) - self.threads[name],
                           "accepted": len(self.watches[name].accepted())}
        for name, _, has_free in KINDS:
            path = self.host.path(name + ".sock")
            found[name]["queued"] = n_queued(path) + (n_queued(path + ".free") if has_free else 0)
        return {name: what for name, what in found.items() if any(what.values())}

    def assert_its_manager_is_the_first(self, name, connection):
        """A manager that comes now gets the first bytes; then the guest runs."""
        with connection, connection.makefile() as stream:
            if not name.startswith("serial"):
                self.assertIn('"QMP"', stream.readline())
            process = self.host.processes[name]
            until("the guest runs", lambda: n_threads(process) > self.threads[name])
        self.assertEqual(len(self.watches[name].accepted()), 1)

    def test_they_wait_still_after_many_calls(self):
        answers = set()
        for domains in self.look():
            answers |= {(name, domain["health"]) for name, domain in domains.items()}
        self.assertEqual(self.noticed(), {})
        self.assertEqual({health for _, health in answers} - {"no-monitor", "slow"}, set(), answers)
        for name, _, _ in KINDS:
            with self.subTest(name):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(self.host.path(name + ".sock"))
                self.assert_its_manager_is_the_first(name, connection)
        self.assert_its_manager_is_the_first("tcp", socket.create_connection(("127.0.0.1", PORT)))

    def test_it_is_said_for_whom_they_wait(self):
        _, domains, _ = self.run_command("auto")
        for name, _, has_free in KINDS:
            with self.subTest(name):
                self.assertEqual((domains[name]["health"], domains[name]["reason_code"]),
                                 ("no-monitor", "waits"), domains[name])
                if not has_free:
                    self.assertIn(self.host.path(name + ".sock"), domains[name]["reason"])
                self.assertEqual(domains[name]["pid"], self.host.processes[name].pid)
                self.assertIn("cpu.time", domains[name]["stats"])


if __name__ == "__main__":
    main()
