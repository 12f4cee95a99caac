/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_nic: see qemu_cmdline_nic.h.
 *
 * How it works
 *
 * A device may name a back end that a later option makes, and a hub joins back ends of several
 * options. So all are collected first, and joined when all words were read. An interface is what
 * the guest has: a
 * "-device" of a network model, a "-nic", a "-net nic", or the one that a machine has by default. A
 * back end is none: "-netdev user" for a guest's channel, or a tap whose device was forgotten.
 *
 * An interface has the counters of a tap only if nothing but the two are connected: directly, or by
 * a hub that has no third member. Every other tap is a loose one: it is known, and is nobody's.
 */
#include "qemu_cmdline_nic.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/facts/qemu_nic_model.h"
#include "qemu_cmdline_option.h"

enum {
    NO_HUB = -1,
    NO_BACK_END = -1,
    NET_HUB = 0,       /* which "-net" connects all to */
    MOST_QUEUES = 1024 /* of one tap: QEMU's own limit */
};

typedef struct {
    char *id;
    QemuDefinitionNicKind kind;
    char *ifname;
    GArray *fds;         /* int; NULL none */
    int hub;             /* it is connected to; NO_HUB */
    bool is_port;        /* no network of its own: the wire between a hub and another back end */
    char *peer;          /* id of that one; NULL: a device is at the other end */
    char *type, *bridge; /* for about.*; NULL unknown */
} BackEnd;

typedef struct {
    char *id; /* of "-device"; NULL */
    bool is_on_board;
    char *netdev;      /* id of its back end; NULL */
    int own;           /* index of the back end that came with it ("-nic"); NO_BACK_END */
    int hub;           /* NO_HUB */
    char *model, *mac; /* for about.*; NULL unknown */
} Nic;

struct QemuCmdlineNics {
    GArray *back_ends; /* BackEnd, in order */
    GArray *nics;      /* Nic, in order */
    bool has_no_default;
    bool has_odd_nic;
    bool is_partial;
    bool has_known_machine; /* whose own interfaces are found below /machine/unattached */
};

static void
clear_back_end(gpointer data)
{
    BackEnd *back_end = data;

    g_free(back_end->id);
    g_free(back_end->ifname);
    g_clear_pointer(&back_end->fds, g_array_unref);
    g_free(back_end->peer);
    g_free(back_end->type);
    g_free(back_end->bridge);
}

static void
clear_nic(gpointer data)
{
    Nic *nic = data;

    g_free(nic->id);
    g_free(nic->netdev);
    g_free(nic->model);
    g_free(nic->mac);
}

/* Machines that make their interfaces of models that can be plugged, out of "-nic" and the like,
 * and solder none on. */
static bool
is_known_machine(const char *type)
{
    static const char *const names[] = {
        "pc",   "q35",     "isapc",  "microvm",    "virt",
        "none", "pseries", "ubuntu", "ubuntu-q35", "s390-ccw-virtio"};
    static const char *const prefixes[] = {"pc-", "virt-", "pseries-", "s390-ccw-virtio-"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(type, names[i]))
            return true;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(type, prefixes[i]))
            return true;
    return false;
}

/* True if the default machine of @program is a known one. */
static bool
has_known_default(const char *program)
{
    static const char *const words[] = {"x86_64", "i386", "kvm", "s390x", "ppc64"};

    for (size_t i = 0; program != NULL && i < G_N_ELEMENTS(words); i++)
        if (strstr(program, words[i]) != NULL)
            return true;
    return false;
}

QemuCmdlineNics *
qemu_cmdline_nics_new(const char *program)
{
    QemuCmdlineNics *self = g_new0(QemuCmdlineNics, 1);

    self->back_ends = g_array_new(FALSE, TRUE, sizeof(BackEnd));
    g_array_set_clear_func(self->back_ends, clear_back_end);
    self->nics = g_array_new(FALSE, TRUE, sizeof(Nic));
    g_array_set_clear_func(self->nics, clear_nic);
    self->has_known_machine = has_known_default(program);
    return self;
}

void
qemu_cmdline_nics_free(QemuCmdlineNics *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->back_ends);
    g_array_unref(self->nics);
    g_free(self);
}

/* NULL past the limit: then the number of interfaces is not known. */
static Nic *
add_nic(QemuCmdlineNics *self)
{
    Nic nic = {.own = NO_BACK_END, .hub = NO_HUB};

    if (self->nics->len >= QEMU_LIMIT_NICS) {
        self->has_odd_nic = true;
        return NULL;
    }
    g_array_append_val(self->nics, nic);
    return &g_array_index(self->nics, Nic, self->nics->len - 1);
}

/* "33:34:35"; names of descriptors tell nothing. NULL if the first is none. */
static GArray *
parse_fds(const char *text)
{
    g_auto(GStrv) parts = text ? g_strsplit(text, ":", MOST_QUEUES) : NULL;
    GArray *fds = NULL;

    for (size_t i = 0; parts != NULL && parts[i] != NULL; i++) {
        int fd = qemu_cmdline_option_parse_fd(parts[i]);

        if (fd < 0)
            break;
        if (fds == NULL)
            fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_append_val(fds, fd);
    }
    return fds;
}

static void
fill_tap(BackEnd *back_end, const QemuCmdlineOption *option)
{
    const char *ifname = qemu_cmdline_option_get_exact(option, "ifname");

    back_end->kind = QEMU_DEFINITION_NIC_TAP;
    back_end->fds = parse_fds(qemu_cmdline_option_get_exact(option, "fd"));
    if (back_end->fds == NULL)
        back_end->fds = parse_fds(qemu_cmdline_option_get_exact(option, "fds"));
    /* With a '%' the kernel chooses the number. */
    if (ifname != NULL && ifname[0] != '\0' && strchr(ifname, '%') == NULL)
        back_end->ifname = g_utf8_make_valid(ifname, -1);
}

/* libvirt's word for a back end, QEMU's where libvirt has none. NULL for a tap: what it is
 * connected to, the host tells. */
static const char *
name_type(const char *type)
{
    static const struct {
        const char *type, *word;
    } rows[] = {
        {"tap", NULL}, {"vhost-user", "vhostuser"}, {"vhost-vdpa", "vdpa"}, {"passt", "user"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(type, rows[i].type))
            return rows[i].word;
    return type;
}

static const char *
name_bridge(const QemuCmdlineOption *option, const char *type)
{
    static const char by_default[] = "br0";
    const char *bridge = qemu_cmdline_option_get_exact(option, "br");

    if (!g_str_equal(type, "bridge"))
        return NULL;
    return bridge ? bridge : by_default;
}

/* The index of the new back end; NO_BACK_END past the limit. "-net" may call its id "name". */
static int
add_back_end(QemuCmdlineNics *self, const QemuCmdlineOption *option, const char *type, int hub)
{
    const char *id = qemu_cmdline_option_get_exact(option, "id");
    BackEnd back_end = {.kind = QEMU_DEFINITION_NIC_NO_DEVICE, .hub = hub};

    if (self->back_ends->len >= QEMU_LIMIT_NICS) {
        self->has_odd_nic = true;
        return NO_BACK_END;
    }
    if (id == NULL)
        id = qemu_cmdline_option_get_exact(option, "name");
    back_end.id = g_strdup(id);
    back_end.type = g_strdup(name_type(type));
    back_end.bridge = g_strdup(name_bridge(option, type));
    if (g_str_equal(type, "tap") || g_str_equal(type, "bridge"))
        fill_tap(&back_end, option);
    if (g_str_equal(type, "hubport")) {
        UtilCount hubid = qemu_cmdline_option_count(option, "hubid");

        back_end.is_port = true;
        back_end.hub = hubid.is_present && hubid.value <= INT32_MAX ? (int)hubid.value : NO_HUB;
        back_end.peer = g_strdup(qemu_cmdline_option_get_exact(option, "netdev"));
    }
    g_array_append_val(self->back_ends, back_end);
    return (int)self->back_ends->len - 1;
}

void
qemu_cmdline_nics_take_netdev(QemuCmdlineNics *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "type");
    const char *type = qemu_cmdline_option_get_exact(option, "type");

    self->has_no_default = true;
    if (type != NULL)
        add_back_end(self, option, type, NO_HUB);
}

void
qemu_cmdline_nics_take_net(QemuCmdlineNics *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "type");
    const char *type = qemu_cmdline_option_get_exact(option, "type");
    Nic *nic = NULL;

    self->has_no_default = true;
    if (type == NULL || g_str_equal(type, "none"))
        return;
    if (!g_str_equal(type, "nic")) {
        add_back_end(self, option, type, NET_HUB);
        return;
    }
    nic = add_nic(self);
    if (nic == NULL)
        return;
    nic->is_on_board = true;
    nic->netdev = g_strdup(qemu_cmdline_option_get_exact(option, "netdev"));
    nic->model = g_strdup(qemu_cmdline_option_get_exact(option, "model"));
    nic->mac = g_strdup(qemu_cmdline_option_get_exact(option, "macaddr"));
    nic->hub = nic->netdev == NULL ? NET_HUB : NO_HUB;
}

void
qemu_cmdline_nics_take_nic(QemuCmdlineNics *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "type");
    const char *type = qemu_cmdline_option_get_exact(option, "type");
    Nic *nic = NULL;

    self->has_no_default = true;
    if (type == NULL || g_str_equal(type, "none"))
        return;
    nic = add_nic(self);
    if (nic == NULL)
        return;
    nic->is_on_board = true;
    nic->model = g_strdup(qemu_cmdline_option_get_exact(option, "model"));
    nic->mac = g_strdup(qemu_cmdline_option_get_exact(option, "mac"));
    nic->own = add_back_end(self, option, type, NO_HUB);
}

void
qemu_cmdline_nics_take_device(QemuCmdlineNics *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "driver");
    const char *driver = qemu_cmdline_option_get_exact(option, "driver");
    const char *netdev = qemu_cmdline_option_get_exact(option, "netdev");
    Nic *nic = NULL;

    if (driver == NULL)
        return;
    if (!qemu_nic_model_is_one(driver, strlen(driver))) {
        /* A switch has ports, not interfaces; and what has a back end must be one of a new kind. */
        self->has_odd_nic |= netdev != NULL || g_str_equal(driver, "rocker");
        return;
    }
    nic = add_nic(self);
    if (nic == NULL)
        return;
    nic->id = g_strdup(qemu_cmdline_option_get_exact(option, "id"));
    nic->netdev = g_strdup(netdev);
    nic->model = g_strdup(driver);
    nic->mac = g_strdup(qemu_cmdline_option_get_exact(option, "mac"));
}

void
qemu_cmdline_nics_take_machine(QemuCmdlineNics *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "type");
    const char *type = qemu_cmdline_option_get_exact(option, "type");

    if (type != NULL)
        self->has_known_machine = is_known_machine(type);
}

void
qemu_cmdline_nics_take_no_defaults(QemuCmdlineNics *self)
{
    self->has_no_default = true;
}

void
qemu_cmdline_nics_take_unread(QemuCmdlineNics *self)
{
    self->is_partial = true;
}

/* The back end called @id; NO_BACK_END if there is none. */
static int
find_back_end(const QemuCmdlineNics *self, const char *id)
{
    for (guint i = 0; id != NULL && i < self->back_ends->len; i++)
        if (g_strcmp0(g_array_index(self->back_ends, BackEnd, i).id, id) == 0)
            return (int)i;
    return NO_BACK_END;
}

static const BackEnd *
get_back_end(const QemuCmdlineNics *self, int index)
{
    return &g_array_index(self->back_ends, BackEnd, (guint)index);
}

/* Where the interface's wire ends: at a back end, or at a hub (@ret_hub). */
static int
follow_wire(const QemuCmdlineNics *self, const Nic *nic, int *ret_hub)
{
    int index = nic->own != NO_BACK_END ? nic->own : find_back_end(self, nic->netdev);

    *ret_hub = nic->hub;
    if (index == NO_BACK_END || !get_back_end(self, index)->is_port)
        return index;
    *ret_hub = get_back_end(self, index)->hub;
    return NO_BACK_END;
}

static unsigned int
count_hub_nics(const QemuCmdlineNics *self, int hub)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->nics->len; i++) {
        int its_hub = NO_HUB;

        follow_wire(self, &g_array_index(self->nics, Nic, i), &its_hub);
        n += its_hub == hub;
    }
    return n;
}

/* The only back end of a hub; NO_BACK_END if it has none or several. */
static int
find_hub_back_end(const QemuCmdlineNics *self, int hub)
{
    int found = NO_BACK_END;
    unsigned int n = 0;

    for (guint i = 0; i < self->back_ends->len; i++) {
        const BackEnd *back_end = get_back_end(self, (int)i);

        if (back_end->hub != hub || (back_end->is_port && back_end->peer == NULL))
            continue;
        found = back_end->is_port ? find_back_end(self, back_end->peer) : (int)i;
        n++;
    }
    return n == 1 ? found : NO_BACK_END;
}

/* The back end that has the counters of @nic; NO_BACK_END if none has them. */
static int
find_wire_end(const QemuCmdlineNics *self, const Nic *nic)
{
    int hub = NO_HUB;
    int index = follow_wire(self, nic, &hub);

    if (hub == NO_HUB || index != NO_BACK_END)
        return index;
    return count_hub_nics(self, hub) == 1 ? find_hub_back_end(self, hub) : NO_BACK_END;
}

static void
copy_back_end(QemuDefinitionNic *nic, const BackEnd *back_end)
{
    nic->kind = back_end->kind;
    nic->ifname = g_strdup(back_end->ifname);
    nic->fds = back_end->fds ? g_array_ref(back_end->fds) : NULL;
    qemu_about_set(&nic->about.texts[QEMU_ABOUT_NIC_TYPE], back_end->type);
    qemu_about_set(&nic->about.texts[QEMU_ABOUT_NIC_BRIDGE], back_end->bridge);
}

static void
copy_device(QemuDefinitionNic *to, const Nic *nic)
{
    to->id = g_strdup(nic->id);
    to->is_on_board = nic->is_on_board;
    qemu_about_set(&to->about.texts[QEMU_ABOUT_NIC_MODEL],
                   nic->model ? qemu_nic_model_word(nic->model) : NULL);
    qemu_about_set_mac(&to->about.texts[QEMU_ABOUT_NIC_MAC], nic->mac);
}

static bool
has_board_nics(const QemuCmdlineNics *self)
{
    for (guint i = 0; i < self->nics->len; i++)
        if (g_array_index(self->nics, Nic, i).is_on_board)
            return true;
    return !self->has_no_default;
}

static QemuDefinitionBoard
find_board(const QemuCmdlineNics *self)
{
    if (self->is_partial || !self->has_known_machine)
        return QEMU_DEFINITION_BOARD_UNKNOWN;
    return has_board_nics(self) ? QEMU_DEFINITION_BOARD_ASK : QEMU_DEFINITION_BOARD_EMPTY;
}

void
qemu_cmdline_nics_resolve(const QemuCmdlineNics *self, QemuDefinition *definition)
{
    g_autofree bool *is_used = g_new0(bool, self->back_ends->len + 1);

    definition->board = find_board(self);
    definition->has_odd_nic = self->has_odd_nic;
    for (guint i = 0; i < self->nics->len; i++) {
        const Nic *nic = &g_array_index(self->nics, Nic, i);
        QemuDefinitionNic *to = qemu_definition_add_nic(definition);
        int index = find_wire_end(self, nic);

        copy_device(to, nic);
        to->kind = QEMU_DEFINITION_NIC_NO_DEVICE;
        if (index == NO_BACK_END || is_used[index])
            continue;
        is_used[index] = true;
        copy_back_end(to, get_back_end(self, index));
    }
    if (!self->has_no_default && !self->is_partial) {
        QemuDefinitionNic *to = qemu_definition_add_nic(definition);

        to->is_on_board = true;
        to->kind = QEMU_DEFINITION_NIC_NO_DEVICE;
    }
    for (guint i = 0; i < self->back_ends->len; i++)
        if (!is_used[i] && get_back_end(self, (int)i)->kind == QEMU_DEFINITION_NIC_TAP)
            copy_back_end(qemu_definition_add_loose_tap(definition), get_back_end(self, (int)i));
}
