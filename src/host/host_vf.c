/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_vf: see host_vf.h.
 *
 * A driver that does not count gives zeros for every function: the kernel does not tell that from a
 * function that nothing has passed yet. So zeros alone are taken for "not known".
 */
#include "host_vf.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "host_limits.h"
#include "host_rtnetlink.h"
#include "host_text.h"

enum {
    N_COLUMNS = 6,
    PARENT_DEV_NAME = 56, /* IFLA_PARENT_DEV_NAME of Linux 5.14 and later */
};

struct HostVfs {
    GHashTable *by_number; /* number -> HostVfCounters */
};

static const size_t columns[N_COLUMNS] = {
    offsetof(HostVfCounters, rx_bytes),   offsetof(HostVfCounters, rx_packets),
    offsetof(HostVfCounters, rx_drops),   offsetof(HostVfCounters, tx_bytes),
    offsetof(HostVfCounters, tx_packets), offsetof(HostVfCounters, tx_drops),
};

static uint64_t *
column(HostVfCounters *counters, size_t i)
{
    return (uint64_t *)(void *)((char *)counters + columns[i]);
}

static void
parse_line(HostVfs *self, const char *line)
{
    HostVfCounters counters = {0};
    uint64_t vf = 0;
    bool is_counted = false;

    if (!host_text_take_count(&line, &vf) || vf >= HOST_LIMIT_VFS)
        return;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (!host_text_take_count(&line, column(&counters, i)))
            return;
        is_counted = is_counted || *column(&counters, i) != 0;
    }
    if (is_counted)
        g_hash_table_insert(self->by_number, GUINT_TO_POINTER((guint)vf),
                            g_memdup2(&counters, sizeof(counters)));
}

HostVfs *
host_vf_parse(const char *text)
{
    HostVfs *self = g_new0(HostVfs, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", HOST_LIMIT_VFS);

    self->by_number = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (size_t i = 0; lines[i] != NULL; i++)
        parse_line(self, lines[i]);
    return self;
}

void
host_vf_free(HostVfs *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_number);
    g_free(self);
}

/* One function of the answer. */
typedef struct {
    bool has_number;
    uint32_t number;
    HostVfCounters counters;
} Entry;

static int
take_stat(const struct nlattr *attribute, void *data)
{
    static const struct {
        uint16_t type;
        size_t offset;
    } rows[] = {
        {IFLA_VF_STATS_RX_BYTES, offsetof(HostVfCounters, rx_bytes)},
        {IFLA_VF_STATS_RX_PACKETS, offsetof(HostVfCounters, rx_packets)},
        {IFLA_VF_STATS_RX_DROPPED, offsetof(HostVfCounters, rx_drops)},
        {IFLA_VF_STATS_TX_BYTES, offsetof(HostVfCounters, tx_bytes)},
        {IFLA_VF_STATS_TX_PACKETS, offsetof(HostVfCounters, tx_packets)},
        {IFLA_VF_STATS_TX_DROPPED, offsetof(HostVfCounters, tx_drops)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (mnl_attr_get_type(attribute) == rows[i].type &&
            mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0)
            *(uint64_t *)(void *)((char *)data + rows[i].offset) = mnl_attr_get_u64(attribute);
    return MNL_CB_OK;
}

static int
take_part(const struct nlattr *attribute, void *data)
{
    Entry *entry = data;

    if (mnl_attr_get_type(attribute) == IFLA_VF_MAC &&
        mnl_attr_get_payload_len(attribute) >= sizeof(struct ifla_vf_mac)) {
        struct ifla_vf_mac mac;

        memcpy(&mac, mnl_attr_get_payload(attribute), sizeof(mac));
        entry->number = mac.vf;
        entry->has_number = true;
    } else if (mnl_attr_get_type(attribute) == IFLA_VF_STATS &&
               mnl_attr_validate(attribute, MNL_TYPE_NESTED) >= 0) {
        (void)mnl_attr_parse_nested(attribute, take_stat, &entry->counters);
    }
    return MNL_CB_OK;
}

/* @data: the GString of lines. */
static int
take_function(const struct nlattr *attribute, void *data)
{
    GString *text = data;
    Entry entry = {0};

    if (mnl_attr_get_type(attribute) != IFLA_VF_INFO ||
        mnl_attr_validate(attribute, MNL_TYPE_NESTED) < 0 ||
        mnl_attr_parse_nested(attribute, take_part, &entry) < 0 || !entry.has_number)
        return MNL_CB_OK;
    g_string_append_printf(text, "%u", entry.number);
    for (size_t i = 0; i < N_COLUMNS; i++)
        g_string_append_printf(text, " %" G_GUINT64_FORMAT, *column(&entry.counters, i));
    g_string_append_c(text, '\n');
    return MNL_CB_OK;
}

typedef struct {
    const char *pci;
    bool is_another; /* the interface of that name belongs to another device */
    GString *text;
} Answer;

static int
take_attribute(const struct nlattr *attribute, void *data)
{
    Answer *answer = data;

    if (mnl_attr_get_type(attribute) == PARENT_DEV_NAME &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        answer->is_another = strcmp(mnl_attr_get_str(attribute), answer->pci) != 0;
    else if (mnl_attr_get_type(attribute) == IFLA_VFINFO_LIST &&
             mnl_attr_validate(attribute, MNL_TYPE_NESTED) >= 0)
        (void)mnl_attr_parse_nested(attribute, take_function, answer->text);
    return MNL_CB_OK;
}

static int
take_link(const struct nlmsghdr *message, void *data)
{
    (void)mnl_attr_parse(message, sizeof(struct ifinfomsg), take_attribute, data);
    return MNL_CB_OK;
}

/* Of which interface is asked, and whose it must be. */
typedef struct {
    const char *ifname;
    const char *pci;
} Question;

/* The lines of a recording; NULL with errno. The caller frees. */
static char *
ask(const void *data)
{
    const Question *question = data;
    char buffer[HOST_RTNETLINK_REQUEST_BYTES] = "";
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *info = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    Answer answer = {.pci = question->pci, .text = text};

    message->nlmsg_type = RTM_GETLINK;
    info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
    info->ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(message, IFLA_IFNAME, question->ifname);
    mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_VF);
    if (!host_rtnetlink_ask(message, take_link, &answer))
        return NULL;
    if (answer.is_another) {
        errno = ENODEV;
        return NULL;
    }
    return g_strdup(text->str);
}

HostVfs *
host_vf_read(HostRoot *root, const char *ifname, const char *pci)
{
    const Question question = {ifname, pci};
    g_autofree char *path = g_strdup_printf("proc/net/vfs/%s", ifname);
    g_autofree char *text = NULL;

    if (strlen(ifname) >= IFNAMSIZ) {
        errno = ENODEV;
        return NULL;
    }
    text = host_rtnetlink_read(root, path, ask, &question);
    return text ? host_vf_parse(text) : NULL;
}

const HostVfCounters *
host_vf_lookup(const HostVfs *self, unsigned int vf)
{
    return g_hash_table_lookup(self->by_number, GUINT_TO_POINTER(vf));
}
