/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_procnet: see host_procnet.h. A line that has not the kernel's form is left out.
 */
#include "host_procnet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/host_limits.h"
#include "host/host_text.h"

#define FLAG_LISTENS   "00010000" /* __SO_ACCEPTCON */
#define TYPE_STREAM    "0001"
#define TCP_CONNECTED  "01"
#define TCP_LISTENS    "0A"
#define HEX_WORD_BYTES 8 /* an address is printed in words of 32 bits */

typedef struct {
    const char *start;
    size_t size;
} Field;

static bool
is_text(const Field *field, const char *text)
{
    return field->size == strlen(text) && memcmp(field->start, text, field->size) == 0;
}

static bool
take_fields(const char **line, Field *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++)
        if (!host_text_take_field(line, &fields[i].start, &fields[i].size))
            return false;
    return true;
}

/* The text of proc/<pid>/net/<name>; NULL with errno. */
static char *
read_file(HostRoot *root, pid_t pid, const char *name)
{
    g_autofree char *path = pid == 0 ? g_strdup_printf("proc/self/net/%s", name)
                                     : g_strdup_printf("proc/%d/net/%s", (int)pid, name);

    return host_root_read_all(root, path, HOST_LIMIT_FILE_BYTES, NULL);
}

/* Calls @read with each line of @text until it gives false. */
static bool
read_lines(const char *text, bool (*read)(const char *line, void *data), void *data)
{
    for (const char *line = text; *line != '\0';) {
        const char *end = strchrnul(line, '\n');

        if (!read(line, data))
            return false;
        line = *end != '\0' ? end + 1 : end;
    }
    return true;
}

typedef struct {
    HostUnixdiagTake take;
    void *data;
} UnixReceiver;

/* Columns of /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path */
static bool
read_unix_line(const char *line, void *data)
{
    const UnixReceiver *receiver = data;
    Field fields[6] = {{0}};
    uint64_t inode = 0;
    size_t size = 0;
    char path[sizeof(struct sockaddr_un)] = "";
    HostUnixdiagSocket socket = {.path = path};

    if (!take_fields(&line, fields, G_N_ELEMENTS(fields)) || !is_text(&fields[4], TYPE_STREAM) ||
        !host_text_take_count(&line, &inode) || line[0] != ' ')
        return true;
    size = strcspn(++line, "\n");
    if (size == 0 || size >= sizeof(path))
        return true; /* bound to no name */
    memcpy(path, line, size);
    socket.is_abstract = path[0] == '@';
    socket.is_listener = is_text(&fields[3], FLAG_LISTENS);
    socket.inode = (ino_t)inode;
    return receiver->take(&socket, receiver->data);
}

bool
host_procnet_list_unix(HostRoot *root, pid_t pid, HostUnixdiagTake take, void *data)
{
    g_autofree char *text = read_file(root, pid, "unix");
    UnixReceiver receiver = {take, data};

    return text != NULL && read_lines(text, read_unix_line, &receiver);
}

static bool
read_hex(const char *text, size_t size, guint64 *ret_value)
{
    char digits[HEX_WORD_BYTES + 1] = "";

    if (size == 0 || size > HEX_WORD_BYTES)
        return false;
    memcpy(digits, text, size);
    return g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT32, ret_value, NULL);
}

/* "0100007F:115C": words in the byte order of this machine, and the port as a number. */
static bool
read_address(const Field *field, int family, HostAddress *ret_address)
{
    const size_t n_words = family == AF_INET ? 1 : 4;
    const char *colon = memchr(field->start, ':', field->size);
    guint64 value = 0;
    uint32_t words[4] = {0};

    if (colon == NULL || (size_t)(colon - field->start) != n_words * HEX_WORD_BYTES)
        return false;
    for (size_t i = 0; i < n_words; i++) {
        if (!read_hex(field->start + i * HEX_WORD_BYTES, HEX_WORD_BYTES, &value))
            return false;
        words[i] = (uint32_t)value;
    }
    if (!read_hex(colon + 1, field->size - (size_t)(colon + 1 - field->start), &value) ||
        value > G_MAXUINT16)
        return false;
    host_address_set(ret_address, family, words, (uint16_t)value, 0);
    return true;
}

typedef struct {
    int family;
    uint16_t port;
    HostTcpdiagTake take;
    void *data;
} TcpReceiver;

/* Columns of /proc/net/tcp: sl local remote st tx_queue:rx_queue tr:when retrnsmt uid timeout inode
 */
static bool
read_tcp_line(const char *line, void *data)
{
    const TcpReceiver *receiver = data;
    Field fields[9] = {{0}};
    uint64_t inode = 0;
    guint64 queued = 0;
    const char *queue = NULL;
    HostTcpdiagSocket socket = {0};

    if (!take_fields(&line, fields, G_N_ELEMENTS(fields)) || !host_text_take_count(&line, &inode) ||
        !read_address(&fields[1], receiver->family, &socket.local) ||
        !read_address(&fields[2], receiver->family, &socket.remote))
        return true;
    socket.is_listener = is_text(&fields[3], TCP_LISTENS);
    if (!socket.is_listener &&
        (!is_text(&fields[3], TCP_CONNECTED) || socket.local.port != receiver->port))
        return true;
    queue = memchr(fields[4].start, ':', fields[4].size);
    if (socket.is_listener && queue != NULL &&
        read_hex(queue + 1, fields[4].size - (size_t)(queue + 1 - fields[4].start), &queued))
        socket.n_queued = (unsigned int)queued;
    socket.inode = (ino_t)inode;
    return receiver->take(&socket, receiver->data);
}

bool
host_procnet_list_tcp(HostRoot *root, pid_t pid, int family, uint16_t port, HostTcpdiagTake take,
                      void *data)
{
    g_autofree char *text = read_file(root, pid, family == AF_INET ? "tcp" : "tcp6");
    TcpReceiver receiver = {family, port, take, data};

    return text != NULL && read_lines(text, read_tcp_line, &receiver);
}
