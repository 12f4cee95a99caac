/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_qdisc: see host_qdisc.h.
 *
 * A device with several queues has a discipline for each, and one on top (mq) that sums them up:
 * those without another above them are taken. The kernel lists none for a device that has no queue.
 */
#include "host_qdisc.h"

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host_limits.h"
#include "host_netns.h"
#include "host_rtnetlink.h"
#include "host_text.h"
#include "util/util_fd.h"

#define NOTE_PATH "proc/net/qdiscs" /* where a recording keeps the answer */

enum { N_COLUMNS = 4 };

struct HostQdiscs {
    GHashTable *by_name; /* name -> HostQdisc */
};

/* One discipline, as the kernel lists it. */
typedef struct {
    int index;
    bool is_received;
    struct gnet_stats_queue stats;
} Entry;

static HostQdisc *
get_qdisc(HostQdiscs *self, const char *name)
{
    HostQdisc *known = g_hash_table_lookup(self->by_name, name);

    if (known == NULL) {
        known = g_new0(HostQdisc, 1);
        g_hash_table_insert(self->by_name, g_strdup(name), known);
    }
    return known;
}

static void
parse_line(HostQdiscs *self, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    uint64_t values[N_COLUMNS] = {0};
    HostQdiscQueue queue = {.is_there = true};
    const char *at = NULL;

    if (g_strv_length(words) != 3 || strlen(words[0]) >= IFNAMSIZ)
        return;
    at = words[2];
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (!host_text_take_count(&at, &values[i]))
            return;
    queue.n_drops = values[0];
    queue.n_overlimits = values[1];
    queue.n_packets = values[2];
    queue.n_bytes = values[3];
    if (strcmp(words[1], "sent") == 0)
        get_qdisc(self, words[0])->sent = queue;
    else if (strcmp(words[1], "received") == 0)
        get_qdisc(self, words[0])->received = queue;
}

HostQdiscs *
host_qdisc_parse(const char *text)
{
    HostQdiscs *self = g_new0(HostQdiscs, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", HOST_LIMIT_INTERFACES);

    self->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (size_t i = 0; lines[i] != NULL; i++)
        parse_line(self, lines[i]);
    return self;
}

void
host_qdisc_free(HostQdiscs *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_name);
    g_free(self);
}

static int
take_queue(const struct nlattr *attribute, void *data)
{
    struct gnet_stats_queue *stats = data;

    if (mnl_attr_get_type(attribute) == TCA_STATS_QUEUE &&
        mnl_attr_get_payload_len(attribute) >= sizeof(*stats))
        memcpy(stats, mnl_attr_get_payload(attribute), sizeof(*stats));
    return MNL_CB_OK;
}

/* @data: the Entry. */
static int
take_attribute(const struct nlattr *attribute, void *data)
{
    Entry *entry = data;

    if (mnl_attr_get_type(attribute) == TCA_STATS2 &&
        mnl_attr_validate(attribute, MNL_TYPE_NESTED) >= 0)
        (void)mnl_attr_parse_nested(attribute, take_queue, &entry->stats);
    return MNL_CB_OK;
}

/* Appends a discipline; @data: GArray of Entry. */
static int
take_qdisc(const struct nlmsghdr *message, void *data)
{
    const struct tcmsg *info = mnl_nlmsg_get_payload(message);
    GArray *entries = data;
    Entry entry = {.index = info->tcm_ifindex, .is_received = info->tcm_parent == TC_H_INGRESS};

    if ((info->tcm_parent != TC_H_ROOT && !entry.is_received) ||
        entries->len >= HOST_LIMIT_INTERFACES)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*info), take_attribute, &entry);
    g_array_append_val(entries, entry);
    return MNL_CB_OK;
}

/* Entry elements; NULL with errno. */
static GArray *
list_qdiscs(void)
{
    char buffer[HOST_RTNETLINK_REQUEST_BYTES] = "";
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));

    message->nlmsg_type = RTM_GETQDISC;
    message->nlmsg_flags = NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(message, sizeof(struct tcmsg));
    return host_rtnetlink_ask(message, take_qdisc, entries) ? g_steal_pointer(&entries) : NULL;
}

/* The lines of a recording; an interface that is gone by now has none. The caller frees. */
static char *
make_text(const GArray *entries)
{
    g_auto(UtilFd) fd = host_netns_socket_in(-1, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < entries->len && fd >= 0; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        struct ifreq request = {.ifr_ifindex = entry->index};

        if (ioctl(fd, SIOCGIFNAME, &request) == 0)
            g_string_append_printf(text, "%.*s %s %u %u %u %u\n", IFNAMSIZ - 1, request.ifr_name,
                                   entry->is_received ? "received" : "sent", entry->stats.drops,
                                   entry->stats.overlimits, entry->stats.qlen,
                                   entry->stats.backlog);
    }
    return g_string_free(text, FALSE);
}

static char *
ask(const void *data)
{
    g_autoptr(GArray) entries = list_qdiscs();

    (void)data;
    return entries ? make_text(entries) : NULL;
}

HostQdiscs *
host_qdisc_read(HostRoot *root)
{
    g_autofree char *text = host_rtnetlink_read(root, NOTE_PATH, ask, NULL);

    return text ? host_qdisc_parse(text) : NULL;
}

const HostQdisc *
host_qdisc_lookup(const HostQdiscs *self, const char *ifname)
{
    return g_hash_table_lookup(self->by_name, ifname);
}
