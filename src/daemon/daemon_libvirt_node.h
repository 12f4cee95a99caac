/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_node: what libvirt's RPC tells of the host: CPUs, memory. Read from /proc and /sys
 * when it is asked for.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Counts as libvirt has them: nodes * sockets * cores * threads is the number of CPUs; where the
 * CPUs are not that regular, one socket with a core for each. */
typedef struct {
    uint64_t memory_kib;
    unsigned int cpus; /* online */
    unsigned int mhz;  /* of the first CPU; 0: not known */
    unsigned int nodes;
    unsigned int sockets;
    unsigned int cores;
    unsigned int threads;
} DaemonLibvirtNode;

/* Reads below @root, "" for this host. What cannot be read is 0, or 1 where libvirt has at least
 * one. */
DaemonLibvirtNode daemon_libvirt_node_read(const char *root);

/* Which CPUs are online, a bit each, eight to a byte, for as many CPUs as the host has; to be freed
 * with g_byte_array_unref(). Sets how many the host has and how many are online. */
GByteArray *daemon_libvirt_node_read_map(const char *root, unsigned int *ret_cpus,
                                         unsigned int *ret_online);

/* The CPUs on which process @pid may run, likewise; empty if that cannot be read. */
GByteArray *daemon_libvirt_node_read_allowed(const char *root, int pid);

/* A number of /proc/meminfo ("MemFree"), KiB; false: it is not there. */
bool daemon_libvirt_node_read_memory(const char *root, const char *name, uint64_t *ret_kib);

/* The same of all memory nodes together, as libvirt has it: that may be less than /proc/meminfo
 * says. */
bool daemon_libvirt_node_sum_memory(const char *root, const char *name, uint64_t *ret_kib);

/* What the CPUs did since the boot, in ns. */
typedef struct {
    uint64_t kernel;
    uint64_t user;
    uint64_t idle;
    uint64_t iowait;
} DaemonLibvirtNodeTimes;

/* Of CPU @index, or of all together for -1; false: there is none. */
bool daemon_libvirt_node_read_times(const char *root, int index, DaemonLibvirtNodeTimes *ret_times);
