/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_column: see top_column.h.
 */
#include "top_column.h"

#include <stdint.h>
#include <string.h>

#include "top_compute.h"

#define PERCENT_OF_NS (100.0 / 1e9)
#define PERCENT_OF_US (100.0 / 1e6)
#define MS_OF_NS      (1.0 / 1e6)
#define S_OF_NS       (1.0 / 1e9)
#define KIB           1024.0

#define READY_WARNING 10.0 /* percent: above it users notice */

typedef struct {
    const char *name;
    TopFieldKind kind;
    const char *order; /* the key of the column by which it is sorted */
} View;

static const View views[TOP_COLUMN_N_VIEWS] = {
    [TOP_COLUMN_VIEW_VMS] = {"vms", TOP_FIELD_KIND_DOMAIN, "cpu"},
    [TOP_COLUMN_VIEW_CPU] = {"cpu", TOP_FIELD_KIND_DOMAIN, "cpu"},
    [TOP_COLUMN_VIEW_MEMORY] = {"memory", TOP_FIELD_KIND_DOMAIN, "mem"},
    [TOP_COLUMN_VIEW_DISKS] = {"disks", TOP_FIELD_KIND_DISK, "wr"},
    [TOP_COLUMN_VIEW_NICS] = {"nics", TOP_FIELD_KIND_NIC, "rx"},
    [TOP_COLUMN_VIEW_VCPUS] = {"vcpus", TOP_FIELD_KIND_VCPU, "name"},
};

static void
compute_name(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
             const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)unit;
    (void)entry;
    ret_cell->is_known = true;
    ret_cell->text = pair->now->name;
}

static void
compute_uuid(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
             const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)unit;
    (void)entry;
    ret_cell->is_known = true;
    ret_cell->text = pair->now->uuid;
}

static void
compute_pid(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
            const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)unit;
    (void)entry;
    ret_cell->is_known = pair->now->pid > 0;
    ret_cell->number = pair->now->pid;
}

static void
compute_health(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
               const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)unit;
    (void)pair;
    ret_cell->is_known = true;
    ret_cell->text = domstats_health_to_string(entry->seen.now->health);
    if (entry->seen.now->health != DOMSTATS_HEALTH_OK)
        ret_cell->look = TOP_COLUMN_LOOK_BAD;
}

static void
compute_reason(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
               const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)unit;
    (void)pair;
    ret_cell->text = entry->seen.now->reason;
    ret_cell->is_known = ret_cell->text != NULL;
}

/* The letter that virt-top has for the state, z for one that libvirt got later; "?" if the domain
 * did not answer in this round. */
static void
compute_state(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
              const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    static const char *const letters[] = {"?", "r", "b", "p", "s", "x", "c", "z"};
    UtilCount state = top_sample_value(pair->now, NULL, column->added[0]);

    (void)unit;
    ret_cell->is_known = true;
    ret_cell->text = "?";
    ret_cell->look = TOP_COLUMN_LOOK_BAD;
    if (!entry->has_answered || !state.is_present || state.value >= G_N_ELEMENTS(letters))
        return;
    ret_cell->text = letters[state.value];
    if (state.value != VIR_DOMAIN_CRASHED && state.value != VIR_DOMAIN_NOSTATE)
        ret_cell->look = TOP_COLUMN_LOOK_PLAIN;
}

/* Colour begins beyond two rounds without an answer. */
static void
compute_age(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
            const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)pair;
    (void)unit;
    ret_cell->is_known = entry->age_us >= 0;
    ret_cell->number = (double)entry->age_us * column->scale;
    if (entry->n_silent >= 2)
        ret_cell->look = TOP_COLUMN_LOOK_WARNING;
}

/* The name of a disk or interface, else its number. */
static void
compute_unit(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
             const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)pair;
    (void)entry;
    ret_cell->text = unit != NULL ? unit->name : NULL;
    ret_cell->is_known = ret_cell->text != NULL;
}

static void
compute_number(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
               const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)column;
    (void)pair;
    (void)entry;
    ret_cell->is_known = unit != NULL;
    ret_cell->number = unit != NULL ? unit->number : 0;
}

static void
compute_value(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
              const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)entry;
    ret_cell->is_known = top_compute_value(pair, unit, column->added, &ret_cell->number);
    ret_cell->number *= column->scale;
}

static void
compute_rate(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
             const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)entry;
    ret_cell->is_known = top_compute_rate(pair, unit, column->added, &ret_cell->number);
    ret_cell->number *= column->scale;
}

/* A rate, or a value, that should be 0. */
static void
mark_trouble(TopColumnCell *cell)
{
    if (cell->is_known && cell->number > 0)
        cell->look = TOP_COLUMN_LOOK_BAD;
}

static void
compute_trouble_rate(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
                     const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    compute_rate(column, pair, unit, entry, ret_cell);
    mark_trouble(ret_cell);
}

static void
compute_trouble(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
                const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    compute_value(column, pair, unit, entry, ret_cell);
    mark_trouble(ret_cell);
}

static void
compute_quotient(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
                 const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)entry;
    ret_cell->is_known =
        top_compute_quotient(pair, unit, column->added, column->divisor, &ret_cell->number);
    ret_cell->number *= column->scale;
}

/* The mean over the vCPUs of the time that each was ready to run and had no processor. */
static void
compute_ready(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
              const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    if (unit != NULL)
        compute_rate(column, pair, unit, entry, ret_cell);
    else {
        ret_cell->is_known = top_compute_mean_rate(pair, column->added[0], &ret_cell->number);
        ret_cell->number *= column->scale;
    }
    if (ret_cell->is_known && ret_cell->number > READY_WARNING)
        ret_cell->look = TOP_COLUMN_LOOK_WARNING;
}

static void
compute_most(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
             const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    (void)unit;
    (void)entry;
    ret_cell->is_known = top_compute_most_rate(pair, column->added[0], &ret_cell->number);
    ret_cell->number *= column->scale;
}

/* Of one disk only: histograms of several cannot be added, as each may have its own bins. */
static void
compute_quantile(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
                 const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    const TopSampleUnit *now = NULL, *before = NULL;

    (void)entry;
    if (unit == NULL || pair->before == NULL)
        return;
    now = top_sample_find_unit(pair->now, TOP_FIELD_KIND_DISK, unit);
    before = top_sample_find_unit(pair->before, TOP_FIELD_KIND_DISK, unit);
    ret_cell->is_known = now != NULL && before != NULL &&
                         top_bins_quantile(now->bins[column->bins], before->bins[column->bins],
                                           column->part, &ret_cell->number);
    ret_cell->number *= column->scale;
}

/* What the guest says that it uses; else, as an estimate, what it takes of the host's memory. */
static void
compute_memory(const TopColumn *column, const TopModelPair *pair, const TopSampleUnit *unit,
               const TopModelEntry *entry, TopColumnCell *ret_cell)
{
    UtilCount available = top_sample_value(pair->now, NULL, column->added[0]);
    UtilCount usable = top_sample_value(pair->now, NULL, column->added[1]);
    UtilCount rss = top_sample_value(pair->now, NULL, column->added[2]);

    (void)unit;
    (void)entry;
    if (available.is_present && usable.is_present && available.value > 0 &&
        usable.value <= available.value) {
        ret_cell->is_known = true;
        ret_cell->number = (double)(available.value - usable.value) * column->scale;
    } else if (rss.is_present) {
        ret_cell->is_known = true;
        ret_cell->is_estimate = true;
        ret_cell->number = (double)rss.value * column->scale;
    }
}

#define IN(view) (1U << TOP_COLUMN_VIEW_##view)
#define IN_ALL   (IN(VMS) | IN(CPU) | IN(MEMORY) | IN(DISKS) | IN(NICS) | IN(VCPUS))
#define ALWAYS   TOP_COLUMN_WHEN_ALWAYS
#define BYTES    TOP_COLUMN_WHEN_BYTES
#define REQUESTS TOP_COLUMN_WHEN_REQUESTS
#define ASKED    TOP_COLUMN_WHEN_ASKED
#define UNIT(of) TOP_COLUMN_UNIT_##of
#define F(of)    TOP_FIELD_##of
#define END      TOP_N_FIELDS
#define NONE                                                                                       \
    {                                                                                              \
        END                                                                                        \
    }

/* clang-format off */
/* In the order of the screen. */
static const TopColumn columns[] = {
    /* key, header, views, when, width, sacrifice, left, up, CPU share, unit, computed by, of, over, scale, help */
    {"name", "NAME", IN_ALL, ALWAYS, 12, 0, true, true, false, UNIT(TEXT), compute_name, NONE, NONE, 1,
     "name of the domain"},
    {"uuid", "UUID", IN_ALL, ASKED, 36, 90, true, true, false, UNIT(TEXT), compute_uuid, NONE, NONE, 1,
     "its UUID"},
    {"pid", "PID", IN_ALL, ASKED, 7, 90, false, true, false, UNIT(COUNT), compute_pid, NONE, NONE, 1,
     "process of its QEMU"},
    {"disk", "DISK", IN(DISKS), ALWAYS, 8, 0, true, true, false, UNIT(TEXT), compute_unit, NONE, NONE, 1,
     "name of the disk"},
    {"nic", "NIC", IN(NICS), ALWAYS, 15, 0, true, true, false, UNIT(TEXT), compute_unit, NONE, NONE, 1,
     "the host's device of the interface"},
    {"vcpu", "VCPU", IN(VCPUS), ALWAYS, 4, 0, false, true, false, UNIT(COUNT), compute_number, NONE, NONE, 1,
     "number of the vCPU"},
    {"state", "S", IN_ALL, ALWAYS, 1, 0, true, true, false, UNIT(TEXT), compute_state,
     {F(DOMAIN_STATE), END}, NONE, 1,
     "r running, b blocked, p paused, s being shut down, x off, c crashed, z suspended by its guest, ? did not answer"},
    {"vcpus", "VCPU", IN(VMS) | IN(CPU), ALWAYS, 4, 0, false, false, false, UNIT(COUNT), compute_value,
     {F(DOMAIN_VCPUS), END}, NONE, 1, "vCPUs"},
    {"cpu", "%CPU", IN(VMS) | IN(CPU), ALWAYS, 5, 0, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_TIME), END}, NONE, PERCENT_OF_NS, "CPU time of the whole domain; 100 is one processor"},
    {"cpu", "%CPU", IN(VCPUS), ALWAYS, 5, 0, false, false, true, UNIT(PERCENT), compute_rate,
     {F(VCPU_TIME), END}, NONE, PERCENT_OF_NS, "CPU time of the vCPU"},
    {"usr", "%USR", IN(CPU), ALWAYS, 5, 40, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_USER), END}, NONE, PERCENT_OF_NS, "part of it in user mode, guest code included"},
    {"sys", "%SYS", IN(CPU), ALWAYS, 5, 40, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_SYSTEM), END}, NONE, PERCENT_OF_NS, "part of it in the host's kernel"},
    {"rdy", "%RDY", IN(VMS) | IN(CPU) | IN(VCPUS), ALWAYS, 5, 0, false, false, false, UNIT(PERCENT), compute_ready,
     {F(VCPU_DELAY), END}, NONE, PERCENT_OF_NS,
     "time that a vCPU was ready to run and had no processor, mean over the vCPUs"},
    {"max", "%MAX", IN(CPU), ALWAYS, 5, 30, false, false, false, UNIT(PERCENT), compute_most,
     {F(VCPU_TIME), END}, NONE, PERCENT_OF_NS, "CPU time of the busiest vCPU"},
    {"emul", "%EMU", IN(CPU), ALWAYS, 5, 50, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_EMULATOR), END}, NONE, PERCENT_OF_NS, "CPU time of QEMU's own threads"},
    {"vhost", "%VHO", IN(CPU), ALWAYS, 5, 50, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_VHOST), END}, NONE, PERCENT_OF_NS, "CPU time of the kernel's vhost workers"},
    {"iothr", "%IOT", IN(CPU), ALWAYS, 5, 50, false, false, true, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_IOTHREADS), END}, NONE, PERCENT_OF_NS, "CPU time of the IOThreads"},
    {"wait", "%WAI", IN(VCPUS), ALWAYS, 5, 0, false, false, false, UNIT(PERCENT), compute_rate,
     {F(VCPU_WAIT), END}, NONE, PERCENT_OF_NS, "time that the vCPU waited for the host's input and output"},
    {"halted", "HLT", IN(CPU) | IN(VCPUS), ALWAYS, 3, 60, false, false, false, UNIT(COUNT), compute_value,
     {F(VCPU_HALTED), END}, NONE, 1, "vCPUs that the guest has halted"},
    {"thr", "%THR", IN(CPU), ALWAYS, 5, 70, false, false, false, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_THROTTLED), END}, NONE, PERCENT_OF_NS, "time that a limit of CPU time held threads back"},
    {"cpupsi", "%PSI", IN(CPU), ALWAYS, 5, 71, false, false, false, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_CPU_PRESSURE), END}, NONE, PERCENT_OF_US, "time in which a thread waited for a processor"},
    {"time", "TIME", IN(CPU), ALWAYS, 9, 80, false, false, false, UNIT(TIME), compute_value,
     {F(DOMAIN_CPU_TIME), END}, NONE, S_OF_NS, "CPU time since the domain began"},
    {"mem", "MEM", IN(VMS) | IN(MEMORY), ALWAYS, 6, 0, false, false, false, UNIT(BYTES), compute_memory,
     {F(DOMAIN_MEMORY_AVAILABLE), F(DOMAIN_MEMORY_USABLE), F(DOMAIN_MEMORY_RSS), END}, NONE, KIB,
     "memory that the guest uses; with ~, as the guest does not tell it, what QEMU has of the host's memory"},
    {"alloc", "ALLOC", IN(VMS) | IN(MEMORY), ALWAYS, 5, 0, false, false, false, UNIT(BYTES), compute_value,
     {F(DOMAIN_MEMORY_CURRENT), END}, NONE, KIB, "memory that the guest has"},
    {"memmax", "MAX", IN(MEMORY), ALWAYS, 5, 50, false, false, false, UNIT(BYTES), compute_value,
     {F(DOMAIN_MEMORY_MAXIMUM), END}, NONE, KIB, "memory that the guest can have"},
    {"cache", "CACHE", IN(MEMORY), ALWAYS, 5, 40, false, false, false, UNIT(BYTES), compute_value,
     {F(DOMAIN_MEMORY_CACHES), END}, NONE, KIB, "caches that the guest could drop at once"},
    {"free", "FREE", IN(MEMORY), ALWAYS, 5, 60, false, false, false, UNIT(BYTES), compute_value,
     {F(DOMAIN_MEMORY_UNUSED), END}, NONE, KIB, "free memory of the guest"},
    {"rss", "RSS", IN(MEMORY), ALWAYS, 5, 30, false, false, false, UNIT(BYTES), compute_value,
     {F(DOMAIN_MEMORY_RSS), END}, NONE, KIB, "what QEMU has of the host's memory"},
    {"swapin", "SWI/s", IN(MEMORY), ALWAYS, 5, 20, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(DOMAIN_MEMORY_SWAP_IN), END}, NONE, KIB, "what the guest reads back from its swap"},
    {"swapout", "SWO/s", IN(MEMORY), ALWAYS, 5, 20, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(DOMAIN_MEMORY_SWAP_OUT), END}, NONE, KIB, "what the guest writes to its swap"},
    {"faults", "FLT/s", IN(MEMORY), ALWAYS, 5, 70, false, false, false, UNIT(RATE), compute_rate,
     {F(DOMAIN_MEMORY_MAJOR_FAULT), END}, NONE, 1, "page faults of the guest that read a disk"},
    {"hostswap", "HSWAP", IN(MEMORY), ALWAYS, 5, 65, false, false, false, UNIT(BYTES), compute_trouble,
     {F(DOMAIN_MEMORY_HOST_SWAP), END}, NONE, KIB, "what the host has put of it into the host's swap"},
    {"mempsi", "%PSI", IN(MEMORY), ALWAYS, 5, 71, false, false, false, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_MEMORY_PRESSURE), END}, NONE, PERCENT_OF_US, "time in which a thread waited for memory"},
    {"balage", "BAGE", IN(MEMORY), ALWAYS, 4, 72, false, false, false, UNIT(AGE), compute_value,
     {F(DOMAIN_MEMORY_AGE), END}, NONE, 1, "how long ago the guest reported its memory"},
    {"rd", "RD/s", IN(VMS) | IN(DISKS), BYTES, 5, 0, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(DISK_RD_BYTES), END}, NONE, 1, "bytes read from disks"},
    {"rdrq", "RRQ/s", IN(VMS) | IN(DISKS), REQUESTS, 5, 0, false, false, false, UNIT(RATE), compute_rate,
     {F(DISK_RD_REQS), END}, NONE, 1, "reads of disks"},
    {"wr", "WR/s", IN(VMS) | IN(DISKS), BYTES, 5, 0, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(DISK_WR_BYTES), END}, NONE, 1, "bytes written to disks"},
    {"wrrq", "WRQ/s", IN(VMS) | IN(DISKS), REQUESTS, 5, 0, false, false, false, UNIT(RATE), compute_rate,
     {F(DISK_WR_REQS), END}, NONE, 1, "writes to disks"},
    {"fl", "FL/s", IN(DISKS), ALWAYS, 5, 40, false, false, false, UNIT(RATE), compute_rate,
     {F(DISK_FL_REQS), END}, NONE, 1, "flushes of disks"},
    {"rlat", "RLAT", IN(VMS) | IN(DISKS), ALWAYS, 5, 0, false, false, false, UNIT(MS), compute_quotient,
     {F(DISK_RD_TIMES), END}, {F(DISK_RD_REQS), END}, MS_OF_NS, "milliseconds that a read took"},
    {"wlat", "WLAT", IN(VMS) | IN(DISKS), ALWAYS, 5, 0, false, false, false, UNIT(MS), compute_quotient,
     {F(DISK_WR_TIMES), END}, {F(DISK_WR_REQS), END}, MS_OF_NS, "milliseconds that a write took"},
    {"flat", "FLAT", IN(DISKS), ALWAYS, 5, 45, false, false, false, UNIT(MS), compute_quotient,
     {F(DISK_FL_TIMES), END}, {F(DISK_FL_REQS), END}, MS_OF_NS, "milliseconds that a flush took"},
    {"r50", "R50", IN(DISKS), ASKED, 5, 46, false, false, false, UNIT(MS), compute_quantile, NONE, NONE, MS_OF_NS,
     "milliseconds that half of the reads stayed below, if the disk has a histogram of them", TOP_BINS_KIND_READ, 0.5},
    {"r99", "R99", IN(DISKS), ASKED, 5, 46, false, false, false, UNIT(MS), compute_quantile, NONE, NONE, MS_OF_NS,
     "the same of 99 in 100 reads", TOP_BINS_KIND_READ, 0.99},
    {"w50", "W50", IN(DISKS), ASKED, 5, 46, false, false, false, UNIT(MS), compute_quantile, NONE, NONE, MS_OF_NS,
     "milliseconds that half of the writes stayed below, likewise", TOP_BINS_KIND_WRITE, 0.5},
    {"w99", "W99", IN(DISKS), ASKED, 5, 46, false, false, false, UNIT(MS), compute_quantile, NONE, NONE, MS_OF_NS,
     "the same of 99 in 100 writes", TOP_BINS_KIND_WRITE, 0.99},
    {"ioerr", "ERR", IN(DISKS), ALWAYS, 4, 30, false, false, false, UNIT(COUNT), compute_trouble,
     {F(DISK_RD_FAILED), F(DISK_WR_FAILED), F(DISK_FL_FAILED), END}, NONE, 1, "requests that failed since QEMU began"},
    {"iopsi", "%PSI", IN(VMS), ASKED, 5, 71, false, false, false, UNIT(PERCENT), compute_rate,
     {F(DOMAIN_IO_PRESSURE), END}, NONE, PERCENT_OF_US, "time in which a thread waited for input or output"},
    {"cap", "CAP", IN(DISKS), ALWAYS, 5, 20, false, false, false, UNIT(BYTES), compute_value,
     {F(DISK_CAPACITY), END}, NONE, 1, "size of the disk"},
    {"used", "USED", IN(DISKS), ALWAYS, 5, 20, false, false, false, UNIT(BYTES), compute_value,
     {F(DISK_ALLOCATION), END}, NONE, 1, "highest offset that was written"},
    {"phys", "PHYS", IN(DISKS), ALWAYS, 5, 50, false, false, false, UNIT(BYTES), compute_value,
     {F(DISK_PHYSICAL), END}, NONE, 1, "space that the image takes"},
    {"rx", "RX/s", IN(VMS) | IN(NICS), BYTES, 5, 70, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(NIC_RX_BYTES), END}, NONE, 1, "bytes that the guest received"},
    {"rxp", "RXP/s", IN(VMS) | IN(NICS), REQUESTS, 5, 70, false, false, false, UNIT(RATE), compute_rate,
     {F(NIC_RX_PKTS), END}, NONE, 1, "packets that the guest received"},
    {"tx", "TX/s", IN(VMS) | IN(NICS), BYTES, 5, 70, false, false, false, UNIT(BYTE_RATE), compute_rate,
     {F(NIC_TX_BYTES), END}, NONE, 1, "bytes that the guest sent"},
    {"txp", "TXP/s", IN(VMS) | IN(NICS), REQUESTS, 5, 70, false, false, false, UNIT(RATE), compute_rate,
     {F(NIC_TX_PKTS), END}, NONE, 1, "packets that the guest sent"},
    {"rxdrop", "RXD/s", IN(NICS), ALWAYS, 5, 0, false, false, false, UNIT(RATE), compute_trouble_rate,
     {F(NIC_RX_DROP), END}, NONE, 1, "packets to the guest that were dropped"},
    {"txdrop", "TXD/s", IN(NICS), ALWAYS, 5, 0, false, false, false, UNIT(RATE), compute_trouble_rate,
     {F(NIC_TX_DROP), END}, NONE, 1, "packets from the guest that were dropped"},
    {"drop", "DROP/s", IN(VMS), ALWAYS, 6, 80, false, false, false, UNIT(RATE), compute_trouble_rate,
     {F(NIC_RX_DROP), F(NIC_TX_DROP), END}, NONE, 1, "packets of the guest that were dropped"},
    {"neterr", "ERR", IN(NICS), ALWAYS, 4, 60, false, false, false, UNIT(COUNT), compute_trouble,
     {F(NIC_RX_ERRS), F(NIC_TX_ERRS), END}, NONE, 1, "errors of the interface since it was made"},
    {"health", "HEALTH", IN_ALL, ASKED, 10, 90, true, true, false, UNIT(TEXT), compute_health, NONE, NONE, 1,
     "ok, or why the domain did not answer, in a word"},
    {"age", "AGE", IN_ALL, ALWAYS, 5, 90, false, false, false, UNIT(AGE), compute_age, NONE, NONE, 1 / 1e6,
     "how long ago the domain answered"},
    {"reason", "REASON", IN_ALL, ASKED, 20, 90, true, true, false, UNIT(TEXT), compute_reason, NONE, NONE, 1,
     "why the domain did not answer, as a sentence"},
};
/* clang-format on */

const char *
top_column_view_name(TopColumnView view)
{
    return views[view].name;
}

bool
top_column_view_find(const char *name, TopColumnView *ret_view)
{
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        if (strcmp(views[i].name, name) == 0) {
            *ret_view = (TopColumnView)i;
            return true;
        }
    }
    return false;
}

TopFieldKind
top_column_view_kind(TopColumnView view)
{
    return views[view].kind;
}

size_t
top_column_count(void)
{
    return G_N_ELEMENTS(columns);
}

const TopColumn *
top_column_at(size_t i)
{
    return &columns[i];
}

/* True if the rows of @view can have the column: it is made for views with rows of that kind. */
static bool
is_of_kind(const TopColumn *column, TopColumnView view)
{
    for (size_t i = 0; i < TOP_COLUMN_N_VIEWS; i++)
        if ((column->views & (1U << i)) != 0 && views[i].kind == views[view].kind)
            return true;
    return false;
}

const TopColumn *
top_column_find(const char *key, TopColumnView view)
{
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        if (strcmp(columns[i].key, key) == 0 && is_of_kind(&columns[i], view))
            return &columns[i];
    return NULL;
}

const TopColumn *
top_column_view_order(TopColumnView view)
{
    return top_column_find(views[view].order, view);
}

static bool
is_shown(const TopColumn *column, TopColumnView view, bool counts_requests)
{
    if ((column->views & (1U << view)) == 0 || column->when == TOP_COLUMN_WHEN_ASKED)
        return false;
    if (column->when == TOP_COLUMN_WHEN_ALWAYS)
        return true;
    return (column->when == TOP_COLUMN_WHEN_REQUESTS) == counts_requests;
}

GPtrArray *
top_column_list(TopColumnView view, bool counts_requests)
{
    GPtrArray *list = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        if (is_shown(&columns[i], view, counts_requests))
            g_ptr_array_add(list, (void *)(uintptr_t)&columns[i]);
    return list;
}

/* Sets the error for a key that is no column of @view. */
static void
refuse(const char *key, TopColumnView view, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        if (is_of_kind(&columns[i], view))
            g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", columns[i].key);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "the view '%s' has no column '%s'; it has %s", views[view].name, key, known->str);
}

GPtrArray *
top_column_parse_list(const char *keys, TopColumnView view, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit(keys, ",", (gint)G_N_ELEMENTS(columns) + 1);

    for (size_t i = 0; words[i] != NULL; i++) {
        const TopColumn *column = top_column_find(words[i], view);

        if (column == NULL) {
            refuse(words[i], view, error);
            return NULL;
        }
        g_ptr_array_add(list, (void *)(uintptr_t)column);
    }
    return g_steal_pointer(&list);
}

const TopColumn *
top_column_parse(const char *key, TopColumnView view, GError **error)
{
    const TopColumn *column = top_column_find(key, view);

    if (column == NULL)
        refuse(key, view, error);
    return column;
}

static TopColumnCell
compute(const TopColumn *self, const TopModelPair *pair, const TopSampleUnit *unit,
        const TopModelEntry *entry)
{
    TopColumnCell cell = {0};

    self->compute(self, pair, unit, entry, &cell);
    return cell;
}

TopColumnCell
top_column_cell(const TopColumn *self, const TopModelEntry *entry, const TopSampleUnit *unit,
                const TopColumnMode *mode)
{
    TopColumnCell cell = compute(self, &entry->seen, unit, entry);

    if (!cell.is_known && entry->answered.now != NULL) {
        cell = compute(self, &entry->answered, unit, entry);
        cell.is_old = cell.is_known && !entry->has_answered;
    }
    if (self->is_cpu_share && mode->is_of_host) {
        cell.is_known = cell.is_known && mode->n_processors.is_present;
        cell.number /= (double)MAX(mode->n_processors.value, 1);
    }
    return cell;
}

/* Compares texts as people count: "vm2" before "vm10". */
static int
compare_texts(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)) {
            char *end_a = NULL, *end_b = NULL;
            uint64_t number_a = g_ascii_strtoull(a, &end_a, 10);
            uint64_t number_b = g_ascii_strtoull(b, &end_b, 10);

            if (number_a != number_b)
                return number_a < number_b ? -1 : 1;
            a = end_a;
            b = end_b;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

int
top_column_compare(const TopColumnCell *a, const TopColumnCell *b, bool is_descending)
{
    int order = 0;

    if (!a->is_known || !b->is_known)
        return (b->is_known ? 1 : 0) - (a->is_known ? 1 : 0);
    if (a->text != NULL && b->text != NULL)
        order = compare_texts(a->text, b->text);
    else
        order = (a->number > b->number) - (a->number < b->number);
    return is_descending ? -order : order;
}
