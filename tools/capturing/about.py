# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes about.txt of a case: for the person who reads the parameters that we make of it."""
import json
import os

ABOUT = """{sentence}

QEMU: {version}
Started as:
  {line}
Images, by qemu-img create:
  {images}
Beside it:
  {beside}
Then, over a second monitor:
  {do}
To be seen:
  {seen}

Recorded by tools/capture with "domstats record", together with all other cases.
"""


def write_about(folder, case):
    """@folder is the domain's, in the recording /srv/recording."""
    with open(f"{folder}/domain.json", encoding="utf-8") as text:
        pid = json.load(text)["pid"]
    with open(f"/srv/recording/proc/{pid}/cmdline", encoding="utf-8") as text:
        line = " ".join(text.read().split("\0")).strip().replace(" -", "\n  -")
    version = case["qemu"] + ", as it was started; it did not tell"
    if os.path.exists(f"{folder}/greeting.json"):
        with open(f"{folder}/greeting.json", encoding="utf-8") as text:
            told = json.load(text)["QMP"]["version"]
        version = "{major}.{minor}.{micro} ".format(**told["qemu"]) + f"({told['package']})"
    do = [" ".join([command, json.dumps(arguments, ensure_ascii=False),
                    *("until " + json.dumps(until) for until in rest)])
          for command, arguments, *rest in case["do"]]
    do += [{"stop": "the process is stopped by SIGSTOP", "hold": "another client stays connected",
            "": ""}[case["then"]]]
    if "wait_for" in case:
        do.append(f"until {case['wait_for']} has received something from the guest")
    images = [entry[0] + ", written by the tool: a boot sector" if isinstance(entry, tuple)
              else " ".join(entry) for entry in case["images"]]
    beside = [" ".join(server) for server in case["serve"]]
    beside += [f"the tap device {tap}, up" for tap in case["taps"]]
    if "loop" in case:
        beside.append(f"a loop device on {case['loop']}")
    text = ABOUT.format(sentence=case["sentence"], version=version, line=line, **{
        key: "\n  ".join(filter(None, lines)) or "none"
        for key, lines in (
            ("do", do), ("seen", case["seen"]), ("images", images), ("beside", beside))})
    with open(f"{folder}/about.txt", "w", encoding="utf-8") as about:
        about.write(text)
