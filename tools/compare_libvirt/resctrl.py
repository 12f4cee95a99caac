# SPDX-License-Identifier: LGPL-2.1-or-later
"""A made resctrl, for this process and its children: the kernel's files with numbers that stay. libvirt finds the
folders of a domain's groups made already, since nobody fills a folder that it makes."""
import os
import subprocess

ROOT = "/sys/fs/resctrl"
CACHE = "/sys/devices/system/cpu/cpu0/cache/index3"
WAYS = 16
FEATURES = {"L3_MON": ("llc_occupancy", "mbm_total_bytes", "mbm_local_bytes"),
            "PERF_PKG_MON": ("core_energy", "activity")}
FILES = {
    "info/L3/cbm_mask": "ffff", "info/L3/min_cbm_bits": "1", "info/L3/num_closids": "16",
    "info/L3/shareable_bits": "0", "info/L3/bit_usage": "0=SSSSSSSSSSSSSSSS",
    "info/MB/bandwidth_gran": "10", "info/MB/delay_linear": "1", "info/MB/min_bandwidth": "10",
    "info/MB/num_closids": "8", "info/L3_MON/num_rmids": "64", "info/L3_MON/max_threshold_occupancy": "65536",
    "info/PERF_PKG_MON/num_rmids": "64", "info/last_cmd_status": "ok",
}
# Half of the ways are left, for which a domain may ask.
SCHEMATA = "L3:0=ff00\nMB:0=100"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def mount():
    """Mounts it in this mount namespace, which must be no other's. False where that is not possible."""
    try:
        if read(CACHE + "/level") != "3":
            return False
        if not os.path.isdir(ROOT):
            mount_folder()
        run("mount", "-t", "tmpfs", "resctrl", ROOT)
    except (OSError, subprocess.CalledProcessError):
        return False
    for path, text in FILES.items():
        write(f"{ROOT}/{path}", text)
    for folder, names in FEATURES.items():
        write(f"{ROOT}/info/{folder}/mon_features", "\n".join(names))
    fill(ROOT, 1)
    write(f"{ROOT}/schemata", SCHEMATA)
    return True


def mount_folder():
    """Makes a folder for it, beside all else in the kernel's folder."""
    made, real = "/mnt/domstats-made", os.path.dirname(ROOT)
    os.makedirs(made, exist_ok=True)
    run("mount", "-t", "tmpfs", "fs", made)
    for name in os.listdir(real):
        os.makedirs(f"{made}/{name}")
        run("mount", "--rbind", f"{real}/{name}", f"{made}/{name}")
    os.makedirs(made + "/resctrl")
    run("mount", "--move", made, real)
    os.rmdir(made)


def fill(folder, seed):
    """The files of a group or a monitor, with numbers that @seed makes different from another's."""
    write(f"{folder}/tasks", "")
    write(f"{folder}/cpus_list", "")
    for i, name in enumerate(FEATURES["L3_MON"]):
        write(f"{folder}/mon_data/mon_L3_00/{name}", str(seed * 1000 + i))
        write(f"{folder}/mon_data/mon_L3_01/{name}", str(seed * 2000 + i))
    for i, name in enumerate(FEATURES["PERF_PKG_MON"]):
        write(f"{folder}/mon_data/mon_PERF_PKG_00/{name}", f"{seed * 10 + i}.25")


def make_groups(machine, groups):
    """@groups: the monitors of each group; "" is the host's own."""
    seed = 2
    for group, monitors in groups.items():
        folder = f"{ROOT}/{machine}-{group}" if group else ROOT
        if group:
            fill(folder, seed)
            write(f"{folder}/schemata", SCHEMATA)
        for monitor in monitors:
            seed += 1
            fill(f"{folder}/mon_groups/{machine}-{monitor}", seed)


def cache_way():
    """The size of the smallest part of the cache that can be allotted, in KiB."""
    return int(read(CACHE + "/size").rstrip("K")) // WAYS
