# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guides: each command in docs/guide-*.md and docs/moving-from-*.md is run as it stands there, on a host of the kind
that the guide is for, or a comment before it says why not.

Comments that are read: <!-- host: KIND -->, and before each block of commands
<!-- run[, exits N[ or N]][; prints: PATTERN] --> or <!-- not run: REASON[; instead: COMMAND] -->.
"""

import glob
import os
import re
import signal
import subprocess

from host import COMMAND, Qmp
from libvirts import Libvirtd
from neighbours import Beside, main
from waiting import until

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")
PROGRAMS = {"domstats": COMMAND, "domstatsd": os.environ.get("DOMSTATS_DAEMON", "domstatsd"),
            "domstats-monitor": os.environ.get("DOMSTATS_MONITOR", "domstats-monitor")}
BLOCK = re.compile(r"^( *)<!-- (run|not run)\b(.*?) -->\n\1```(\w+)\n(.*?)\n\1```$", re.M | re.S)
FENCE = re.compile(r"^ *```(?:sh|yaml)$", re.M)
WORDS = "socket,id=domstats,path={},server=on,wait=off"
BLOCK_S = 100
# Runs a service in the background, and waits until it serves.
START = """start() {
    "$@" >/dev/null 2>&1 &
    until curl -s http://127.0.0.1:9177/-/healthy && [ -S /run/domstats/domstats.sock ]; do sleep 0.1; done
}
"""


def pages():
    return sorted(glob.glob(os.path.join(DOCS, "guide-*.md")) + glob.glob(os.path.join(DOCS, "moving-from-*.md")))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Guides(Beside):
    def setUp(self):
        super().setUp()
        self.mount("/run")
        os.mkdir("/run/domstats")
        os.mkdir(self.host.path("bin"))
        for name, program in PROGRAMS.items():
            os.symlink(os.path.abspath(program), self.host.path("bin/" + name))
        self.addCleanup(self.end_all)

    def mount(self, folder):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)

    @staticmethod
    def end_all():
        """What commands have left in the background. This pid namespace is the tests' own."""
        for path in glob.glob("/proc/[0-9]*/comm"):
            try:
                if read(path).strip() in ("domstatsd", "qemu-system-x86"):
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass

    # The kinds of hosts.

    def monitor(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return ["-chardev", f"socket,id=qmp,path={path},server=on,wait=off", "-mon", "chardev=qmp,mode=control"]

    def start(self, name, monitor, path, **more):
        self.host.start(name, monitor=monitor, wait=False, paused=False, **more)
        until(name + " listens", lambda: self.host.is_listening(path))

    def host_empty(self):
        """The guide starts all by itself."""

    def host_qemu(self):
        self.start("web", self.monitor("/run/vm/web.sock"), "/run/vm/web.sock")

    def host_proxmox(self):
        path = "/var/run/qemu-server/100.qmp"
        self.start("web", [*self.monitor(path), "-chardev", "socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5",
                           "-mon", "chardev=qmp-event,mode=control"], path)

    def host_incus(self):
        paths = "/run/incus/web/qemu.monitor", "/run/incus/web2/qemu.monitor"
        second = ["-chardev", WORDS.format("/run/domstats/web2.sock"), "-mon", "chardev=domstats,mode=control"]
        self.start("web", self.monitor(paths[0]), paths[0])
        self.start("web2", [*self.monitor(paths[1]), *second], paths[1])
        for path in paths:
            client = Qmp(path)
            self.addCleanup(client.close)

    def host_container(self):
        path = "/run/inside.sock"
        self.start("inside", self.monitor(path), path, launcher=["unshare", "-pf", "--kill-child", "--mount-proc"])

    def host_libvirt(self):
        libvirt = Libvirtd(self.host)
        libvirt.__enter__()
        self.addCleanup(libvirt.close)
        for name in "web", "db", "off":
            text = read(libvirt.xml(name)).replace("<memballoon model='none'/>", "<memballoon model='virtio'/>")
            libvirt.virsh("define", libvirt.write(self.host.path(name + ".xml"), text))
            if name != "off":
                libvirt.virsh("start", name)
        libvirt.virsh("domstats")  # it learns of its host in the first one

    # The guides.

    def shell(self, text):
        """Gives exit status and output."""
        environment = dict(os.environ, PATH=f"{self.host.path('bin')}:{os.environ['PATH']}", HOME=self.host.folder,
                           ASAN_OPTIONS="detect_leaks=0")
        output = self.host.path("output")
        with open(output, "w", encoding="utf-8") as file:  # a pipe would be open as long as what is left behind
            done = subprocess.run(["bash", "-e", "-c", START + text], stdin=subprocess.DEVNULL, stdout=file,
                                  stderr=subprocess.STDOUT, env=environment, timeout=BLOCK_S, check=False)
        return done.returncode, read(output)

    def run_block(self, how, text):
        exits = re.search(r", exits (\d)(?: or (\d))?", how)
        prints = re.search(r"; prints: (.*)", how)
        status, output = self.shell(text)
        self.assertIn(str(status), exits.groups() if exits else ["0"], text + "\n" + output)
        if prints:
            self.assertRegex(output, re.compile(prints[1], re.M), text)

    def run_page(self, name):
        text = read(os.path.join(DOCS, name))
        getattr(self, "host_" + re.search("<!-- host: (.*) -->", text)[1])()
        for indent, kind, how, _, commands in BLOCK.findall(text):
            instead = re.search("; instead: (.*)", how)
            if kind == "run":
                self.run_block(how, commands.replace("\n" + indent, "\n").strip())
            elif instead:
                self.run_block("", instead[1])

    def test_each_block_is_run_or_says_why_not(self):
        self.assertGreaterEqual(len(pages()), 8)
        for path in pages():
            text = read(path)
            self.assertEqual(len(BLOCK.findall(text)), len(FENCE.findall(text)), path)
            for _, kind, how, language, _ in BLOCK.findall(text):
                if kind == "not run":
                    self.assertRegex(how, r"^: \w+", path)
                else:
                    self.assertEqual(language, "sh", path)

    def test_names_of_metrics_are_ours(self):
        """Those in the last column of a table of the page on exporters."""
        known = set(re.findall(r"`((?:dom|lib)\w+)`", read(os.path.join(DOCS, "metrics.md"))))
        for line in read(os.path.join(DOCS, "moving-from-exporters.md")).splitlines():
            if line.startswith("| "):
                last = line.split("|")[-2]
                self.assertLessEqual(set(re.findall(r"`((?:domstats|libvirt)_\w+)`", last)), known, line)

    def test_a_pod_gets_the_rights_that_a_container_gets(self):
        """Those of the line of Docker's stand in the DaemonSet too, for each Kubernetes."""
        page = read(os.path.join(DOCS, "guide-kubevirt.md"))
        pod = re.search("^```yaml\n(.*?)^```$", page, re.M | re.S)[1]
        rights = re.findall(r"--cap-add=(\w+)", page)
        self.assertTrue(rights)
        self.assertIn(f"capabilities: {{add: [{', '.join(rights)}]}}", pod)
        self.assertIn("--security-opt apparmor=unconfined", page)
        self.assertIn("appArmorProfile: {type: Unconfined}", pod)
        name = re.search(r"- name: (\w+)", pod)[1]
        self.assertIn(f"container.apparmor.security.beta.kubernetes.io/{name}: unconfined", pod)

    def test_an_exporter_that_is_replaced_is_started_no_more(self):
        self.assertRegex(read(os.path.join(DOCS, "moving-from-exporters.md")),
                         r"(?m)^ *systemctl disable --now prometheus-libvirt-exporter\b")

    def test_links_lead_somewhere(self):
        for path in pages():
            for link in re.findall(r"\]\(([^)#:]+)\)", read(path)):
                self.assertTrue(os.path.exists(os.path.join(DOCS, link)), (path, link))


def add(name):
    setattr(Guides, "test_" + name.replace("-", "_").replace(".md", ""), lambda self: self.run_page(name))


for each in pages():
    if "<!-- host: " in read(each):
        add(os.path.basename(each))

if __name__ == "__main__":
    main()
