# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes medians, ratios and tables from the results of a run."""

import re
import statistics

US_PER_MS = 1000


def median(samples):
    return statistics.median(samples)


def wall_ms(result, side):
    """The median of a side, or None."""
    found = result["sides"].get(side)
    return median(found["wall_us"]) / US_PER_MS if found else None


def cpu_us(result, side):
    """CPU time of our process for one domain."""
    return median(result["sides"][side]["cpu_us"]) / result["domains"]


def ratio(above, below):
    return above / below if above and below else None


def at(kind, domains):
    """The result for that many domains, of a kind with sizes."""
    return next((size for size in kind["sizes"] if size["domains"] == domains), None)


def show(value, digits=2):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def name_of(run):
    """The emulator, with the state of its guests if they are not paused."""
    return run["qemu"] + (", running guests" if run["guests"] == "running" else "")


def visit_rows(size, where):
    """The rows of letting go after each call; none of a size without visits."""
    if wall_ms(size, "visit") is None:
        return
    yield (f"let go after each call / floor of such visits, {where}",
           ratio(wall_ms(size, "visit"), wall_ms(size, "floor-visit")), "<=", 1.25)
    yield (f"let go after each call / held, {where}",
           ratio(wall_ms(size, "visit"), wall_ms(size, "ours")), "", None)
    yield (f"the command, a process for each call / let go, {where}",
           ratio(wall_ms(size, "command"), wall_ms(size, "visit")), "", None)
    if wall_ms(size, "command-empty") is not None:
        yield (f"the command, less one that finds no QEMU / floor of visits, {where}",
               ratio(wall_ms(size, "command") - wall_ms(size, "command-empty"),
                     wall_ms(size, "floor-visit")), "<=", 1.25)


def bulk_rows(results):
    for kind in results.get("bulk", []):
        name = name_of(kind)
        for size in kind["sizes"]:
            if size["domains"] >= 100:
                yield (f"held / floor, {size['domains']:,} QEMUs {name}",
                       ratio(wall_ms(size, "ours"), wall_ms(size, "floor")), "<=", 1.15)
                yield from visit_rows(size, f"{size['domains']:,} QEMUs {name}")
        largest = kind["sizes"][-1]
        yield (f"our per-domain calls / our bulk, held, {largest['domains']} QEMUs {name}",
               ratio(wall_ms(largest, "ours-by-domain"), wall_ms(largest, "ours")), "", None)
        yield (f"our calls per domain and group / our bulk, held, {largest['domains']} QEMUs "
               f"{name}",
               ratio(wall_ms(largest, "ours-by-domain-and-group"), wall_ms(largest, "ours")), "",
               None)
        yield (f"our CPU / json-c's for its replies alone, {largest['domains']} QEMUs "
               f"{name}", ratio(cpu_us(largest, "ours"), cpu_us(largest, "json")), "<=",
               1.5)
        if largest["domains"] > 100 and at(kind, 100):
            yield (f"time per domain at {largest['domains']:,} / at 100 QEMUs {name}",
                   ratio(wall_ms(largest, "ours") / largest["domains"],
                         wall_ms(at(kind, 100), "ours") / 100), "<=", 1.1)


def libvirt_rows(results):
    for kind, name, plain, newer in (("embedded", "libvirt embedded", 4, 6),
                                     ("daemon", "libvirtd", 4.5, 6)):
        for run in results.get(kind, []):
            largest = run["sizes"][-1]
            where = f"{largest['domains']} QEMUs {name_of(run)}"
            target = newer if int(run["qemu"].split(".")[0]) >= 10 else plain
            for side, words, least in (("libvirt", "bulk", target),
                                       ("libvirt-by-domain", "one by one", None),
                                       ("libvirt-classic", "classic calls", 7)):
                yield (f"{name} {words} / ours, held, {where}",
                       ratio(wall_ms(largest, side), wall_ms(largest, "ours")), ">=", least)
            yield (f"{name} bulk / ours, let go, {where}",
                   ratio(wall_ms(largest, "libvirt"), wall_ms(largest, "visit")), "", None)
            yield (f"{name}: ours, held / floor, {where}",
                   ratio(wall_ms(largest, "ours"), wall_ms(largest, "floor")), "<=", 1.15)
            yield from visit_rows(largest, f"{name}, {where}")


def through_rows(results):
    through = results.get("through", {"runs": []})
    for run in through["runs"]:
        where = (f"{run['domains']} QEMUs {through['qemu']}, {run['guests']} guests, "
                 f"{'one processor' if run['cpus'] == 1 else 'two processors'}")
        bulk = wall_ms(run, "libvirt")
        if wall_ms(run, "through") is not None:
            yield (f"libvirtd bulk / ours through libvirt, {where}", ratio(bulk, wall_ms(run, "through")), ">=",
                   1 if run["cpus"] == 1 else 1.5)
            yield (f"libvirtd bulk / the command through libvirt, {where}",
                   ratio(bulk, wall_ms(run, "through-command")), "", None)
            yield (f"each later call with ten stopped / with none, through libvirt, {where}",
                   ratio(wall_ms(run, "through-stopped"), wall_ms(run, "through")), "<=", 1.1)
        else:
            for side, words in (("ours", "held"), ("visit", "let go")):
                yield (f"libvirtd bulk / ours by second monitors, {words}, {where}",
                       ratio(bulk, wall_ms(run, side)), "", None)


def slow_rows(results):
    slow = results.get("slow", [])
    for result in slow:
        alone = next((one for one in slow if one["domains"] == 1 and
                      one["delay_ms"] == result["delay_ms"]), None)
        if result["domains"] == 1 or alone is None:
            continue
        is_aim = result["delay_ms"] == 5 and result["domains"] == 1000
        yield (f"{result['delay_ms']} ms a reply, {result['domains']:,} domains / one alone",
               ratio(wall_ms(result, "ours"), wall_ms(alone, "ours")), "<=",
               2 if is_aim else None)


def idle_rows(results):
    observed = [("QEMUs", results["idle"])] if "idle" in results else []
    observed += [("replayed", one) for one in results.get("slow", []) if "idle" in one]
    for words, result in observed:
        idle, domains = result["idle"], result["domains"]
        yield (f"memory of an idle domain, resident, {domains:,} {words}, KiB",
               idle["resident_bytes"] / domains / 1024, "<=", 32)
        yield ("the same, without what malloc keeps free: what the library holds",
               idle["held_bytes"] / domains / 1024, "", None)
        yield ("the same, in use by the heap", idle["heap_bytes"] / domains / 1024, "", None)
        yield (f"wake-ups in {idle['wait_ms']} ms between calls, {idle['threads']} thread(s)",
               float(idle["wakeups"]), "<=", 0)


def taps_rows(results):
    if "taps" in results:
        taps = results["taps"]
        more_us = 1000 * (wall_ms(taps["with"], "ours") - wall_ms(taps["without"], "ours"))
        yield (f"{taps['taps']:,} other interfaces: a call of {taps['with']['domains']} domains is "
               "slower by, times reading their table", more_us / median(taps["read_us"]), "", None)


def ratios(results):
    rows = []
    for name, value, sign, target in (*bulk_rows(results), *libvirt_rows(results),
                                      *through_rows(results), *slow_rows(results), *idle_rows(results),
                                      *taps_rows(results)):
        verdict = ""
        if target is not None and value is not None:
            is_met = value <= target if sign == "<=" else value >= target
            verdict = "yes" if is_met else "no"
        rows.append((name, show(value), f"{sign} {target}" if target is not None else "", verdict))
    rows += [(it["what"], "not measured: " + it["why"].replace("|", "/"), "",
              "no" if it["is_failure"] else "") for it in results["not_measured"]]
    return table(("what", "measured", "target", "reached"), rows)


def times(kind, title):
    """A table of all sides of one run: ms a call, by number of domains."""
    sides = list(kind["sizes"][-1]["sides"])
    head = ("ms, median", *(f"{size['domains']:,}" for size in kind["sizes"]), "values a domain",
            "CPU µs a domain")
    last = kind["sizes"][-1]
    rows = [(side, *(show(wall_ms(size, side)) for size in kind["sizes"]),
             show(last["sides"][side]["values"] / last["domains"], 0), show(cpu_us(last, side), 0))
            for side in sides]
    floor = last.get("floor", {})
    names = ", ".join(name.removesuffix(".json") for name in floor.get("commands", []))
    return (f"### {title}, QEMU {name_of(kind)}, {kind['accel']}\n\n" + table(head, rows) +
            f"\nThe floor's commands: {names}: {floor.get('request_bytes')} bytes to each QEMU, "
            f"{floor.get('reply_bytes'):,} bytes back.\n" + visit_words(last.get("visit")))


def visit_words(visit):
    if not visit:
        return ""
    names = re.findall(r'"execute":"([^"]+)"', visit["requests"])
    return (f"A visit sends {', '.join(names)}: {visit['request_bytes']} bytes, "
            f"{visit['reply_bytes']:,} back.\n")


def through_table(through):
    """Each side of each run: time, CPU time of libvirtd and of the process that asks."""
    rows = []
    for run in through["runs"]:
        for side, samples in run["sides"].items():
            rows.append((side, run["guests"], str(run["cpus"]), show(wall_ms(run, side)),
                         show(median(samples["daemon_us"]) / US_PER_MS), show(median(samples["cpu_us"]) / US_PER_MS),
                         show(samples["values"] / run["domains"], 0)))
    return (f"### Through libvirtd, {through['domains']} QEMUs {through['qemu']}, {through['accel']}: ms a call\n\n"
            + table(("side", "guests", "processors", "time", "CPU of libvirtd", "CPU of ours", "values a domain"),
                    rows))


def slow_table(slow):
    sizes = sorted({result["domains"] for result in slow})
    rows = []
    for delay in sorted({result["delay_ms"] for result in slow}):
        by_size = {one["domains"]: one for one in slow if one["delay_ms"] == delay}
        rows.append((f"{delay} ms a reply", *(
            show(wall_ms(by_size[size], "ours")) if size in by_size else "" for size in sizes)))
    return "### Slow QEMUs: our bulk call, ms, by number of domains\n\n" + table(
        ("", *(f"{size:,}" for size in sizes)), rows)


def reading_table(reading):
    calls = {call["kinds"]: call for call in reading["calls"]}
    rows = []
    for one in reading["alone"]:
        call = calls.get(one["kinds"])
        rows.append((str(one["kinds"]), show(one["ours_ns"] / 1000, 1),
                     show(one["json_c_ns"] / 1000, 1),
                     show(cpu_us(call, "ours"), 0) if call else ""))
    return (f"### Reading replies of {reading['alone'][0]['reply_bytes']:,} bytes: CPU us a "
            "domain, by number of kinds\n\n" +
            table(("kinds", "our reader", "json-c", "our whole call"), rows))


def driver_table(driver):
    total = driver["instructions"]
    visit = driver.get("visit_parts", {})
    rows = [(name, show(cost, 0), show(100 * cost / total, 0) + " %", show(visit.get(name), 0))
            for name, cost in sorted(driver["parts"].items(), key=lambda part: -part[1])]
    rows.append(("all", show(total, 0), "100 %", show(driver.get("visit_instructions"), 0)))
    rows.append(("json-c alone: parse and free", show(driver["json_c_instructions"], 0),
                 show(100 * driver["json_c_instructions"] / total, 0) + " %", ""))
    top = [(f"`{name}`", show(cost, 0), show(100 * cost / total, 1) + " %")
           for name, cost in driver["top"]]
    return ("### Our side alone: instructions for one domain (callgrind)\n\n" +
            table(("part", "instructions, held", "share", "let go"), rows) +
            f"\nAllocations for one domain: {driver['allocations']:,.0f}; json-c alone "
            f"{driver['json_c_allocations']:,.0f}.\n\n" +
            table(("function, without what it calls", "instructions", "share"), top))


def make(results):
    it = results["machine"]
    parts = [f"{it['date']}, {results['form']} form: {it['cpus']} x {it['cpu']}, "
             f"{it['memory_gib']} GiB, Linux {it['kernel']}, {it['accel']}; libvirt "
             f"{it['libvirt']}, json-c {it['json_c']}, GLib {it['glib']}; load at the start "
             f"{it['load_at_start']:.2f}.\n"]
    if it["load_at_start"] > it["cpus"]:
        parts.append("**The machine was busy with other work: times are too long and scatter, only "
                     "CPU times, instructions, memory and wake-ups can be relied on.**\n")
    parts.append(ratios(results))
    for kind in results.get("bulk", []):
        parts.append(times(kind, "Plain QEMUs: floor and our calls"))
    for kind in results.get("embedded", []):
        parts.append(times(kind, "libvirt's embedded driver and ours"))
    for kind in results.get("daemon", []):
        parts.append(times(kind, "libvirtd and ours"))
    if "through" in results:
        parts.append(through_table(results["through"]))
    if results.get("slow"):
        parts.append(slow_table(results["slow"]))
    if "reading" in results:
        parts.append(reading_table(results["reading"]))
    if "driver" in results:
        parts.append(driver_table(results["driver"]))
    return "\n".join(parts)


def points(kinds, side):
    """(domains, ms) of each size, with the first emulator."""
    if not kinds:
        return []
    return [(size["domains"], wall_ms(size, side)) for size in kinds[0]["sizes"]
            if wall_ms(size, side)]


def series(results):
    """The lines of the plot."""
    return {"libvirt's bulk call, embedded": points(results.get("embedded"), "libvirt"),
            "libvirt's classic calls, embedded": points(results.get("embedded"),
                                                        "libvirt-classic"),
            "our per-domain calls": points(results.get("bulk"), "ours-by-domain"),
            "our bulk call, let go": points(results.get("bulk"), "visit"),
            "our bulk call, held": points(results.get("bulk"), "ours"),
            "the floor": points(results.get("bulk"), "floor")}
