/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tap: see host_tap.h.
 *
 * How it works
 *
 * The name of a device is taken only from what the kernel says about the open descriptor: in fdinfo
 * ("iff:"), or in answer to an ioctl on a copy of the descriptor. Another ioctl gives the namespace
 * of a tun, to users who may administrate it. No ioctl gives the namespace of a macvtap. It is
 * looked for in our own /sys, by the number in the name of its device node and by its device
 * number, which is unique over all namespaces; its counters then come from there too. The number in
 * the name alone is not enough: it is an index in the namespace where the node was made.
 */
#include "host_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host_limits.h"
#include "host_netns.h"
#include "host_text.h"
#include "util/util_fd.h"

#define MAX_PATH_BYTES 128
#define MAX_INFO_BYTES 4096
#define MACVTAP_PREFIX "/dev/tap"
#define TUN_SUFFIX     "/tun" /* of /dev/net/tun, wherever a mount namespace has it */

enum { TUN_MAJOR = 10, TUN_MINOR = 200 };

/* A copy of a descriptor of another process, which takes the permission to trace it; -1 with
 * errno. */
static int
copy_descriptor(HostRoot *root, pid_t pid, int theirs)
{
    g_auto(UtilFd) pidfd = -1;

    if (!host_root_is_live(root)) {
        errno = ENOSYS;
        return -1;
    }
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
}

static bool
is_tun(int fd)
{
    struct stat stat = {0};

    return fstat(fd, &stat) == 0 && S_ISCHR(stat.st_mode) && major(stat.st_rdev) == TUN_MAJOR &&
           minor(stat.st_rdev) == TUN_MINOR;
}

/* A descriptor of the network namespace that the tun @fd is in now; -1 with errno. */
static int
open_namespace(int fd)
{
    if (fd < 0)
        return -1;
    if (!is_tun(fd)) {
        errno = ENODEV;
        return -1;
    }
    return ioctl(fd, TUNGETDEVNETNS);
}

static char *
name_namespace(int fd)
{
    struct stat stat = {0};

    if (fd < 0 || fstat(fd, &stat) != 0)
        return NULL;
    return g_strdup_printf("net:[%" G_GUINT64_FORMAT "]", (guint64)stat.st_ino);
}

/* The name in the fdinfo of a tun; NULL if it is attached to no device. */
static char *
read_tun_name(HostRoot *root, pid_t pid, int fd)
{
    char path[MAX_PATH_BYTES] = "";
    char text[MAX_INFO_BYTES] = "";
    const char *name = NULL;
    const char *at = NULL;
    size_t size = 0;

    g_snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return NULL;
    at = host_text_find_line(text, "iff:");
    if (!at || !host_text_take_field(&at, &name, &size) || size >= IFNAMSIZ)
        return NULL;
    return g_strndup(name, size);
}

/* The path at which a recording keeps the namespace of the device behind a descriptor. */
static void
make_note_path(char *path, pid_t pid, int fd)
{
    g_snprintf(path, MAX_PATH_BYTES, "proc/%d/fdnet/%d", pid, fd);
}

/* The namespace in the recording; without one, that of the process. */
static char *
read_recorded_namespace(HostRoot *root, pid_t pid, int fd)
{
    char path[MAX_PATH_BYTES] = "";
    char text[MAX_PATH_BYTES] = "";

    make_note_path(path, pid, fd);
    if (host_root_read(root, path, text, sizeof(text)) > 0)
        return g_strdup(text);
    g_snprintf(path, sizeof(path), "proc/%d/ns/net", pid);
    return host_root_readlink(root, path);
}

static char *
read_live_namespace(HostRoot *root, pid_t pid, int fd)
{
    g_auto(UtilFd) copy = copy_descriptor(root, pid, fd);
    g_auto(UtilFd) namespace = open_namespace(copy);
    char *name = name_namespace(namespace);
    char path[MAX_PATH_BYTES] = "";

    make_note_path(path, pid, fd);
    host_root_note(root, path, name ? name : "unknown");
    return name;
}

static bool
read_tun(HostRoot *root, pid_t pid, int fd, HostTap *tap)
{
    tap->ifname = read_tun_name(root, pid, fd);
    if (!tap->ifname)
        return false;
    tap->net_namespace = host_root_is_live(root) ? read_live_namespace(root, pid, fd)
                                                 : read_recorded_namespace(root, pid, fd);
    return true;
}

/* The name of the device whose node is @node in the class @class_name, from the target of the link:
 * "../../devices/virtual/net/NAME/macvtap/tap6". */
static char *
read_class_link(HostRoot *root, const char *class_name, const char *node)
{
    g_autofree char *path = g_strdup_printf("sys/class/%s/%s", class_name, node);
    g_autofree char *target = host_root_readlink(root, path);
    g_auto(GStrv) parts = target ? g_strsplit(target, "/", -1) : NULL;
    guint n = parts ? g_strv_length(parts) : 0;

    if (n < 4 || !g_str_equal(parts[n - 1], node) || !g_str_equal(parts[n - 2], class_name) ||
        !g_str_equal(parts[n - 4], "net") || strlen(parts[n - 3]) >= IFNAMSIZ)
        return NULL;
    return g_strdup(parts[n - 3]);
}

/* Sets @text to the device number of the node behind a descriptor, in the form of the files in
 * /sys. It stays "" for a recording, in which no device can have been replaced by another. */
static bool
read_device_number(HostRoot *root, pid_t pid, int fd, char *text, size_t size)
{
    char path[MAX_PATH_BYTES] = "";
    struct stat stat = {0};

    if (!host_root_is_live(root))
        return true;
    g_snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
    if (!host_root_stat(root, path, &stat) || !S_ISCHR(stat.st_mode))
        return false;
    g_snprintf(text, size, "%u:%u\n", major(stat.st_rdev), minor(stat.st_rdev));
    return true;
}

static bool
has_device_number(HostRoot *root, const char *class_name, const char *node, const char *ifname,
                  const char *number)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s/%s/%s/dev", ifname, class_name, node);
    char text[MAX_PATH_BYTES] = "";

    return host_root_read(root, path, text, sizeof(text)) > 0 &&
           (number[0] == '\0' || strcmp(text, number) == 0);
}

static UtilCount
read_statistic(HostRoot *root, const char *ifname, const char *name)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s/statistics/%s", ifname, name);

    return host_root_read_count(root, path);
}

/* The values that /proc/net/dev shows, some of which are sums. False if a file cannot be read. */
static bool
read_counters(HostRoot *root, const char *ifname, HostNetdevCounters *counters)
{
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {
        {"rx_bytes", offsetof(HostNetdevCounters, rx_bytes)},
        {"rx_packets", offsetof(HostNetdevCounters, rx_packets)},
        {"rx_errors", offsetof(HostNetdevCounters, rx_errors)},
        {"rx_dropped", offsetof(HostNetdevCounters, rx_drops)},
        {"rx_missed_errors", offsetof(HostNetdevCounters, rx_drops)},
        {"tx_bytes", offsetof(HostNetdevCounters, tx_bytes)},
        {"tx_packets", offsetof(HostNetdevCounters, tx_packets)},
        {"tx_errors", offsetof(HostNetdevCounters, tx_errors)},
        {"tx_dropped", offsetof(HostNetdevCounters, tx_drops)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        UtilCount count = read_statistic(root, ifname, rows[i].name);

        if (!count.is_present)
            return false;
        *(uint64_t *)(void *)((char *)counters + rows[i].offset) += count.value;
    }
    return true;
}

/* Looks in our own /sys; false if the device is not there, but in another namespace. */
static bool
find_macvtap(HostRoot *root, pid_t pid, const char *node, HostTap *tap)
{
    static const char *const classes[] = {"macvtap", "ipvtap"};
    char number[32] = "";
    int fd = g_array_index(tap->fds, int, 0);

    if (!read_device_number(root, pid, fd, number, sizeof(number)))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_autofree char *ifname = read_class_link(root, classes[i], node);

        if (!ifname || !has_device_number(root, classes[i], node, ifname, number))
            continue;
        tap->has_counters = read_counters(root, ifname, &tap->counters);
        tap->ifname = g_steal_pointer(&ifname);
        return true;
    }
    return false;
}

/* Asks the kernel, through a copy of the descriptor. */
static char *
ask_macvtap_name(HostRoot *root, pid_t pid, int fd)
{
    g_auto(UtilFd) copy = copy_descriptor(root, pid, fd);
    struct ifreq request = {0};

    if (copy < 0 || ioctl(copy, TUNGETIFF, &request) != 0)
        return NULL;
    return g_strndup(request.ifr_name, sizeof(request.ifr_name) - 1);
}

static bool
read_macvtap(HostRoot *root, pid_t pid, const char *node, HostTap *tap)
{
    tap->is_macvtap = true;
    if (!find_macvtap(root, pid, node, tap))
        tap->ifname = ask_macvtap_name(root, pid, g_array_index(tap->fds, int, 0));
    return tap->ifname != NULL;
}

static void
clear_tap(gpointer data)
{
    HostTap *tap = data;

    g_clear_pointer(&tap->fds, g_array_unref);
    g_free(tap->ifname);
    g_free(tap->net_namespace);
}

bool
host_tap_may_be(const char *target)
{
    return g_str_has_suffix(target, TUN_SUFFIX) || g_str_has_prefix(target, MACVTAP_PREFIX);
}

/* Reads the network device behind the descriptor @fd, whose link is @target; false if there is
 * none. */
static bool
read_tap(HostRoot *root, pid_t pid, int fd, const char *target, HostTap *tap)
{
    if (!host_tap_may_be(target))
        return false;
    tap->fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(tap->fds, fd);
    if (g_str_has_suffix(target, TUN_SUFFIX))
        return read_tun(root, pid, fd, tap);
    return read_macvtap(root, pid, target + strlen("/dev/"), tap);
}

static bool
is_same_device(const HostTap *a, const HostTap *b)
{
    return a->is_macvtap == b->is_macvtap && strcmp(a->ifname, b->ifname) == 0 &&
           g_strcmp0(a->net_namespace, b->net_namespace) == 0;
}

/* Takes @tap: as a device of its own, or as another queue of a device in @taps. */
static void
add_tap(GArray *taps, HostTap *tap)
{
    for (guint i = 0; i < taps->len; i++) {
        HostTap *known = &g_array_index(taps, HostTap, i);

        if (is_same_device(known, tap)) {
            g_array_append_val(known->fds, g_array_index(tap->fds, int, 0));
            clear_tap(tap);
            return;
        }
    }
    g_array_append_val(taps, *tap);
}

/* The devices of one process that have been found. */
typedef struct {
    HostRoot *root;
    pid_t pid;
    GArray *taps; /* HostTap */
} Listing;

static GArray *
new_taps(void)
{
    GArray *taps = g_array_new(FALSE, FALSE, sizeof(HostTap));

    g_array_set_clear_func(taps, clear_tap);
    return taps;
}

static void
take_descriptor(Listing *self, int fd, const char *target)
{
    HostTap tap = {0};

    if (self->taps->len < HOST_LIMIT_TAPS && read_tap(self->root, self->pid, fd, target, &tap))
        add_tap(self->taps, &tap);
    else
        clear_tap(&tap);
}

static void
take_link(const char *name, const char *target, void *data)
{
    UtilCount fd = host_text_whole_count(name);

    if (fd.is_present && fd.value <= G_MAXINT32)
        take_descriptor(data, (int)fd.value, target);
}

GArray *
host_tap_list(HostRoot *root, pid_t pid)
{
    char path[MAX_PATH_BYTES] = "";
    g_autoptr(GArray) taps = new_taps();
    Listing self = {root, pid, taps};

    g_snprintf(path, sizeof(path), "proc/%d/fd", pid);
    if (!host_root_walk_links(root, path, HOST_LIMIT_DESCRIPTORS, take_link, &self))
        return NULL;
    return g_steal_pointer(&taps);
}

GArray *
host_tap_list_some(HostRoot *root, pid_t pid, const GArray *fds)
{
    Listing self = {root, pid, new_taps()};

    for (guint i = 0; i < fds->len; i++) {
        int fd = g_array_index(fds, int, i);
        char path[MAX_PATH_BYTES] = "";
        g_autofree char *target = NULL;

        g_snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
        target = host_root_readlink(root, path);
        if (target != NULL)
            take_descriptor(&self, fd, target);
    }
    return self.taps;
}

bool
host_tap_has_fd(const HostTap *self, int fd)
{
    for (guint i = 0; i < self->fds->len; i++)
        if (g_array_index(self->fds, int, i) == fd)
            return true;
    return false;
}

typedef struct {
    HostRoot *root;
    HostNetdevTable *table;
    int error;
} Visit;

static void
read_table(void *data)
{
    Visit *visit = data;
    g_autofree char *path = g_strdup_printf("proc/self/task/%d/net/dev", (int)gettid());
    g_autofree char *text = host_root_read_all(visit->root, path, HOST_LIMIT_FILE_BYTES, NULL);

    visit->error = errno;
    if (text)
        visit->table = host_netdev_parse(text);
}

HostNetdevTable *
host_tap_read_table(HostRoot *root, pid_t pid, int fd)
{
    g_auto(UtilFd) copy = copy_descriptor(root, pid, fd);
    g_auto(UtilFd) namespace = open_namespace(copy);
    Visit visit = {.root = root};

    if (namespace < 0)
        return NULL;
    if (!host_root_may_keep(root)) { /* a recording has no place for this table */
        errno = ENOSYS;
        return NULL;
    }
    if (host_netns_visit(namespace, read_table, &visit))
        errno = visit.error;
    return visit.table;
}
