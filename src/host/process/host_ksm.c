/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_ksm: see host_ksm.h. Owns nothing.
 */
#include "host_ksm.h"

#include <string.h>

#include "host/host_kept.h"
#include "host/host_text.h"

enum { MAX_KSM_BYTES = 4096 };

/* Behind the name there is a blank, or in some kernels a colon and a blank. */
static const char *
find_value(const char *text, const char *name)
{
    const char *behind = host_text_find_line(text, name);

    if (behind == NULL)
        return NULL;
    return behind + (*behind == ':');
}

static UtilCount
parse_count(const char *text, const char *name)
{
    const char *value = find_value(text, name);
    UtilCount count = {0};

    if (value != NULL && *value == ' ')
        count.is_present = host_text_take_count(&value, &count.value);
    return count;
}

static bool
parse_profit(const char *text, int64_t *ret_bytes)
{
    const char *value = find_value(text, "ksm_process_profit");
    g_autofree char *word = NULL;
    gint64 bytes = 0;

    if (value == NULL || *value != ' ')
        return false;
    word = g_strndup(value + 1, strcspn(value + 1, "\n"));
    if (!g_ascii_string_to_signed(word, 10, INT64_MIN, INT64_MAX, &bytes, NULL))
        return false;
    *ret_bytes = bytes;
    return true;
}

void
host_ksm_parse(const char *text, HostKsm *ret_ksm)
{
    *ret_ksm = (HostKsm){
        .merging_pages = parse_count(text, "ksm_merging_pages"),
        .rmap_items = parse_count(text, "ksm_rmap_items"),
        .zero_pages = parse_count(text, "ksm_zero_pages"),
    };
    ret_ksm->has_profit = parse_profit(text, &ret_ksm->profit_bytes);
}

bool
host_ksm_is_on(HostRoot *root)
{
    UtilCount run = host_root_read_count(root, "sys/kernel/mm/ksm/run");
    UtilCount shared = host_root_read_count(root, "sys/kernel/mm/ksm/pages_shared");

    return (run.is_present && run.value == 1) || (shared.is_present && shared.value > 0);
}

void
host_ksm_read(HostReader *reader, pid_t pid, UtilDeadline deadline, HostKsm *ret_ksm)
{
    char path[HOST_KEPT_PATH_BYTES] = "";
    g_autofree char *text = NULL;

    *ret_ksm = (HostKsm){0};
    host_kept_make_path(path, pid, 0, "ksm_stat");
    text = host_reader_read(reader, pid, path, MAX_KSM_BYTES, deadline, NULL);
    if (text != NULL)
        host_ksm_parse(text, ret_ksm);
}
