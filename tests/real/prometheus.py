# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Prometheus for tests, on a loopback port: it scrapes what its configuration says, and answers queries."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from host import PATIENCE_S
from waiting import until


def each_second(job="domstats", **more):
    """A job that scrapes each second, with our own fields."""
    return {"job_name": job, "scrape_interval": "1s", "scrape_timeout": "1s", "params": {"ext": ["1"]}, **more}


class Prometheus:
    def __init__(self, host, port, scrapes, rule_files=(), name="prometheus"):
        """@scrapes: scrape_configs, or the text of a whole configuration."""
        self.url = f"http://127.0.0.1:{port}"
        config = host.path(name + ".yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(scrapes if isinstance(scrapes, str) else json.dumps(
                {"global": {"evaluation_interval": "1s"}, "rule_files": list(rule_files), "scrape_configs": scrapes}))
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={host.path(name + '.tsdb')}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        host.processes[name] = self.process

    def ask(self, path, **words):
        """What the API says; None: it does not serve yet."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code == 503:
                return None
            raise AssertionError(f"{words}: {refused.read().decode()}") from refused
        except urllib.error.URLError:
            return None

    def query(self, text, **words):
        """[(labels, value)]."""
        data = self.ask("query", query=text, **words)
        return [(one["metric"], float(one["value"][1])) for one in data["result"]] if data else []

    def range(self, text, begin, end, step):
        """[(labels, [(time, value)])]."""
        data = self.ask("query_range", query=text, start=begin, end=end, step=step)
        return [(one["metric"], [(at, float(value)) for at, value in one["values"]]) for one in data["result"]]

    def until_found(self, text):
        return until(f"Prometheus finds {text}", lambda: self.query(text))
