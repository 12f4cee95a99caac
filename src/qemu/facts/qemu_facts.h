/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_facts: plain structs: what is known of one domain in one round.
 *
 * Decoders (qemu_reply_*) and host readers (qemu_host) fill them, emitters (qemu_emit_*) read
 * them. Strings are borrowed from the replies, which outlive the facts of their round. What
 * was not given stays absent: a UtilCount not present, a pointer NULL, a length 0.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host_netdev.h"
#include "host/host_process.h"
#include "qemu_definition.h"
#include "util/util_count.h"
#include "util/util_json.h"

/* query-stats-schemas: how one statistic is to be read. */
typedef enum {
    QEMU_FACTS_STAT_CUMULATIVE, /* emitted as .sum */
    QEMU_FACTS_STAT_INSTANT,    /* .cur */
    QEMU_FACTS_STAT_PEAK,       /* .max */
    QEMU_FACTS_STAT_HISTOGRAM,  /* linear or log2: not emitted */
} QemuFactsStatKind;

typedef struct {
    const char *name;
    QemuFactsStatKind kind;
    bool is_boolean; /* the schema's unit */
} QemuFactsSchema;

/* One value of query-stats, or of the kernel's own statistics block. */
typedef struct {
    const char *name;
    QemuFactsStatKind kind;
    bool is_boolean;
    uint64_t value;
} QemuFactsStat;

typedef struct {
    int index;                  /* vCPU id: cpu-index */
    pid_t thread_id;            /* as QEMU numbers it; 0 unknown */
    pid_t host_thread;          /* the same thread as this host numbers it; 0 unknown */
    const char *qom_path;       /* matches query-stats */
    bool has_halted, is_halted; /* s390x only, not TCG */
    GArray *stats;              /* QemuFactsStat, or NULL */
    bool has_host;              /* the four below were read */
    char run_state;             /* of the thread: R, S, D, T ... */
    UtilCount time_ns;
    UtilCount wait_ns;
    UtilCount delay_ns;
} QemuFactsVcpu;

/* query-blockstats, one latency histogram. */
typedef struct {
    GArray *boundaries; /* uint64_t ns; NULL: no such histogram */
    GArray *bins;       /* uint64_t, one more than boundaries */
} QemuFactsHistogram;

enum {
    QEMU_FACTS_HISTOGRAM_READ,
    QEMU_FACTS_HISTOGRAM_WRITE,
    QEMU_FACTS_HISTOGRAM_ZONE_APPEND,
    QEMU_FACTS_HISTOGRAM_FLUSH,
    QEMU_FACTS_N_HISTOGRAMS
};

/* One entry of timed_stats. What QEMU leaves out stays 0, as libvirt has it. */
typedef struct {
    uint64_t interval_s;
    uint64_t rd_min_ns, rd_max_ns, rd_avg_ns;
    uint64_t wr_min_ns, wr_max_ns, wr_avg_ns;
    uint64_t zap_min_ns, zap_max_ns, zap_avg_ns;
    double rd_queue_depth, wr_queue_depth, zap_queue_depth;
} QemuFactsTimedGroup;

/* One layer of a disk's chain as query-blockstats walks it, top first, filters left out. */
typedef struct {
    const char *node_name;       /* the layer's format node (or only node) */
    const char *storage_name;    /* its protocol node; NULL: it has none of its own */
    const char *data_name;       /* node of its external data file; NULL: none */
    UtilCount wr_highest_offset; /* of "parent" in QEMU's words: the node that holds the data */
} QemuFactsLayer;

typedef struct {
    const char *device; /* -drive id; "" with -blockdev */
    const char *qdev;   /* qdev id or QOM path of the guest's device */
    UtilCount rd_reqs, rd_bytes, rd_times_ns;
    UtilCount wr_reqs, wr_bytes, wr_times_ns;
    UtilCount fl_reqs, fl_times_ns;
    UtilCount failed_rd, failed_wr, failed_fl, invalid_rd, invalid_wr, invalid_fl;
    UtilCount idle_ns;
    QemuFactsHistogram histograms[QEMU_FACTS_N_HISTOGRAMS];
    GArray *timed_groups;  /* QemuFactsTimedGroup, or NULL */
    const UtilJson *entry; /* its part of the reply, out of which the layers are made */
    GArray *layers;        /* QemuFactsLayer; NULL: no medium, or not made yet */
} QemuFactsDisk;

enum {
    QEMU_FACTS_BLOCK_LIMIT_REQUEST_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_DISCARD_MAX,
    QEMU_FACTS_BLOCK_LIMIT_DISCARD_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_MAX,
    QEMU_FACTS_BLOCK_LIMIT_WRITE_ZEROES_ALIGNMENT,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_OPTIMAL,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_MAX,
    QEMU_FACTS_BLOCK_LIMIT_TRANSFER_HW_MAX,
    QEMU_FACTS_BLOCK_LIMIT_IOV_MAX,
    QEMU_FACTS_BLOCK_LIMIT_IOV_HW_MAX,
    QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_MINIMAL,
    QEMU_FACTS_BLOCK_LIMIT_MEMORY_ALIGNMENT_OPTIMAL,
    QEMU_FACTS_N_BLOCK_LIMITS
};

/* query-named-block-nodes, one node. */
typedef struct {
    const char *node_name;
    const char *driver; /* "qcow2", "file", "throttle", ... */
    const char *path;   /* local file or device behind it, as QEMU was given it: it may be relative;
                         * NULL for network and others */
    const char *data_file; /* qcow2 with an external data file: its name as the image says */
    UtilCount virtual_size;
    UtilCount actual_size;
    UtilCount write_threshold;
    UtilCount wr_highest_offset; /* of the node that holds its data; only where it was asked for */
    UtilCount limits[QEMU_FACTS_N_BLOCK_LIMITS];
} QemuFactsNode;

/* The image of a domain that does not run, as its file tells. */
typedef struct {
    UtilCount allocation; /* bytes the host has given it */
    UtilCount capacity;   /* bytes the guest would see */
    UtilCount physical;   /* where the file or device ends */
} QemuFactsImage;

typedef struct {
    const char *id;
    pid_t thread_id;   /* as QEMU numbers it; 0 unknown */
    pid_t host_thread; /* as this host does */
    UtilCount poll_max_ns, poll_grow, poll_shrink;
} QemuFactsIothread;

typedef struct {
    int index;
    uint64_t rate_mib_s;
} QemuFactsVcpuDirtyRate;

typedef struct {
    const char *status; /* unstarted, measuring, measured; NULL: not asked or refused */
    const char *mode;   /* NULL: older than 6.2 */
    bool has_start_time, has_calc_time, has_rate;
    int64_t start_time_s;
    int64_t calc_time_s;
    int64_t rate_mib_s;
    GArray *vcpus; /* QemuFactsVcpuDirtyRate, or NULL */
} QemuFactsDirtyRate;

typedef struct {
    bool has_device; /* query-balloon answered */
    UtilCount actual_bytes;
    UtilCount base_bytes, plugged_bytes; /* query-memory-size-summary */
    /* query-memory-devices: what they are now, what they can grow to, and what of their present
     * size no balloon sees: virtio-mem's */
    UtilCount devices_bytes, devices_full_bytes, virtio_mem_bytes;
    /* guest-stats, bytes or counts, as QEMU gives them, 2^64-1 already absent */
    UtilCount swap_in, swap_out, major_faults, minor_faults, free_memory, total_memory;
    UtilCount available_memory, disk_caches, htlb_pgalloc, htlb_pgfail, last_update_s;
    UtilCount polling_interval_s;
} QemuFactsMemory;

/* The devices of QEMU that are network interfaces, by who made them: const char *, the last part of
 * each one's QOM path, in no order. NULL: not told. */
typedef struct {
    GArray *with_id;    /* of /machine/peripheral: "-device" or device_add with an id */
    GArray *without_id; /* of /machine/peripheral-anon: "device[7]", numbered as they came */
    GArray *on_board;   /* of /machine/unattached: the machine's own */
} QemuFactsNicDevices;

/* One interface of the guest: those of the definition in its order, then those plugged later. */
typedef struct {
    const char
        *ifname;       /* host device; NULL: it has none (user, hostdev, ...), or it is not known */
    bool is_host_view; /* counters are given as the host has them, not swapped */
    const HostNetdevCounters *counters; /* NULL: no such device; borrowed for the call */
} QemuFactsNic;

typedef struct {
    bool has_process;  /* /proc/<pid>/stat was read */
    UtilCount n_vcpus; /* by the names of the threads; only when QEMU does not tell its vCPUs */
    HostProcessStat process;
    HostProcessCgroup cgroup;
    UtilCount vcpus_ns, iothreads_ns, vhost_ns, emulator_ns; /* ext: CPU time apart */
    UtilCount run_delay_ns;                                  /* ext: of all threads */
    HostProcessMemory memory;                                /* ext */
} QemuFactsHost;

typedef struct {
    const char *event; /* as libvirt names it: "cpu_cycles" */
    uint64_t value;
} QemuFactsPerf;

/* One folder of a resctrl monitor's mon_data: a cache, a memory controller or a package. What
 * the host does not count is absent. */
typedef struct {
    unsigned int id;
    UtilCount bytes;                    /* cache monitors */
    UtilCount local_bytes, total_bytes; /* bandwidth monitors */
    bool has_core_energy, has_activity; /* energy monitors */
    double core_energy_j, activity_f;
} QemuFactsResctrlBank;

typedef struct {
    QemuDefinitionResctrlKind kind;
    const char *name;
    const char *vcpus; /* "0-3,5" */
    GArray *banks;     /* QemuFactsResctrlBank, by ascending id */
} QemuFactsResctrl;

typedef struct {
    /* state: query-status, or libvirt's own */
    const char *status; /* NULL unknown */
    bool is_running;
    int libvirt_state; /* virDomainState and reason told by libvirt; -1 not told */
    int libvirt_reason;

    UtilCount halt_success_ns, halt_fail_ns; /* sums over all vCPUs; query-stats or debugfs */
    QemuFactsMemory memory;
    GArray *schemas_vcpu; /* QemuFactsSchema by target, or NULL */
    GArray *schemas_vm;
    GArray *vcpus;               /* QemuFactsVcpu, by ascending index; NULL: not known */
    UtilCount n_vcpus_max;       /* query-hotpluggable-cpus: sum of vcpus-count */
    GArray *vm_stats;            /* QemuFactsStat, or NULL */
    GArray *disks;               /* QemuFactsDisk, QEMU's order; NULL: block not known */
    GArray *nodes;               /* QemuFactsNode */
    unsigned int n_backed_nodes; /* of them that have a backing image */
    GHashTable *node_by_name;    /* const char * -> QemuFactsNode * in @nodes */
    GHashTable *images;     /* char * path -> QemuFactsImage *; NULL: it runs, or not looked at */
    GPtrArray *owned_texts; /* char *: what had to be made out of a reply's text; NULL: none */
    GArray *iothreads;      /* QemuFactsIothread */
    QemuFactsDirtyRate dirty_rate;
    QemuFactsNicDevices nic_devices;
    GArray *nics;     /* QemuFactsNic; NULL: not known */
    UtilCount n_nics; /* of the guest; absent: there may be others than @nics, or fewer */
    GArray *perf;     /* QemuFactsPerf */
    bool lacks_perf;  /* events were asked for that this host has and that could not be read */
    GArray *resctrl;  /* QemuFactsResctrl, in the definition's order; frees its banks; NULL none */
    QemuFactsHost host;
    UtilCount monitor_us; /* ext: time from the first command to the last answer */
} QemuFacts;

/* Everything absent, libvirt's state not told. */
void qemu_facts_init(QemuFacts *self);
/* Frees all that hangs on @self, nested arrays too, and leaves it as after init. */
void qemu_facts_clear(QemuFacts *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuFacts, qemu_facts_clear)

/* Empty arrays with room for @n_expected, whose elements are freed with what hangs on them. */
GArray *qemu_facts_new_vcpus(size_t n_expected);
GArray *qemu_facts_new_disks(size_t n_expected);
GArray *qemu_facts_new_resctrl(void);

/* The node named @name, or NULL. */
const QemuFactsNode *qemu_facts_node(const QemuFacts *self, const char *name);

/* True for a block driver whose file name is a path of this host, whatever characters are in it. */
bool qemu_facts_is_local_driver(const char *driver);

/* Nodes by their path, which a format node and the storage node below it share. Borrows nodes and
 * paths, neither of which may change. */
typedef struct QemuFactsPaths QemuFactsPaths;

QemuFactsPaths *qemu_facts_paths_new(const QemuFacts *facts);
void qemu_facts_paths_free(QemuFactsPaths *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuFactsPaths, qemu_facts_paths_free)
/* The first node of that path that opens it, or the first that does not; NULL if there is none. */
const QemuFactsNode *qemu_facts_paths_storage(const QemuFactsPaths *self, const char *path);
const QemuFactsNode *qemu_facts_paths_format(const QemuFactsPaths *self, const char *path);
