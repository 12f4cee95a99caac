#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages, as somebody uses them: tools/package builds them, lintian has nothing to say, a bare Debian
takes them, runs the command and the service, takes a newer version, and has nothing left of them after a purge.

Only the bare Debian is kept for the next run, as a tarball in the build folder: it is made anew when the packages
depend on others. Steps follow each other, so the first that fails is the last."""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import machine

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
RECORDED = os.path.join(SOURCE, "tests/qemujsontestdata")
OURS = ["libdomstats0", "domstats", "domstatsd", "domstats-dashboards"]
UNITS = ["domstatsd.service", "domstatsd-libvirt.socket", "domstatsd-service.socket", "domstatsd-metrics.socket"]
# What apt, dpkg and systemd write for themselves, whichever package comes or goes.
NOT_OURS = r"/(run/(systemd|log|lock|mount|utmp|credentials)|var/(log|cache)|tmp|var/tmp|debs|srv)\b" \
    r"|/var/lib/(apt|systemd/(catalog|random-seed|timers))\b" \
    r"|/var/lib/dpkg/([^/]*(-old|lock.*)|triggers/.*|info)$|/(etc|var/lib/dpkg|root|run)$" \
    r"|/etc/(passwd|shadow|group|gshadow|subuid|subgid)-$|/etc/\.pwd\.lock$|/run/initctl$"


def skip(reason):
    print("not here: " + reason)
    sys.exit(77)


def git(*words):
    return subprocess.run(["git", "-C", SOURCE, *words], capture_output=True, text=True, check=False)


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def suite():
    return re.search(r"^VERSION_CODENAME=(\w+)", open("/etc/os-release", encoding="utf-8").read(), re.M)[1]


class Packages:
    """What tools/package made, and a machine to try it on."""

    def __init__(self, folder):
        self.folder = folder
        self.machine = None
        self.lintian = None
        self.before = None

    def deb(self, name, version="*"):
        return glob.glob(f"{self.folder}/{name}_{version}_*.deb")[0]

    def build(self):
        status = git("status", "--porcelain").stdout
        subprocess.run([SOURCE + "/tools/package", self.folder], stdin=subprocess.DEVNULL, check=True)
        assert git("status", "--porcelain").stdout == status, "the tree is not as it was"
        changes = glob.glob(self.folder + "/*.changes")[0]
        self.lintian = subprocess.Popen(["lintian", "--allow-root", "-I", "--tag-display-limit", "0", changes],
                                        stdout=subprocess.PIPE, text=True)

    def make_program(self):
        """A program is built with the development package alone, and runs with the library's."""
        root = self.folder + "/dev"
        for name in ["libdomstats0", "libdomstats-dev"]:
            subprocess.run(["dpkg-deb", "-x", self.deb(name), root], check=True)
        libraries = os.path.dirname(glob.glob(root + "/usr/lib/*/libdomstats.so")[0])
        readme = open(SOURCE + "/README.md", encoding="utf-8").read()
        with open(root + "/vcpus.c", "w", encoding="utf-8") as file:
            file.write(re.search(r"^```c\n(.*?)^```", readme, re.M | re.S)[1])
        places = {**os.environ, "PKG_CONFIG_PATH": libraries + "/pkgconfig"}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "domstats"], env=places, capture_output=True,
                               text=True, check=True).stdout
        subprocess.run(["cc", "-o", root + "/vcpus", root + "/vcpus.c", f"-I{root}/usr/include", f"-L{libraries}",
                        *flags.split()], check=True)
        said = subprocess.run([root + "/vcpus", "replay:" + RECORDED], env={"LD_LIBRARY_PATH": libraries},
                              capture_output=True, text=True, check=True).stdout
        assert re.search(r"^running 1$", said, re.M), said

    def boot(self):
        depends = ",".join(filter(None, (output("dpkg-deb", "-f", self.deb(name), "Depends").strip() for name in OURS)))
        # The first of alternatives, without versions.
        needed = sorted({re.split(r"[ |(]", word.strip())[0] for word in depends.split(",")} - set(OURS))
        key = hashlib.sha256(" ".join([suite(), *needed]).encode()).hexdigest()[:12]
        tarball = os.path.join(os.environ.get("DOMSTATS_BUILD", self.folder), f"bare-{key}.tar")
        if not os.path.exists(tarball):
            for old in glob.glob(os.path.dirname(tarball) + "/bare-*.tar"):
                os.unlink(old)
            why = machine.make_root(tarball, needed, suite())
            if why:
                skip(why)
        self.machine = machine.Machine(tarball)
        self.machine.wait()
        self.machine.must("mkdir /debs /srv/recorded")
        subprocess.run(["cp", "-a", RECORDED + "/.", self.machine.path("/srv/recorded")], check=True)

    def files(self):
        """Path, kind, mode and owner of each file, and the contents of those of /etc."""
        listed = self.machine.must(r"find / -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o "
                                   r"-printf '%p %y %m %U:%G %l\n' | sort")
        kept = [line for line in listed.splitlines() if not re.match(NOT_OURS, line.split()[0])]
        sums = self.machine.must("find /etc -type f -not -name '*-' -print0 | sort -z | xargs -0 sha256sum")
        return set(kept) | set(sums.splitlines())

    def install(self, names, version="*"):
        subprocess.run(["cp", *(self.deb(name, version) for name in names), self.machine.path("/debs")], check=True)
        self.machine.must("apt-get install -y -q --no-install-recommends " +
                          " ".join(f"/debs/{os.path.basename(self.deb(name, version))}" for name in names))

    def install_all(self):
        self.before = self.files()
        self.install(OURS)
        self.check_units()
        self.machine.must("ls /usr/share/domstats/grafana/*.json /usr/share/domstats/prometheus/*.yml")

    def check_units(self):
        for unit in UNITS:
            self.machine.must(f"systemctl is-active {unit} && systemctl is-enabled {unit}")

    def verify_units(self):
        said = self.machine.must("cd /lib/systemd/system && systemd-analyze --man=no verify domstatsd*")
        assert said == "", said

    def use_command(self):
        status, said = self.machine.run("domstats -c replay:/srv/recorded --state running")
        assert status == 0 and "state.state=1" in said, said
        self.machine.must("bash -n /usr/share/bash-completion/completions/domstats")
        status, said = self.machine.run("domstats-monitor --version")
        assert status == 0 and output("dpkg-deb", "-f", self.deb("domstats"), "Version").strip() in said, said

    def check_service(self):
        """Beside the one that runs, it would serve a folder of its own."""
        self.machine.must("mkdir -m 755 /run/other && domstatsd --check -c replay:/srv/recorded --rpc /run/other/rpc "
                          "--metrics 127.0.0.1:9178 && rmdir /run/other")

    def scrape(self, address):
        return self.machine.must(f"exec 3<>/dev/tcp/{address}/9177 && "
                                 "printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3")

    def serve_recorded(self):
        """It is told what to read as its manual page says, and read as the group may."""
        self.machine.must("echo 'DOMSTATSD_OPTIONS=\"-c replay:/srv/recorded\"' >/etc/default/domstatsd && "
                          "systemctl restart domstatsd")
        self.check_scrape()
        read = "setpriv --reuid nobody --regid nogroup --groups %s domstats list -c service:/run/domstats/domstats.sock"
        assert "running" in self.machine.run(read % "domstats")[1]
        assert self.machine.run(read % "nogroup")[0] == 2

    def serve_others(self):
        """Metrics at all addresses, by the drop-in of docs/fleet.md; by an option they would be at some of them."""
        page = open(SOURCE + "/docs/fleet.md", encoding="utf-8").read()
        text = re.sub("^    ", "", re.search(r"socket: begin -->\n(.*?)<!-- socket: end", page, re.S)[1], flags=re.M)
        folder = "/etc/systemd/system/domstatsd-metrics.socket.d"
        # So many starts in a few seconds are of this test alone: systemd is not to count them.
        apply = "systemctl daemon-reload; systemctl restart domstatsd-metrics.socket domstatsd; " \
            "systemctl reset-failed 'domstatsd*'"
        self.machine.must('mkdir -p "$1" && printf %s "$2" >"$1/address.conf"', folder, text.strip() + "\n")
        options = "-c replay:/srv/recorded --insecure"
        self.machine.must('echo "DOMSTATSD_OPTIONS=\\"$1\\"" >/etc/default/domstatsd; ' + apply, options)
        self.check_scrape("127.1.2.3")
        self.machine.must(f"rm -r {folder}; {apply}; ! exec 3<>/dev/tcp/127.1.2.3/9177")
        status, said = self.machine.run(f"domstatsd --check {options} --metrics :9177")
        assert status != 0 and "listens there" in said, said
        self.serve_recorded()

    def check_scrape(self, address="127.0.0.1"):
        found = re.search(r'^domstats_domain_info\{.*name="running".*$', self.scrape(address), re.M)
        assert found, self.scrape(address)[:3000]
        print("  " + found[0][:110])

    def upgrade(self):
        """The same packages, as a newer version."""
        newer = output("dpkg-deb", "-f", self.deb("domstatsd"), "Version").strip() + "+newer"
        for name in OURS:
            folder = f"{self.folder}/{name}"
            subprocess.run(["dpkg-deb", "-R", self.deb(name), folder], check=True)
            with open(folder + "/DEBIAN/control", "r+", encoding="utf-8") as file:
                text = re.sub(r"^Version: .*$", f"Version: {newer}", file.read(), flags=re.M)
                file.seek(0)
                file.write(text)
            subprocess.run(["dpkg-deb", "-b", folder, self.folder], stdout=subprocess.DEVNULL, check=True)
        show = "systemctl show -P MainPID domstatsd"
        old = self.machine.must(show)
        self.install(OURS, newer)
        assert self.machine.must("dpkg-query -W -f '${Version}' domstatsd") == newer
        assert self.machine.must(show) not in (old, "0\n"), "it was not started anew"
        self.check_units()
        self.check_scrape()

    def remove(self):
        self.machine.must("apt-get remove -y -q " + " ".join(OURS))
        self.machine.must("! pidof domstatsd && test ! -e /run/domstats && grep -q recorded /etc/default/domstatsd")

    def purge(self):
        self.machine.must("apt-get purge -y -q domstatsd")
        assert "domstats" not in self.machine.must("dpkg-query -W")
        after = self.files()
        more, less = sorted(after - self.before), sorted(self.before - after)
        assert not more and not less, "\n".join(["left:", *more, "gone:", *less])

    def keep_group(self):
        """Of an administrator, who made it before, or put somebody into it."""
        for make in ["groupadd -g 2345 domstats", "groupadd -r domstats && useradd -M -G domstats alice"]:
            self.machine.must(make)
            self.install(["libdomstats0", "domstatsd"])
            self.machine.must("apt-get purge -y -q domstatsd libdomstats0 && getent group domstats && groupdel domstats")

    def read_lintian(self):
        said, _ = self.lintian.communicate()
        assert self.lintian.returncode == 0 and said == "", said

    def end(self):
        if self.machine:
            self.machine.end()
        if self.lintian and self.lintian.poll() is None:
            self.lintian.kill()
            self.lintian.communicate()


STEPS = [
    ("tools/package builds them, and the tree stays as it was", Packages.build),
    ("a program is built with the development package", Packages.make_program),
    ("a bare Debian starts", Packages.boot),
    ("it takes the packages, and the service and its sockets run", Packages.install_all),
    ("systemd has nothing to say of the units", Packages.verify_units),
    ("the commands run, on a recorded host", Packages.use_command),
    ("domstatsd --check says that it can serve", Packages.check_service),
    ("the service has metrics of a recorded host, and records for its group", Packages.serve_recorded),
    ("it serves other hosts as docs/fleet.md says", Packages.serve_others),
    ("a newer version goes on with the same options", Packages.upgrade),
    ("removed, only the options are left", Packages.remove),
    ("purged, nothing is left: no file, no group", Packages.purge),
    ("a group that an administrator made or filled stays", Packages.keep_group),
    ("lintian has nothing to say", Packages.read_lintian),
]


def main():
    if os.geteuid() != 0:
        skip("only root can install packages")
    if shutil.which("git") is None or git("rev-parse", "--git-dir").returncode != 0:
        skip("this is no git checkout")
    with tempfile.TemporaryDirectory() as folder:
        packages = Packages(folder)
        try:
            for sentence, step in STEPS:
                begun = time.monotonic()
                step(packages)
                print(f"ok: {sentence} ({time.monotonic() - begun:.1f} s)", flush=True)
        finally:
            packages.end()


main()
