/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_links: see host_links.h.
 *
 * The kernel lists the interfaces of the namespace that the socket is made in (RTM_GETLINK). /sys
 * is not asked: it may be mounted from another namespace, which may have interfaces of the same
 * names. A port names its bridge by number, so names are filled in when all have come.
 */
#include "host_links.h"

#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "host_limits.h"
#include "host_rtnetlink.h"

#define NOTE_PATH "proc/net/links" /* where a recording keeps the answer */

struct HostLinks {
    GHashTable *links; /* name -> HostLink */
};

/* One interface, as the kernel lists it. */
typedef struct {
    int index;
    char name[IFNAMSIZ];
    unsigned int mtu;
    int bridge; /* the index of its bridge; 0: none */
} Entry;

/* True if @name can be that of an interface: the kernel takes no other. */
static bool
is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < IFNAMSIZ && strchr(name, '/') == NULL;
}

static void
parse_line(HostLinks *self, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    guint64 mtu = 0;
    HostLink link = {0};

    if (g_strv_length(words) < 2 || !is_name(words[0]) ||
        !g_ascii_string_to_unsigned(words[1], 10, 0, UINT_MAX, &mtu, NULL))
        return;
    link.mtu = (unsigned int)mtu;
    if (words[2] != NULL && is_name(words[2]))
        g_strlcpy(link.bridge, words[2], sizeof(link.bridge));
    g_hash_table_replace(self->links, g_strdup(words[0]), g_memdup2(&link, sizeof(link)));
}

HostLinks *
host_links_parse(const char *text)
{
    HostLinks *self = g_new0(HostLinks, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", HOST_LIMIT_INTERFACES);

    self->links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (size_t i = 0; lines[i] != NULL; i++)
        parse_line(self, lines[i]);
    return self;
}

/* Takes the word for what an interface is the port of. */
static int
take_slave_kind(const struct nlattr *attribute, void *data)
{
    bool *ret_is_port = data;

    if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_KIND &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
        *ret_is_port = strcmp(mnl_attr_get_str(attribute), "bridge") == 0;
    return MNL_CB_OK;
}

static bool
is_port_of_bridge(const struct nlattr *info)
{
    bool is_port = false;

    return info != NULL && mnl_attr_parse_nested(info, take_slave_kind, &is_port) >= 0 && is_port;
}

/* The numbers and the name; @data: struct nlattr *[IFLA_MAX + 1]. */
static int
take_attribute(const struct nlattr *attribute, void *data)
{
    static const struct {
        uint16_t type;
        enum mnl_attr_data_type kind;
    } rows[] = {{IFLA_IFNAME, MNL_TYPE_NUL_STRING},
                {IFLA_MTU, MNL_TYPE_U32},
                {IFLA_MASTER, MNL_TYPE_U32},
                {IFLA_LINKINFO, MNL_TYPE_NESTED}};
    const struct nlattr **attributes = data;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (mnl_attr_get_type(attribute) == rows[i].type &&
            mnl_attr_validate(attribute, rows[i].kind) >= 0)
            attributes[rows[i].type] = attribute;
    return MNL_CB_OK;
}

/* Appends an interface; @data: GArray of Entry. */
static int
take_link(const struct nlmsghdr *message, void *data)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    const struct nlattr *attributes[IFLA_MAX + 1] = {NULL};
    GArray *entries = data;
    Entry entry = {.index = info->ifi_index};

    mnl_attr_parse(message, sizeof(*info), take_attribute, attributes);
    if (attributes[IFLA_IFNAME] == NULL || attributes[IFLA_MTU] == NULL ||
        entries->len >= HOST_LIMIT_INTERFACES)
        return MNL_CB_OK;
    g_strlcpy(entry.name, mnl_attr_get_str(attributes[IFLA_IFNAME]), sizeof(entry.name));
    entry.mtu = mnl_attr_get_u32(attributes[IFLA_MTU]);
    if (attributes[IFLA_MASTER] != NULL && is_port_of_bridge(attributes[IFLA_LINKINFO]))
        entry.bridge = (int)mnl_attr_get_u32(attributes[IFLA_MASTER]);
    g_array_append_val(entries, entry);
    return MNL_CB_OK;
}

/* Entry elements; NULL with errno. */
static GArray *
list_links(void)
{
    char buffer[HOST_RTNETLINK_REQUEST_BYTES] = "";
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *info = NULL;
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));

    message->nlmsg_type = RTM_GETLINK;
    message->nlmsg_flags = NLM_F_DUMP;
    info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
    info->ifi_family = AF_UNSPEC;
    mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return host_rtnetlink_ask(message, take_link, entries) ? g_steal_pointer(&entries) : NULL;
}

/* The lines of a recording. The caller frees. */
static char *
make_text(const GArray *entries)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_int_hash, g_int_equal); /* by index */
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = &g_array_index(entries, Entry, i);

        g_hash_table_insert(names, &entry->index, entry->name);
    }
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        const char *bridge = g_hash_table_lookup(names, &entry->bridge);

        g_string_append_printf(text, "%s %u%s%s\n", entry->name, entry->mtu, bridge ? " " : "",
                               bridge ? bridge : "");
    }
    return g_string_free(text, FALSE);
}

static char *
ask(const void *data)
{
    g_autoptr(GArray) entries = list_links();

    (void)data;
    return entries ? make_text(entries) : NULL;
}

HostLinks *
host_links_read(HostRoot *root)
{
    g_autofree char *text = host_rtnetlink_read(root, NOTE_PATH, ask, NULL);

    return text ? host_links_parse(text) : NULL;
}

void
host_links_free(HostLinks *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->links);
    g_free(self);
}

const HostLink *
host_links_lookup(const HostLinks *self, const char *ifname)
{
    return g_hash_table_lookup(self->links, ifname);
}
