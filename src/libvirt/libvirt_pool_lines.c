/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_lines: see libvirt_pool_lines.h.
 */
#include "libvirt_pool_lines.h"

#include "util/util_thread.h"

GPtrArray *
libvirt_pool_lines_new(void)
{
    return g_ptr_array_new();
}

void
libvirt_pool_lines_add(GPtrArray *self, LibvirtConnection *take_connection, int64_t now_us)
{
    LibvirtPoolLine *line = g_new0(LibvirtPoolLine, 1);

    line->connection = take_connection;
    line->opened_us = now_us;
    g_ptr_array_add(self, line);
}

/* Notes whether the connection of an idle @line has ended meanwhile, as far as its library knows:
 * an event loop may have seen it. */
static bool
is_usable(LibvirtPoolLine *line)
{
    if (!line->is_busy && !line->is_leaving)
        line->is_leaving = !libvirt_connection_is_alive(line->connection);
    return !line->is_leaving;
}

unsigned int
libvirt_pool_lines_n_usable(const GPtrArray *self)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->len; i++)
        n += is_usable(g_ptr_array_index(self, i)) ? 1 : 0;
    return n;
}

LibvirtPoolLine *
libvirt_pool_lines_find(const GPtrArray *self, int64_t since_us)
{
    for (guint i = 0; i < self->len; i++) {
        LibvirtPoolLine *line = g_ptr_array_index(self, i);

        if (!line->is_busy && line->opened_us > since_us && is_usable(line))
            return line;
    }
    return NULL;
}

GPtrArray *
libvirt_pool_lines_take_leaving(GPtrArray *self)
{
    GPtrArray *leaving = NULL;

    for (guint i = self->len; i > 0; i--) {
        LibvirtPoolLine *line = g_ptr_array_index(self, i - 1);

        if (!line->is_leaving || line->is_busy)
            continue;
        if (leaving == NULL)
            leaving = g_ptr_array_new();
        g_ptr_array_add(leaving, line);
        g_ptr_array_remove_index_fast(self, i - 1);
    }
    return leaving;
}

void
libvirt_pool_lines_leave(GPtrArray *self, bool with_busy)
{
    for (guint i = 0; i < self->len; i++) {
        LibvirtPoolLine *line = g_ptr_array_index(self, i);

        line->is_leaving = line->is_leaving || with_busy || !line->is_busy;
    }
}

void
libvirt_pool_lines_close(LibvirtPoolLine *take_line)
{
    libvirt_connection_free(take_line->connection);
    g_free(take_line);
}

/* What a thread that closes is given. */
typedef struct {
    GPtrArray *lines;
    void (*done)(void *data);
    void *data;
} Closing;

static void *
run_close(void *data)
{
    g_autofree Closing *self = data;

    for (guint i = 0; i < self->lines->len; i++)
        libvirt_pool_lines_close(g_ptr_array_index(self->lines, i));
    g_ptr_array_unref(self->lines);
    self->done(self->data);
    return NULL;
}

bool
libvirt_pool_lines_close_beside(GPtrArray *take_lines, void (*done)(void *data), void *data)
{
    Closing *closing = g_new0(Closing, 1);
    GThread *thread = NULL;

    *closing = (Closing){take_lines, done, data};
    thread = util_thread_start("domstats-close", run_close, closing);
    if (thread == NULL) {
        g_free(closing);
        return false;
    }
    g_thread_unref(thread);
    return true;
}
