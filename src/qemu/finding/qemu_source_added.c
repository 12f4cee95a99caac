/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_added: see qemu_source_added.h.
 *
 * A monitor is added as an object of the type "monitor-qmp" (object-add), so a program that can do
 * so has that name in its data. Neither its words nor the name of its file tell its version. The
 * program may be on storage that is gone, so a thread of the reader reads it.
 */
#include "qemu_source_added.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/facts/qemu_limits.h"
#include "util/util_fd.h"

enum {
    SLICE_BYTES = 1 << 20,
    READ_MS = 500, /* for one program, of some 20 MB */
    ANSWER_BYTES = 8,
};

static const char type_name[] = "monitor-qmp"; /* its NUL belongs to what is searched */

static bool
has_name(const GByteArray *buffer, size_t size)
{
    return memmem(buffer->data, size, type_name, sizeof(type_name)) != NULL;
}

/* Reads the file by slices, each behind the end of the one before, in which the name may begin. */
static QemuSourceAddedAnswer
search_file(int fd)
{
    const guint overlap = sizeof(type_name) - 1;
    g_autoptr(GByteArray) buffer = g_byte_array_set_size(g_byte_array_new(), overlap + SLICE_BYTES);

    memset(buffer->data, 0, overlap);
    for (off_t done = 0; done < QEMU_LIMIT_PROGRAM_BYTES;) {
        ssize_t got = pread(fd, buffer->data + overlap, SLICE_BYTES, done);

        if (got <= 0)
            return got == 0 ? QEMU_SOURCE_ADDED_CANNOT : QEMU_SOURCE_ADDED_UNKNOWN;
        if (has_name(buffer, overlap + (size_t)got))
            return QEMU_SOURCE_ADDED_MAY;
        memmove(buffer->data, buffer->data + got, overlap);
        done += got;
    }
    return QEMU_SOURCE_ADDED_UNKNOWN;
}

QemuSourceAddedAnswer
qemu_source_added_search(const char *path)
{
    g_auto(UtilFd) fd = util_fd_open_file(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, S_IFREG);

    return fd < 0 ? QEMU_SOURCE_ADDED_UNKNOWN : search_file(fd);
}

static char *
read_answer(gconstpointer data, size_t max_bytes, size_t *ret_size)
{
    QemuSourceAddedAnswer answer = qemu_source_added_search(data);

    (void)max_bytes;
    if (answer == QEMU_SOURCE_ADDED_UNKNOWN)
        return NULL;
    *ret_size = 1;
    return g_strdup(answer == QEMU_SOURCE_ADDED_MAY ? "1" : "0");
}

static QemuSourceAddedAnswer
read_program(const QemuSourceView *view, pid_t pid)
{
    UtilDeadline until = util_deadline_at_most(view->words.deadline, READ_MS);
    g_autofree char *kept = g_strdup_printf("proc/%d/exe-monitor-qmp", (int)pid);
    HostReaderLook look = {read_answer, g_strdup_printf("/proc/%d/exe", (int)pid), g_free};
    g_autofree char *text =
        host_reader_look(view->words.reader, pid, kept, look, ANSWER_BYTES, until);

    if (text == NULL)
        return QEMU_SOURCE_ADDED_UNKNOWN;
    return text[0] == '1' ? QEMU_SOURCE_ADDED_MAY : QEMU_SOURCE_ADDED_CANNOT;
}

/* What two processes of one program have alike; NULL: that cannot be told. Files that have been
 * deleted may be called alike. */
static char *
make_key(const QemuSourceView *view, pid_t pid)
{
    g_autofree char *exe = qemu_process_read_link(view->root, pid, "exe");
    g_autofree char *mounts = qemu_process_read_link(view->root, pid, "ns/mnt");

    if (exe == NULL || mounts == NULL || g_str_has_suffix(exe, " (deleted)"))
        return NULL;
    return g_strconcat(mounts, " ", exe, NULL);
}

QemuSourceAddedAnswer
qemu_source_added_ask(QemuSourceView *view, pid_t pid)
{
    g_autofree char *key = make_key(view, pid);
    gpointer known = NULL;
    QemuSourceAddedAnswer answer = QEMU_SOURCE_ADDED_UNKNOWN;

    if (key == NULL)
        return read_program(view, pid);
    if (view->programs == NULL)
        view->programs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_lookup_extended(view->programs, key, NULL, &known))
        return (QemuSourceAddedAnswer)GPOINTER_TO_INT(known);
    answer = read_program(view, pid);
    g_hash_table_insert(view->programs, g_steal_pointer(&key), GINT_TO_POINTER((int)answer));
    return answer;
}
