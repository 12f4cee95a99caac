/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_slice: in which slice of systemd a QEMU runs. A host without systemd has the control group
 * instead in which that of the machine is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* From the text of /proc/PID/cgroup: "machine.slice" for
 * /machine.slice/machine-qemu\x2d1\x2dweb.scope/libvirt/emulator, the last one if there are
 * several;
 * "/machine" for /machine/qemu-1-web.libvirt-qemu/emulator; the whole path if nothing in it is
 * known to be the machine's. NULL: the text names no control group. The caller frees it. */
char *top_slice_parse(const char *text);

/* True if the text of /proc/PID/stat is that of a process that began at @start_ticks. */
bool top_slice_is_process(const char *stat, uint64_t start_ticks);

/* That of a process of this host; NULL if it cannot be read, or if @pid is another process by now,
 * or one of another host. The caller frees it. */
char *top_slice_read(int pid, uint64_t start_ticks);
