# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command and the library on a running domstatsd: the same answers as without it, whatever becomes of it."""

import json
import os
import re
import signal
import subprocess
import unittest

from apart import is_apart, run_apart
from host import COMMAND, Host
from longrun import LongRun
from neighbours import Watch
from services import Service, in_threads
from waiting import until

DEFAULT = "/run/domstats/domstats.sock"
# What moves between two calls, also of a QEMU that is paused.
MOVING = re.compile(r"^(cpu\.|ext\.|vm\.)|\.(time|wait|delay|rss|pss|exits|halt_\w+)\b|halt|\.sum$")
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
SAME = ("name", "uuid", "id", "health", "reason", "reason_code", "missing", "pid", "monitor", "holder_pid")


def run(*arguments):
    """Gives exit status, output, and what was said."""
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def answer(*arguments):
    """The answer as JSON has it; the command must not have failed."""
    status, text, said = run("--format", "json", *arguments)
    if not text:
        raise AssertionError(f"{arguments}: {status}, {said}")
    return json.loads(text)


def answerers(*arguments):
    return sorted({domain["answered_by"] for domain in answer(*arguments)["domains"]})


class Beside(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def start_service(self, *options, **named):
        service = Service(self.host, *options, **named)
        self.addCleanup(service.__exit__)
        return service

    def serve(self, *options, **named):
        return self.start_service(*options, **named).ready()

    def long_run(self, source, **named):
        run_of_calls = LongRun(source, **named)
        self.addCleanup(run_of_calls.__exit__, None, None, None)
        return run_of_calls


class Same(Beside):
    """Every answer of the service is the one that the host gives."""

    def setUp(self):
        super().setUp()
        base = self.host.image("base.qcow2", "-f", "qcow2", "16M")
        top = self.host.image("top.qcow2", "-f", "qcow2", "-b", base, "-F", "qcow2", "16M")
        self.host.start("plain")
        self.host.start("disks", "-drive", f"file={top},format=qcow2,if=virtio,id=d0",
                        "-object", "iothread,id=io0")
        self.host.start("many", "-smp", "3")
        run("--no-service")  # until all have answered, they count as young
        self.service = self.serve()

    def still(self, domain):
        """What must not differ."""
        stats = domain["stats"]
        return ({name: domain[name] for name in SAME}, list(stats),
                {name: value for name, value in stats.items() if not MOVING.search(name)})

    def check(self, *arguments):
        got = answer("-c", "service:" + self.service.service, *arguments)
        expected = answer("--no-service", *arguments)
        self.assertEqual(list(map(self.still, got["domains"])), list(map(self.still, expected["domains"])), arguments)
        self.assertEqual(got["blind_spot"], expected["blind_spot"])
        return got["domains"]

    def test_groups_filters_names_and_extras(self):
        self.assertEqual(len(self.check()), 3)
        uuid = answer("plain")["domains"][0]["uuid"]
        for arguments in (["--state"], ["--block", "--vcpu"], ["--block", "--backing"], ["--ext"], ["--about"],
                          ["--ext", "--last", "--about"], ["--state", "--enforce"], ["--list-paused"],
                          ["--list-running"], ["--list-active", "--list-persistent"], ["--nowait"],
                          ["many", "plain", "many"], [uuid], [str(self.host.processes["disks"].pid)],
                          ["nosuch", "plain"], [self.host.path("plain.sock")]):
            with self.subTest(arguments=arguments):
                self.check(*arguments)

    def test_the_service_is_who_answered(self):
        self.assertEqual(answerers("-c", "service:" + self.service.service), ["service"])
        self.assertEqual(answerers("--no-service"), ["monitor"])

    def test_text_tables_and_errors(self):
        for arguments in (["list"], ["--state", "--block"], ["--memory", "--enforce"], ["--state", "--health"]):
            with self.subTest(arguments=arguments):
                got = run(*arguments, "-c", "service:" + self.service.service)
                expected = run(*arguments, "--no-service")
                moving = re.compile(r"health\.(since|taken|monitor)_us=.*|health\.answered_by=.*")
                self.assertEqual([moving.sub("", str(part)) for part in got],
                                 [moving.sub("", str(part)) for part in expected])

    def test_a_stopped_one_and_its_last_values(self):
        self.check("--last")  # who asks for it has the service keep it
        self.host.processes["many"].send_signal(signal.SIGSTOP)
        domains = answer("-c", "service:" + self.service.service, "--timeout", "2")["domains"]
        self.assertEqual({each["name"]: each["reason_code"] for each in domains},
                         {"plain": "none", "disks": "none", "many": "signal"})
        self.assertIn("is stopped (state T)", {each["name"]: each["reason"] for each in domains}["many"])
        found = answer("-c", "service:" + self.service.service, "--last", "--timeout", "2", "many")["domains"][0]
        self.assertEqual(found["last"]["stats"]["vcpu.current"], 3)
        self.host.processes["many"].send_signal(signal.SIGCONT)
        self.check()


class Restarted(Beside):
    """A long connection to a service that ends, hangs and comes back."""

    def setUp(self):
        super().setUp()
        self.host.start("vm")
        self.service = self.serve(source="dir:" + self.host.folder)
        self.path = self.service.service

    def restart(self):
        self.service = self.serve("--service", self.path, source="dir:" + self.host.folder, handed=True)

    def test_killed_and_started_anew(self):
        calls = self.long_run("service:" + self.path)
        self.assertEqual(calls.call().healths(), {"vm": "ok"})
        self.service.process.kill()
        self.service.process.wait()
        self.assertIn(f"cannot reach a service at '{self.path}'", calls.call().error)
        self.restart()
        self.assertEqual(calls.call().healths(), {"vm": "ok"})

    def test_ended_and_started_anew_between_two_calls(self):
        calls = self.long_run("service:" + self.path)
        self.assertEqual(calls.call().healths(), {"vm": "ok"})
        self.assertEqual(self.service.stop(), 0, self.service.said())
        self.restart()
        self.assertEqual(calls.call().healths(), {"vm": "ok"})

    def test_killed_during_a_call(self):
        self.host.start("blocked", control=True)
        calls = self.long_run("service:" + self.path)
        self.assertEqual(calls.call().healths(), {"blocked": "ok", "vm": "ok"})  # no QEMU is young any more
        self.host.wedge("blocked")
        calls.start_call(timeout_ms=60000)
        until("the service asks", self.visits)
        self.service.process.kill()
        self.assertIn(self.path, calls.end_call().error)

    def visits(self):
        """Whether the service is at a monitor."""
        folder = f"/proc/{self.service.process.pid}/fd"
        links = set()
        for name in os.listdir(folder):
            try:
                links.add(os.readlink(os.path.join(folder, name)))
            except FileNotFoundError:
                pass  # it was closed meanwhile
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            rows = [line.split() for line in table if "@domstats-visit" in line]
        return any(f"socket:[{row[6]}]" in links for row in rows)

    def test_stopped_and_let_go_on(self):
        calls = self.long_run("service:" + self.path)
        self.assertEqual(calls.call().healths(), {"vm": "ok"})
        self.service.process.send_signal(signal.SIGSTOP)
        self.assertIn(f"the service at '{self.path}' does not answer in time", calls.call(timeout_ms=300).error)
        self.service.process.send_signal(signal.SIGCONT)
        self.assertEqual(calls.call().healths(), {"vm": "ok"})

    def test_a_path_where_nobody_listens(self):
        status, text, said = run("-c", "service:" + self.host.path("none"))
        self.assertEqual((status, text), (2, ""))
        self.assertIn(f"cannot reach a service at '{self.host.path('none')}'", said)

    def test_what_a_service_cannot_do(self):
        status, _, said = run("record", "-c", "service:" + self.path, self.host.path("recording"))
        self.assertEqual(status, 2)
        self.assertIn("cannot be recorded", said)

    def n_clients(self):
        """Those that have connected, whether the service has accepted them or not."""
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            return sum(1 for line in table if line.endswith(" " + self.path + "\n")) - 1

    def test_programs_at_once_share_a_round(self):
        """The service is stopped until all have connected, so that they are at once."""
        watch = Watch(self.host.path("strace.log"))
        self.host.start("watched", launcher=watch.launcher)
        run("-c", "service:" + self.path)
        until("nobody is connected", lambda: self.n_clients() == 0)
        before = len(watch.accepted())
        self.service.process.send_signal(signal.SIGSTOP)
        statuses = in_threads(9, lambda number: self.go_on_with(8) if number == 8 else
                              run("-c", "service:" + self.path, "--timeout", "60")[0])
        self.assertEqual(statuses[:8], [0] * 8)
        self.assertLessEqual(len(watch.accepted()) - before, 2)

    def go_on_with(self, n_clients):
        until("all have connected", lambda: self.n_clients() == n_clients)
        self.service.process.send_signal(signal.SIGCONT)


@unittest.skipUnless(is_apart(), "a /run of its own needs root and namespaces")
class Auto(Beside):
    """The service of the host, at its default place."""

    def setUp(self):
        super().setUp()
        self.host.start("vm")
        run("--no-service")
        os.makedirs(os.path.dirname(DEFAULT), exist_ok=True)
        self.addCleanup(self.clear_default)

    @staticmethod
    def clear_default():
        if os.path.exists(DEFAULT):
            os.unlink(DEFAULT)

    def serve_default(self, *options, **named):
        return self.serve("--service", DEFAULT, *options, handed=True, **named)

    def test_it_answers_if_it_runs(self):
        self.assertEqual(answerers(), ["monitor"])
        service = self.serve_default()
        self.assertEqual(answerers(), ["service"])
        self.assertEqual(answerers("-c", "auto", "list"), ["service"])
        self.assertEqual(answerers("--no-service"), ["monitor"])
        self.assertEqual(answerers("--hold"), ["monitor"])
        self.assertEqual(answerers("--no-libvirt"), ["monitor"])
        self.assertEqual(service.stop(), 0)
        self.assertEqual(answerers(), ["monitor"])

    def test_whatever_becomes_of_it_each_call_is_answered(self):
        calls = self.long_run("auto", timeout_ms=4000)

        def by():
            return [each["answered_by"] for each in calls.call().records if each["health"] == "ok"]

        self.assertEqual(by(), ["monitor"])
        service = self.serve_default()
        self.assertEqual(by(), ["service"])
        service.process.kill()
        service.process.wait()
        self.assertEqual(by(), ["monitor"])
        service = self.serve_default()
        self.assertEqual(by(), ["service"])
        service.process.send_signal(signal.SIGSTOP)
        self.assertEqual(by(), ["monitor"])
        self.assertEqual(by(), ["monitor"])
        service.process.send_signal(signal.SIGCONT)
        until("the service answers again", lambda: by() == ["service"])

    def test_one_of_another_source_is_left_alone(self):
        self.serve_default(source="dir:" + self.host.folder)
        self.assertEqual(answerers(), ["monitor"])
        self.assertEqual(answerers("-c", "service:" + DEFAULT), ["service"])

    def test_one_that_does_not_see_what_we_see_is_left_alone(self):
        """By what it may do (root without two capabilities), and by whose it is."""
        weak = self.serve_default(launcher=["setpriv", "--bounding-set=-sys_ptrace,-dac_override", "--"])
        self.assertEqual(answerers(), ["monitor"])
        weak.stop()
        os.chmod(os.path.dirname(DEFAULT), 0o777)
        other = self.start_service("--service", DEFAULT, "--socket-mode", "0666", handed=True, launcher=NOBODY)
        other.until_said("serving service")  # it may not tell that it is ready
        self.assertEqual(answerers(), ["monitor"])
        self.assertEqual(self.run_as(*NOBODY), self.run_as(*NOBODY, arguments=["--no-service"]))

    @staticmethod
    def run_as(*launcher, arguments=()):
        done = subprocess.run([*launcher, COMMAND, "--format", "json", *arguments], capture_output=True, text=True, timeout=120,
                              check=False)
        return [(each["name"], each["answered_by"]) for each in json.loads(done.stdout)["domains"]]

    def test_users_without_rights_see_what_it_sees(self):
        self.serve_default("--socket-mode", "0666")
        self.assertEqual(self.run_as(*NOBODY), [("vm", "service")])

    def test_one_with_the_rights_of_its_unit_is_believed(self):
        """In a mount namespace of its own."""
        rights = "--bounding-set=-all,+sys_ptrace,+dac_override,+net_admin"
        self.serve_default("--socket-mode", "0666", launcher=["unshare", "-m", "setpriv", rights, "--no-new-privs", "--"])
        self.assertEqual(answerers(), ["service"])
        uuids = [answer(*more)["domains"][0]["uuid"] for more in ([], ["--no-service"])]
        self.assertEqual(*uuids)  # that of a QEMU which was given none is made of a path
        self.assertEqual(self.run_as(*NOBODY), [("vm", "service")])

    def test_other_namespaces_see_their_own(self):
        self.serve_default()
        self.assertEqual(self.run_as("unshare", "-pf", "--mount-proc"), [])
        self.assertEqual(self.run_as("unshare", "-n"), [("vm", "monitor")])
        self.assertEqual(self.run_as("unshare", "-m"), [("vm", "service")])


if __name__ == "__main__":
    run_apart(__file__)
    if is_apart():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    unittest.main(verbosity=2)
