/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_wire: see bench_wire.h.
 *
 * Owns the notes: by path, what was sent on the latest connection to it. They live as long as the
 * program.
 */
#include "bench_wire.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* The C library's functions are taken over by functions of the same names that a program has. */
#define TAKES_OVER __attribute__((visibility("default")))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static gint is_watching;          /* atomic */
static GHashTable *by_path;       /* char * -> GString *, never freed: see by_descriptor */
static GHashTable *by_descriptor; /* int -> GString *, also of a descriptor that was closed */

void
bench_wire_watch(bool is_on)
{
    pthread_mutex_lock(&lock);
    g_atomic_int_set(&is_watching, is_on);
    if (by_path == NULL) {
        by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        by_descriptor = g_hash_table_new(g_direct_hash, g_direct_equal);
    }
    g_hash_table_remove_all(by_descriptor);
    pthread_mutex_unlock(&lock);
}

GString *
bench_wire_sent_to(const char *path)
{
    const GString *sent = NULL;
    GString *copy = NULL;

    pthread_mutex_lock(&lock);
    sent = by_path ? g_hash_table_lookup(by_path, path) : NULL;
    copy = sent ? g_string_new_len(sent->str, (gssize)sent->len) : NULL;
    pthread_mutex_unlock(&lock);
    return copy;
}

/* Notes it by the path to which the listener is bound: the library may have reached it by another.
 */
static void
note_connection(int fd)
{
    struct sockaddr_un peer = {0};
    socklen_t size = sizeof(peer);
    GString *sent = NULL;

    if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 || peer.sun_path[0] == '\0')
        return;
    sent = g_string_new(NULL);
    pthread_mutex_lock(&lock);
    g_hash_table_insert(by_path, g_strndup(peer.sun_path, sizeof(peer.sun_path)), sent);
    g_hash_table_insert(by_descriptor, GINT_TO_POINTER(fd), sent);
    pthread_mutex_unlock(&lock);
}

static void
note_bytes(int fd, const void *bytes, ssize_t size)
{
    GString *sent = NULL;

    pthread_mutex_lock(&lock);
    sent = g_hash_table_lookup(by_descriptor, GINT_TO_POINTER(fd));
    if (sent != NULL)
        g_string_append_len(sent, bytes, size);
    pthread_mutex_unlock(&lock);
}

TAKES_OVER int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
    int status = (int)syscall(SYS_connect, fd, address, size);

    if (status == 0 && g_atomic_int_get(&is_watching) && address->sa_family == AF_UNIX)
        note_connection(fd);
    return status;
}

TAKES_OVER ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    ssize_t n = syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);

    if (n > 0 && g_atomic_int_get(&is_watching))
        note_bytes(fd, bytes, n);
    return n;
}
