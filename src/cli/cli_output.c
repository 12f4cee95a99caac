/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_output: see cli_output.h.
 */
#include "cli_output.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define WRITE_BYTES (256 * 1024)

void
cli_output_init(CliOutput *self, int fd)
{
    *self = (CliOutput){.text = g_string_sized_new(4096), .fd = fd};
}

void
cli_output_clear(CliOutput *self)
{
    if (self->text != NULL)
        g_string_free(g_steal_pointer(&self->text), TRUE);
}

/* True if the write may succeed now. Also waits while a pipe is full that another process made
 * non-blocking. */
static bool
may_try_again(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLOUT};

    if (errno == EINTR)
        return true;
    return errno == EAGAIN && (poll(&entry, 1, -1) > 0 || errno == EINTR);
}

static void
write_all(CliOutput *self)
{
    const char *next = self->text->str;
    size_t left = self->error_number == 0 ? self->text->len : 0;

    while (left > 0) {
        ssize_t n_written = write(self->fd, next, left);

        if (n_written < 0 && may_try_again(self->fd))
            continue;
        if (n_written < 0) {
            self->error_number = errno;
            break;
        }
        next += n_written;
        left -= (size_t)n_written;
    }
    g_string_truncate(self->text, 0);
}

void
cli_output_offer(CliOutput *self)
{
    if (self->fd >= 0 && self->text->len >= WRITE_BYTES)
        write_all(self);
}

bool
cli_output_flush(CliOutput *self)
{
    if (self->fd >= 0)
        write_all(self);
    return self->error_number == 0;
}

bool
cli_output_end(CliOutput *self, GError **error)
{
    bool has_text = self->text->len > 0 || self->error_number != 0;

    if (self->fd < 0)
        return true;
    write_all(self);
    if (close(self->fd) < 0 && self->error_number == 0 && has_text)
        self->error_number = errno;
    self->fd = -1;
    if (self->error_number == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(self->error_number),
                "cannot write the output: %s", g_strerror(self->error_number));
    return false;
}
