/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixdiag: see host_unixdiag.h.
 *
 * A table owns one Place for each (bound path, file inode). A connection that a listener has
 * accepted has the path of the listener and a socket inode of its own; one that it has not accepted
 * yet has inode 0 (sock_diag(7), and observed). Does not know what is sent over the sockets.
 */
#include "host_unixdiag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "host_limits.h"
#include "host_text.h"
#include "util/util_error.h"

#define RECEIVE_BYTES     32768
#define STATE_ESTABLISHED 1 /* TCP's numbers, which unix sockets share */
#define STATE_LISTEN      10
#define KERNEL_MINOR_BITS 20
#define FLAG_LISTENS      "00010000" /* __SO_ACCEPTCON, as /proc/net/unix prints it */

typedef struct {
    char *path;
    uint32_t file_inode;   /* the low 32 bits, which the kernel gives; 0 for abstract sockets */
    uint32_t file_device;  /* in the kernel's internal numbering */
    uint64_t socket_inode; /* of the listener; 0: none is known */
    HostUnixdiagListener known;
} Place;

struct HostUnixdiagTable {
    GHashTable *places;   /* Place -> itself, owned; by path and file inode */
    GHashTable *by_path;  /* path -> Place; only of listeners */
    GHashTable *by_inode; /* socket inode -> Place; only of listeners */
    size_t n_sockets;
};

static guint
hash_place(gconstpointer key)
{
    const Place *place = key;

    return g_str_hash(place->path) ^ place->file_inode;
}

static gboolean
equal_places(gconstpointer a, gconstpointer b)
{
    const Place *first = a;
    const Place *second = b;

    return first->file_inode == second->file_inode && g_str_equal(first->path, second->path);
}

static void
free_place(gpointer data)
{
    Place *place = data;

    g_free(place->path);
    g_free(place);
}

static HostUnixdiagTable *
new_table(void)
{
    HostUnixdiagTable *self = g_new0(HostUnixdiagTable, 1);

    self->places = g_hash_table_new_full(hash_place, equal_places, free_place, NULL);
    self->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    self->by_inode = g_hash_table_new(g_int64_hash, g_int64_equal);
    return self;
}

void
host_unixdiag_free(HostUnixdiagTable *self)
{
    if (!self)
        return;
    g_hash_table_destroy(self->by_inode);
    g_hash_table_destroy(self->by_path);
    g_hash_table_destroy(self->places);
    g_free(self);
}

/* The place of @path and @file_inode; makes it if it is new. */
static Place *
get_place(HostUnixdiagTable *self, char *path, uint32_t file_inode)
{
    Place wanted = {.path = path, .file_inode = file_inode};
    Place *place = g_hash_table_lookup(self->places, &wanted);

    if (place)
        return place;
    place = g_memdup2(&wanted, sizeof(wanted));
    place->path = g_strdup(path);
    g_hash_table_add(self->places, place);
    return place;
}

/* The attributes of a socket that we read; NULL for those that it does not have. */
typedef struct {
    const struct nlattr *name;
    const struct nlattr *file;
    const struct nlattr *peer;
    const struct nlattr *queue;
} Attributes;

static int
take_attribute(const struct nlattr *attribute, void *data)
{
    Attributes *found = data;
    const struct {
        int type;
        size_t min_size;
        const struct nlattr **place;
    } kinds[] = {
        {UNIX_DIAG_NAME, 1, &found->name},
        {UNIX_DIAG_VFS, sizeof(struct unix_diag_vfs), &found->file},
        {UNIX_DIAG_PEER, sizeof(uint32_t), &found->peer},
        {UNIX_DIAG_RQLEN, sizeof(struct unix_diag_rqlen), &found->queue},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (mnl_attr_get_type(attribute) == kinds[i].type &&
            mnl_attr_get_payload_len(attribute) >= kinds[i].min_size)
            *kinds[i].place = attribute;
    }
    return MNL_CB_OK;
}

/* The bound name as text: an abstract name begins with "@" and loses the NULs at its end. False if
 * it would not fit into a socket address. */
static bool
read_name(const struct nlattr *attribute, char ret_path[sizeof(struct sockaddr_un)])
{
    const char *name = mnl_attr_get_payload(attribute);
    size_t size = mnl_attr_get_payload_len(attribute);

    if (size >= sizeof(struct sockaddr_un))
        return false;
    while (size > 0 && name[size - 1] == '\0')
        size--;
    if (size == 0)
        return false;
    memcpy(ret_path, name, size);
    ret_path[size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if (ret_path[i] == '\0')
            ret_path[i] = '@';
    }
    return true;
}

static void
add_listener(HostUnixdiagTable *self, Place *place, uint32_t inode, const Attributes *attributes)
{
    if (place->known.is_known)
        return; /* a second entry in this dump; the inode is a key and must not change */
    if (attributes->file) {
        const struct unix_diag_vfs *file = mnl_attr_get_payload(attributes->file);

        place->file_device = file->udiag_vfs_dev;
    }
    place->known.is_known = true;
    place->known.inode = inode;
    place->socket_inode = inode;
    if (attributes->queue) {
        const struct unix_diag_rqlen *queue = mnl_attr_get_payload(attributes->queue);

        place->known.n_queued = queue->udiag_rqueue;
    }
    g_hash_table_insert(self->by_path, place->path, place);
    g_hash_table_insert(self->by_inode, &place->socket_inode, place);
}

static void
add_connection(Place *place, uint32_t inode, const Attributes *attributes)
{
    if (inode == 0)
        return; /* not accepted yet; the queue of the listener counts it */
    place->known.n_clients++;
    if (attributes->peer && place->known.peer_inode == 0)
        place->known.peer_inode = mnl_attr_get_u32(attributes->peer);
}

static int
take_socket(const struct nlmsghdr *message, void *data)
{
    HostUnixdiagTable *self = data;
    const struct unix_diag_msg *socket = mnl_nlmsg_get_payload(message);
    Attributes attributes = {0};
    char path[sizeof(struct sockaddr_un)] = "";
    uint32_t file_inode = 0;
    Place *place = NULL;

    if (++self->n_sockets > HOST_LIMIT_SOCKETS) {
        errno = E2BIG;
        return MNL_CB_ERROR;
    }
    if (mnl_nlmsg_get_payload_len(message) < sizeof(*socket) || socket->udiag_type != SOCK_STREAM)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*socket), take_attribute, &attributes);
    if (!attributes.name || !read_name(attributes.name, path))
        return MNL_CB_OK;
    if (attributes.file) {
        const struct unix_diag_vfs *file = mnl_attr_get_payload(attributes.file);

        file_inode = file->udiag_vfs_ino;
    }
    place = get_place(self, path, file_inode);
    if (socket->udiag_state == STATE_LISTEN)
        add_listener(self, place, socket->udiag_ino, &attributes);
    else
        add_connection(place, socket->udiag_ino, &attributes);
    return MNL_CB_OK;
}

static bool
send_request(struct mnl_socket *netlink, char *buffer)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct unix_diag_req *request = NULL;

    message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request = mnl_nlmsg_put_extra_header(message, sizeof(*request));
    request->sdiag_family = AF_UNIX;
    request->udiag_states = 1U << STATE_LISTEN | 1U << STATE_ESTABLISHED;
    request->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN;
    return mnl_socket_sendto(netlink, message, message->nlmsg_len) >= 0;
}

/* Reads the whole dump into @self; false with errno. */
static bool
receive_sockets(struct mnl_socket *netlink, char *buffer, HostUnixdiagTable *self)
{
    unsigned int port = mnl_socket_get_portid(netlink);
    int state = MNL_CB_OK;

    while (state > MNL_CB_STOP) {
        ssize_t size = mnl_socket_recvfrom(netlink, buffer, RECEIVE_BYTES);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        state = mnl_cb_run(buffer, (size_t)size, 0, port, take_socket, self);
    }
    return state == MNL_CB_STOP;
}

HostUnixdiagTable *
host_unixdiag_read(GError **error)
{
    g_autoptr(HostUnixdiagTable) self = new_table();
    g_autofree char *buffer = g_malloc0(RECEIVE_BYTES);
    struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    bool is_read = netlink && mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
                   send_request(netlink, buffer) && receive_sockets(netlink, buffer, self);

    if (!is_read)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot list unix sockets: %s",
                    g_strerror(errno));
    if (netlink)
        mnl_socket_close(netlink);
    return is_read ? g_steal_pointer(&self) : NULL;
}

void
host_unixdiag_lookup(const HostUnixdiagTable *self, const char *path, ino_t file_inode,
                     HostUnixdiagListener *ret_listener)
{
    Place wanted = {.file_inode = (uint32_t)file_inode};
    g_autofree char *copy = g_strdup(path);
    const Place *place = NULL;

    wanted.path = copy;
    if (file_inode != 0)
        place = g_hash_table_lookup(self->places, &wanted);
    else
        place = g_hash_table_lookup(self->by_path, path);
    *ret_listener = place && place->known.is_known ? place->known : (HostUnixdiagListener){0};
}

void
host_unixdiag_lookup_file(const HostUnixdiagTable *self, dev_t device, ino_t file_inode,
                          HostUnixdiagListener *ret_listener)
{
    uint32_t kernel_device = major(device) << KERNEL_MINOR_BITS | minor(device);
    GHashTableIter iter;
    gpointer value = NULL;

    *ret_listener = (HostUnixdiagListener){0};
    g_hash_table_iter_init(&iter, self->by_inode);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Place *place = value;

        if (place->file_inode == (uint32_t)file_inode && place->file_device == kernel_device)
            *ret_listener = place->known;
    }
}

const char *
host_unixdiag_path_of(const HostUnixdiagTable *self, ino_t socket_inode)
{
    uint64_t key = socket_inode;
    const Place *place = g_hash_table_lookup(self->by_inode, &key);

    return place ? place->path : NULL;
}

/* Columns of /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path */
static bool
is_listener_line(const char *line, ino_t socket_inode, const char **ret_path)
{
    const char *fields[6] = {NULL};
    size_t sizes[6] = {0};
    uint64_t inode = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!host_text_take_field(&line, &fields[i], &sizes[i]))
            return false;
    }
    if (sizes[3] != strlen(FLAG_LISTENS) || memcmp(fields[3], FLAG_LISTENS, sizes[3]) != 0)
        return false;
    if (!host_text_take_count(&line, &inode) || inode != socket_inode)
        return false;
    if (line[0] != ' ' || line[1] == '\0' || line[1] == '\n')
        return false; /* bound to no name */
    *ret_path = line + 1;
    return true;
}

char *
host_unixdiag_path_in_proc(HostRoot *root, pid_t pid, ino_t socket_inode)
{
    g_autofree char *name = g_strdup_printf("proc/%d/net/unix", pid);
    g_autofree char *text = host_root_read_all(root, name, HOST_LIMIT_FILE_BYTES, NULL);
    const char *path = NULL;

    for (const char *line = text; line && *line;) {
        const char *end = strchrnul(line, '\n');

        if (is_listener_line(line, socket_inode, &path))
            return g_strndup(path, strcspn(path, "\n"));
        line = *end ? end + 1 : end;
    }
    return NULL;
}
