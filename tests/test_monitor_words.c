/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_words: which arguments of QEMU make a monitor.
 */
#include "testing.h"

#include "monitor/monitor_words.h"

enum { MAX_WORDS = 8 };

typedef struct {
    const char *name;
    const char *words[MAX_WORDS];
    const char *expected; /* the paths, "ours" before ours; separated by "; " */
} Row;

#define OURS                                                                                       \
    "-chardev", "socket,id=domstats,path=/s,server=on,wait=off", "-mon",                           \
        "chardev=domstats,mode=control"

/* clang-format off */
static const Row rows[] = {
    {"none", {"-no-hpet"}, ""},
    {"ours", {OURS}, "ours /s"},
    {"ours behind others", {"-no-hpet", OURS}, "ours /s"},
    {"a doubled comma", {"-chardev", "socket,id=domstats,path=/a,,b,server=on,wait=off", "-mon",
     "chardev=domstats,mode=control"}, "ours /a,b"},
    {"its arguments are not beside each other", {"-mon", "chardev=domstats,mode=control", "-chardev",
     "socket,id=domstats,path=/s,server=on,wait=off"}, "/s"},
    {"options in another order", {"-chardev", "socket,path=/s,id=domstats,server=on,wait=off", "-mon",
     "chardev=domstats,mode=control"}, "/s"},
    {"another name", {"-chardev", "socket,id=m,path=/s,server=on,wait=off", "-mon", "chardev=m,mode=control"}, "/s"},
    {"two dashes", {"--chardev", "socket,id=m,path=/s", "--mon", "mode=control,chardev=m"}, "/s"},
    {"-qmp", {"-qmp", "unix:/q.sock,server=on,wait=off"}, "/q.sock"},
    {"ours and -qmp", {OURS, "-qmp", "unix:/q.sock"}, "ours /s; /q.sock"},
    {"a character device without monitor", {"-chardev", "socket,id=domstats,path=/s"}, ""},
    {"a monitor for people", {"-chardev", "socket,id=m,path=/s", "-mon", "chardev=m"}, ""},
    {"no socket", {"-chardev", "pty,id=m,path=/s", "-mon", "chardev=m,mode=control"}, ""},
    {"on TCP", {"-qmp", "tcp:127.0.0.1:1"}, ""},
    {"cut off", {"-chardev"}, ""},
};
/* clang-format on */

static void
finds(const void *data)
{
    const Row *row = data;
    g_autoptr(GPtrArray) found = NULL;
    g_autoptr(GString) got = g_string_new(NULL);
    size_t n = 0;

    while (n < MAX_WORDS && row->words[n] != NULL)
        n++;
    found = monitor_words_find(row->words, n);
    for (guint i = 0; i < found->len; i++) {
        const MonitorWordsFound *one = g_ptr_array_index(found, i);

        g_string_append_printf(got, "%s%s%s", i > 0 ? "; " : "", one->is_ours ? "ours " : "",
                               one->path);
    }
    assert_string_equal(got->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor words", rows, finds);
}
