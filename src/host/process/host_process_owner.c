/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_process_owner: see host_process_owner.h.
 *
 * The program may be on storage that is gone (NFS, FUSE), so a thread of the reader asks for its
 * owner. The user of a process is not told by the owner of its folder, which belongs to root if the
 * process may not be traced.
 */
#include "host_process_owner.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "host/host_text.h"

enum { PATH_BYTES = 64, STATUS_BYTES = 4096 };

static char *
read_owner(gconstpointer data, size_t max_bytes, size_t *ret_size)
{
    struct stat status = {0};
    char *text = NULL;

    (void)max_bytes;
    if (stat(data, &status) != 0)
        return NULL;
    text = g_strdup_printf("%u\n", status.st_uid);
    *ret_size = strlen(text);
    return text;
}

static bool
take_uid(UtilCount count, uid_t *ret_uid)
{
    if (!count.is_present || count.value > (uid_t)-1)
        return false;
    *ret_uid = (uid_t)count.value;
    return true;
}

bool
host_process_owner_of_program(HostReader *reader, pid_t pid, UtilDeadline deadline, uid_t *ret_uid)
{
    g_autofree char *kept = g_strdup_printf("proc/%d/exe-owner", (int)pid);
    HostReaderLook look = {read_owner, g_strdup_printf("/proc/%d/exe", (int)pid), g_free};
    g_autofree char *text = host_reader_look(reader, pid, kept, look, PATH_BYTES, deadline);

    return text != NULL && take_uid(host_text_whole_count(text), ret_uid);
}

bool
host_process_owner_of_process(HostRoot *root, pid_t pid, uid_t *ret_uid)
{
    char path[PATH_BYTES] = "";
    char text[STATUS_BYTES] = "";

    g_snprintf(path, sizeof(path), "proc/%d/status", (int)pid);
    return host_root_read(root, path, text, sizeof(text)) > 0 &&
           take_uid(host_text_line_count(text, "Uid:"), ret_uid);
}
