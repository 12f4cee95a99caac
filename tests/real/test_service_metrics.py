# SPDX-License-Identifier: LGPL-2.1-or-later
"""Metrics of domstatsd as scrapers read them: curl, promtool, Prometheus, its Python client's parser of OpenMetrics;
with QEMUs of odd names, one that is stuck, and clients that leave, do not read, or break the rules."""

import os
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.parse

import prometheus
from apart import run_apart
from host import PATIENCE_S, Host
from services import Service
from waiting import until

RECORDED = "replay:" + os.path.join(os.environ.get("DOMSTATS_TESTS", "tests"), "qemujsontestdata")
N_RECORDED = sum(os.path.exists(f"{each.path}/about.txt") for each in os.scandir(RECORDED.removeprefix("replay:")))
PYTHON = "/usr/bin/python3"  # the distribution's, which has the client library
NAMES = "domstats", "libvirt", "kumina"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PARSE = """
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.buffer.read().decode()))
print(len(families), sum(len(family.samples) for family in families))
"""
SAMPLE = re.compile(rb'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
LABEL = re.compile(rb'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')
N_MOST = 128  # scrapes at once


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plain(text):
    return re.sub(rb"\\(.)", lambda found: b"\n" if found[1] == b"n" else found[1], text).decode()


def samples(text):
    """[(name, labels, value)] of an exposition; each line of it must be one, or a comment."""
    found = []
    for line in text.rstrip(b"\n").split(b"\n"):
        if line.startswith(b"#"):
            continue
        match = SAMPLE.fullmatch(line)
        if match is None:
            raise AssertionError(f"no sample: {line}")
        labels = {name.decode(): plain(value) for name, value in LABEL.findall(match[2] or b"")}
        found.append((match[1].decode(), labels, float(match[3])))
    return found


def values(text, name, **labels):
    """The values of @name with @labels, by the labels that it has beside."""
    return {tuple(sorted((set(others.items()) - set(labels.items())))): value
            for found, others, value in samples(text)
            if found == name and labels.items() <= others.items()}


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in lines)


class Scraped(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.__exit__)

    def serve(self, *options, source=None):
        service = Service(self.host, *options, source=source or "dir:" + self.host.folder)
        self.addCleanup(service.__exit__)
        return service.ready()

    def curl(self, service, path, *options, fails=False):
        """By default at the unix socket; @path may be a whole URL."""
        way = [] if "://" in path else ["--unix-socket", service.metrics]
        url = path if "://" in path else "http://domstats" + path
        done = subprocess.run(["curl", "-s", "-i", "--max-time", str(PATIENCE_S), *way, *options, url],
                              check=False, capture_output=True)
        if fails:
            return done.returncode
        self.assertEqual(done.returncode, 0, (url, done.stderr, service.said()))
        return Answer(done.stdout)

    def scrape(self, service, query="", *options):
        answer = self.curl(service, "/metrics" + query, *options)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def check_with_promtool(self, text):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, check=False, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def check_as_openmetrics(self, text):
        """Gives how many families and samples the parser finds."""
        done = subprocess.run([PYTHON, "-c", PARSE], input=text, check=False, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        n_families, n_samples = map(int, done.stdout.split())
        self.assertEqual(n_samples, len(samples(text)))
        return n_families, n_samples

    def talk(self, service, *parts):
        """A connection of our own that sends @parts."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(PATIENCE_S)
        client.connect(service.metrics)
        for part in parts:
            client.sendall(part)
        return client


class Recorded(Scraped):
    """The recorded domains: no QEMU is needed."""

    def test_both_formats_with_all_names(self):
        for names in NAMES:
            service = self.serve("--names", names, source=RECORDED)
            text = self.curl(service, "/metrics")
            self.assertEqual(text.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertEqual(text.headers["vary"], "accept, accept-encoding")
            self.check_with_promtool(text.body)
            self.check_with_promtool(self.scrape(service, "?ext=1&kvm=1"))
            answer = self.curl(service, "/metrics", "-H", "Accept: " + OPENMETRICS)
            self.assertEqual(answer.headers["content-type"],
                             "application/openmetrics-text; version=1.0.0; charset=utf-8")
            n_families, n_samples = self.check_as_openmetrics(answer.body)
            self.assertGreater(n_families, 25)
            self.assertEqual(n_samples, len(samples(text.body)))
            self.check_as_openmetrics(self.scrape(service, "?ext=1&kvm=1", "-H", "Accept: " + OPENMETRICS))

    def test_prometheus_own_header_is_given_openmetrics(self):
        service = self.serve(source=RECORDED)
        accept = ("Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                  "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
                  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
        self.assertTrue(self.scrape(service, "", "-H", accept).endswith(b"\n# EOF\n"))

    def test_gzip_only_when_it_is_asked_for(self):
        service = self.serve(source=RECORDED)
        whole = self.scrape(service)
        self.assertEqual(self.curl(service, "/metrics", "-H", "Accept-Encoding: gzip;q=0").headers.get(
            "content-encoding"), None)
        packed = self.curl(service, "/metrics", "-H", "Accept-Encoding: gzip", "--raw")
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertLess(len(packed.body), len(whole) / 4)
        unpacked = self.scrape(service, "", "--compressed")
        self.assertEqual([name for name, _, _ in samples(unpacked)], [name for name, _, _ in samples(whole)])

    def test_a_head_asks_nobody(self):
        service = self.serve(source=RECORDED)
        answer = self.curl(service, "/metrics", "-I", "-H", "Accept: text/html", "-H", "Accept: " + OPENMETRICS)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertIn("openmetrics", answer.headers["content-type"])
        self.assertNotIn("content-length", answer.headers)
        self.assertEqual(answer.headers["vary"], "accept, accept-encoding")
        self.assertEqual(self.curl(service, "/metrics?group=nothing", "-I").status, 400)
        self.assertEqual(self.curl(service, "/", "-I").status, 200)

    def test_other_paths_and_methods(self):
        service = self.serve(source=RECORDED)
        self.assertIn(b'href="/metrics"', self.curl(service, "/").body)
        self.assertEqual(self.curl(service, "/-/healthy").body, b"ok\n")
        self.assertEqual(self.curl(service, "/metrics/").status, 404)
        for method in "POST", "PUT", "DELETE", "OPTIONS", "BREW":
            answer = self.curl(service, "/metrics", "-X", method)
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "get, head"))
        self.assertEqual(self.curl(service, "/metrics", "-d", "a=" + "b" * 60000).status, 405)
        for target, status in (("http://a/-/healthy", 200), ("HTTPS://a:1/metrics?group=state", 200), ("http://a", 200),
                               ("http://a/none", 404), ("a:1", 404), ("*", 404)):
            self.assertEqual(self.curl(service, "/", "--request-target", target).status, status, target)

    def test_a_choice_of_domains_and_groups(self):
        service = self.serve(source=RECORDED)
        text = self.scrape(service, "?domain=raw&domain=histograms&domain=raw&group=block&domain=nobody")
        verdicts = values(text, "domstats_domain_answered")
        self.assertEqual(verdicts, {(("domain", "raw"),): 1, (("domain", "histograms"),): 1,
                                    (("domain", "nobody"),): 0})
        self.assertEqual(values(text, "domstats_domains"), {(): 2})
        self.assertTrue(values(text, "domstats_block_read_requests_total", domain="raw"))
        self.assertFalse(values(text, "domstats_domain_cpu_seconds_total"))
        self.assertTrue(values(text, "domstats_block_read_latency_seconds_bucket", domain="histograms", le="+Inf"))
        odd = self.scrape(service, "?" + urllib.parse.urlencode({"domain": 'größe, "x"\\y'}))
        self.assertEqual(values(odd, "domstats_domain_answered"), {(("domain", 'größe, "x"\\y'),): 1})

    def test_what_is_no_question_is_refused_by_name(self):
        service = self.serve(source=RECORDED)
        for query, word in (("?group=foo", "foo"), ("?groups=block", "groups"), ("?domain=%zz", "%zz"),
                            ("?ext=2", "2")):
            answer = self.curl(service, "/metrics" + query)
            self.assertEqual(answer.status, 400)
            self.assertIn(word, answer.body.decode())

    def test_a_hundred_at_once_share_rounds(self):
        service = self.serve(source=RECORDED)
        service.process.send_signal(signal.SIGSTOP)  # so that all are there when it goes on
        clients = [self.talk(service, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                   for _ in range(100)]
        service.process.send_signal(signal.SIGCONT)
        texts = [Answer(b"".join(iter(lambda one=client: one.recv(65536), b""))).body for client in clients]
        self.assertEqual({len(values(text, "domstats_domain_answered")) for text in texts}, {N_RECORDED})
        rounds = {next(iter(values(text, "domstats_round_seconds").values())) for text in texts}
        self.assertLess(len(rounds), 20)

    def test_requests_on_one_connection(self):
        service = self.serve(source=RECORDED)
        client = self.talk(service, b"GET /metrics?domain=raw HTTP/1.1\r\nHost: x\r\n\r\n"
                           b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b""))
        self.assertEqual(text.count(b"HTTP/1.1 200 OK"), 2)
        self.assertTrue(text.endswith(b"ok\n"))

    def test_clients_of_bad_manners_cost_the_others_nothing(self):
        service = self.serve(source=RECORDED)
        before = service.descriptors()
        silent = [self.talk(service) for _ in range(20)]
        deaf = [self.talk(service, b"GET /metrics?kvm=1 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
        for junk in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"\r\n" * 1000,
                     b"GET /" + b"a" * 100000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000,
                     b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"a" * 200000,
                     b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"):
            client = self.talk(service)
            try:
                client.sendall(junk)
                client.settimeout(1)
                client.recv(65536)
            except OSError:
                pass
            client.close()
        self.assertEqual(len(values(self.scrape(service), "domstats_domain_answered")), N_RECORDED)
        for client in silent + deaf:
            client.close()
        until("their descriptors are closed", lambda: service.descriptors() <= before + 3)
        self.assertEqual(service.stop(), 0, service.said())

    def test_requests_that_do_not_end_are_ended(self):
        service = self.serve(source=RECORDED)
        before = service.descriptors()
        names = "&".join(f"domain=d{number}" for number in range(2000)).encode()
        clients = [self.talk(service, b"GET /metrics HTTP/1.1\r\nHost: x\r\n"),
                   self.talk(service, b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")]
        long = self.talk(service, b"GET /metrics?" + names[:14000] + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        said = long.recv(65536)  # libmicrohttpd 1.0.10 says why
        if said.startswith(b"HTTP/1.1 431 "):
            said = long.recv(65536)
        self.assertEqual(said, b"")
        for client in clients:
            self.assertEqual(client.recv(65536), b"")
        until("their descriptors are closed", lambda: service.descriptors() <= before)

    def test_a_scraper_that_leaves_takes_its_request_back(self):
        service = self.serve("-v", source=RECORDED)
        before = service.descriptors()

        def leave():
            client = self.talk(service, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.01)  # a round of so many domains takes longer
            client.close()
            return "a scraper has left before its round ended" in service.said()

        until("its leaving is seen", leave)
        self.assertEqual(len(values(self.scrape(service), "domstats_domain_answered")), N_RECORDED)
        until("its descriptors are closed", lambda: service.descriptors() <= before + 1)

    def test_more_scrapes_than_may_be_are_told_to_come_later(self):
        service = self.serve(source=RECORDED)
        service.process.send_signal(signal.SIGSTOP)  # so that all are there when it goes on
        clients = [self.talk(service, b"GET /metrics?kvm=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                   for _ in range(N_MOST + 50)]
        service.process.send_signal(signal.SIGCONT)
        answers = [Answer(b"".join(iter(lambda one=client: one.recv(65536), b""))) for client in clients]
        late = [answer for answer in answers if answer.status == 503]
        self.assertEqual({answer.status for answer in answers}, {200, 503})
        self.assertLessEqual(len(late), 50)
        self.assertEqual(late[0].headers["retry-after"], "1")


class Real(Scraped):
    def setUp(self):
        super().setUp()
        self.disk = ["-drive", f"file={self.host.image('disk.raw', '-f', 'raw', '1M')},format=raw,if=none,id=d0,"
                     "file.locking=off", "-device", "virtio-blk-pci,drive=d0,id=disk0"]

    def test_names_and_paths_that_must_be_escaped(self):
        path = os.path.join(os.fsencode(self.host.folder), b'a "b"\n\\c\xff.raw')
        with open(path, "wb") as image:
            image.truncate(1024 * 1024)
        self.host.start("one", "-name", 'q"uote\\back\nline', "-drive",
                        b"file=" + path + b",format=raw,if=none,id=d0", "-device",
                        "virtio-blk-pci,drive=d0,id=disk0")
        for names in NAMES:
            service = self.serve("--names", names)
            text = self.scrape(service, "", "-H", "Accept: " + OPENMETRICS)
            self.check_as_openmetrics(text)
            self.check_with_promtool(self.scrape(service))
            self.assertEqual(values(text, "domstats_domain_answered"), {(("domain", 'q"uote\\back\nline'),): 1})
            self.assertIn("�.raw".encode(), text)

    def test_two_domains_of_one_name(self):
        for number in 1, 2:
            self.host.start(f"vm{number}", "-name", "same", "-uuid", f"{number}" * 8 + "-0000-4000-8000-000000000000",
                            *self.disk)
        self.host.start("other", *self.disk)
        for names, cpu in (("domstats", "domstats_domain_cpu_seconds_total"),
                           ("libvirt", "libvirt_domain_info_cpu_time_seconds_total")):
            service = self.serve("--names", names)
            text = self.scrape(service)
            self.check_with_promtool(text)
            found = [labels["domain"] for name, labels, _ in samples(text) if name == cpu]
            self.assertEqual(sorted(found), ["other", "same (11111111-0000-4000-8000-000000000000)",
                                             "same (22222222-0000-4000-8000-000000000000)"])
            keys = [(name, tuple(sorted(labels.items()))) for name, labels, _ in samples(text)]
            self.assertEqual(len(keys), len(set(keys)))

    def stuck(self, *options):
        """Three domains, of which one is stopped once it has answered."""
        for name in "one", "two", "bad":
            self.host.start(name, *self.disk)
        service = self.serve(*options)
        self.assertEqual(len(values(self.scrape(service), "domstats_domain_answered")), 3)
        self.host.processes["bad"].send_signal(signal.SIGSTOP)
        return service

    def test_one_that_is_stuck_has_its_verdict_and_what_the_host_knows(self):
        service = self.stuck("--timeout", "60")
        begun = time.monotonic()
        text = self.scrape(service, "", "-H", "X-Prometheus-Scrape-Timeout-Seconds: 20")
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(values(text, "domstats_domain_answered"),
                         {(("domain", "one"),): 1, (("domain", "two"),): 1, (("domain", "bad"),): 0})
        self.assertEqual(list(values(text, "domstats_domain_verdict_info", domain="bad")),
                         [(("answered_by", "host"), ("health", "stopped"), ("reason", "signal"))])
        self.assertEqual(values(text, "domstats_domains_answered"), {(): 2})
        self.assertEqual(values(text, "domstats_domain_complete", domain="bad"), {(): 0})
        self.assertTrue(values(text, "domstats_domain_group_missing", domain="bad", group="block"))
        self.assertGreater(values(text, "domstats_domain_resident_memory_bytes", domain="bad")[()], 0)
        self.assertFalse(values(text, "domstats_block_read_requests_total", domain="bad"))
        self.assertTrue(values(text, "domstats_block_read_requests_total", domain="one"))

    def test_an_end_while_scrapers_wait(self):
        service = self.stuck("--timeout", "60")
        for _ in range(5):
            self.talk(service, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        self.assertEqual(service.stop(), 0, service.said())

    def test_an_end_while_scrapers_go_on_asking(self):
        ask = b"GET /metrics?domain=nobody HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(5):
            service = self.serve(source=RECORDED)
            clients = [self.talk(service, ask * 200) for _ in range(50)]
            self.assertTrue(all(client.recv(1) for client in clients))
            service.process.send_signal(signal.SIGTERM)
            service.until_said("ending")
            self.assertEqual(service.stop(), 0, service.said())  # the second signal ends it at once
            for client in clients:
                client.close()


class Tls(Scraped):
    def setUp(self):
        super().setUp()
        self.make("ca", "-x509", "-days", "2")
        self.sign("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        self.sign("client", "extendedKeyUsage=clientAuth\n")
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}/metrics"
        self.server = ["--metrics", f"127.0.0.1:{self.port}", "--tls-cert", self.host.path("server.crt"),
                       "--tls-key", self.host.path("server.key")]
        self.trust = ["--cacert", self.host.path("ca.crt")]
        self.client = [*self.trust, "--cert", self.host.path("client.crt"), "--key", self.host.path("client.key")]

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.host.folder)

    def make(self, name, *words):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", name + ".key", "-out", name + (".crt" if words else ".csr"), *words)

    def sign(self, name, extensions):
        self.make(name)
        with open(self.host.path(name + ".ext"), "w", encoding="utf-8") as file:
            file.write(extensions)
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", "2", "-extfile", name + ".ext", "-out", name + ".crt")

    def test_with_tls_and_without_at_a_unix_socket(self):
        service = self.serve(*self.server, source=RECORDED)
        self.assertEqual(self.curl(service, self.url, *self.trust).status, 200)
        self.assertNotEqual(self.curl(service, self.url, fails=True), 0)
        self.assertNotEqual(self.curl(service, self.url.replace("https", "http"), fails=True), 0)
        self.assertNotEqual(self.curl(service, self.url, *self.trust, "--tls-max", "1.1", fails=True), 0)
        self.assertEqual(self.curl(service, "/metrics").status, 200)

    def test_only_clients_with_a_certificate(self):
        service = self.serve(*self.server, "--tls-client-ca", self.host.path("ca.crt"), source=RECORDED)
        self.assertEqual(self.curl(service, self.url, *self.trust).status, 403)
        self.assertEqual(self.curl(service, self.url, *self.client).status, 200)
        wrong = [*self.trust, "--cert", self.host.path("server.crt"), "--key", self.host.path("server.key")]
        self.assertEqual(self.curl(service, self.url, *wrong).status, 403)

    def serial(self, service):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}"], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        shown = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=done.stdout, check=False,
                               capture_output=True)
        self.assertEqual(shown.returncode, 0, (done.stderr, service.said()))
        return shown.stdout

    def test_certificates_are_read_anew(self):
        service = self.serve(*self.server, source=RECORDED)
        before = self.serial(service)
        self.sign("server", "subjectAltName=IP:127.0.0.1\n")
        self.assertEqual(self.serial(service), before)
        service.process.send_signal(signal.SIGHUP)
        after = until("it has the new one", lambda: (lambda now: now != before and now)(self.serial(service)))
        with open(self.host.path("server.crt"), "w", encoding="utf-8") as file:
            file.write("no certificate\n")
        service.process.send_signal(signal.SIGHUP)
        service.until_said("the certificates stay as they were: cannot read the certificate")
        self.assertEqual(self.serial(service), after)
        self.assertEqual(self.curl(service, self.url, *self.trust).status, 200)

    def test_reading_them_anew_leaves_nothing_behind(self):
        service = self.serve(*self.server, source=RECORDED)

        def reload():
            service.process.send_signal(signal.SIGHUP)
            service.ready()
            self.assertEqual(self.curl(service, self.url, *self.trust).status, 200)
        reload()
        before = service.descriptors()
        for _ in range(10):
            reload()
        until("the servers before are gone", lambda: service.descriptors() <= before + 1)


class Prometheus(Scraped):
    """A real one, over TCP."""

    def start_prometheus(self, target):
        self.prometheus = prometheus.Prometheus(self.host, free_port(), [
            {"job_name": "hosts", "scrape_interval": "1s", "scrape_timeout": "1s",
             "static_configs": [{"targets": [target]}]}])

    def query(self, text):
        """Values by the domain of each series."""
        return {labels.get("domain"): (value, labels) for labels, value in self.prometheus.query(text)}

    def until_found(self, text):
        return until(f"Prometheus finds {text}", lambda: self.query(text))

    def test_it_scrapes_and_answers(self):
        port = free_port()
        disk = self.host.image("disk.raw", "-f", "raw", "1M")
        self.host.start("busy", paused=False)
        self.host.start("disk", "-drive", f"file={disk},format=raw,if=none,id=d0", "-device",
                        "virtio-blk-pci,drive=d0,id=disk0", paused=False)
        self.host.start("bad")
        self.serve("--metrics", f"127.0.0.1:{port}")
        self.start_prometheus(f"127.0.0.1:{port}")
        self.assertEqual(self.until_found('up{job="hosts"} == 1')[None][0], 1)
        rates = self.until_found("rate(domstats_domain_cpu_seconds_total[10s])")
        self.assertEqual(set(rates), {"busy", "disk", "bad"})
        joined = self.until_found("domstats_block_read_bytes_total * on (domain, device) group_left (path) "
                                  "domstats_block_info")
        self.assertEqual(joined["disk"][1]["path"], disk)
        uuids = self.until_found("domstats_domain_state * on (domain) group_left (uuid) domstats_domain_info")
        self.assertEqual(len({metric["uuid"] for _, metric in uuids.values()}), 3)
        self.host.processes["bad"].send_signal(signal.SIGSTOP)
        verdict = self.until_found('domstats_domain_verdict_info{health="stopped"}')
        self.assertEqual(verdict["bad"][1]["reason"], "signal")
        self.assertAlmostEqual(self.until_found("domstats_domains_answered / domstats_domains < 1")[None][0], 2 / 3)
        self.assertEqual(self.query('min_over_time(up{job="hosts"}[30s])')[None][0], 1)


if __name__ == "__main__":
    run_apart(__file__)
    unittest.main(verbosity=2)
