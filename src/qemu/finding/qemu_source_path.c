/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_path: see qemu_source_path.h.
 *
 * Many managers give each machine a folder, and each monitor the same name in it:
 * lima/alpha/qmp.sock, vc/vm/0abc/qmp.sock, machines/one/monitor. The folder's name is the
 * machine's.
 */
#include "qemu_source_path.h"

#include <fnmatch.h>
#include <string.h>

/* Words that a socket's name may be made of and still not tell whose it is. */
static const char *const file_words[] = {"qmp",  "monitor", "mon",      "hmp",     "qemu", "kvm",
                                         "sock", "socket",  "sockets",  "control", "ctl",  "ctrl",
                                         "api",  "server",  "domstats", "stats"};

/* Folders that hold sockets of many machines, or that stand above those. */
static const char *const folder_words[] = {
    "run",     "var",     "tmp",      "lib",      "lock",      "log",    "logs",
    "cache",   "srv",     "mnt",      "opt",      "home",      "root",   "usr",
    "data",    "user",    "vm",       "vms",      "guest",     "guests", "domain",
    "domains", "machine", "machines", "instance", "instances", "virt",   "libvirt",
    "state",   "images",  "shm",      "dev",      "proc",      "cwd",
};

static bool
is_among(const char *word, gsize size, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++)
        if (strlen(words[i]) == size && g_ascii_strncasecmp(words[i], word, size) == 0)
            return true;
    return false;
}

/* True if @name consists of words for sockets and of numbers: "qmp0", "qemu-monitor", "qmp.2". A
 * number alone tells the machine. */
static bool
says_only_monitor(const char *name)
{
    bool has_word = false;

    while (true) {
        gsize size = strcspn(name, "-_.+");
        gsize n_letters = size;

        while (n_letters > 0 && g_ascii_isdigit(name[n_letters - 1]))
            n_letters--;
        if (n_letters > 0 && !is_among(name, n_letters, file_words, G_N_ELEMENTS(file_words)))
            return false;
        has_word |= n_letters > 0;
        if (name[size] == '\0')
            return has_word;
        name += size + 1;
    }
}

/* True for the folder of a user's run files, /run/user/1000, which tells nothing either. */
static bool
is_of_user(const char *folder)
{
    g_autofree char *parent = g_path_get_dirname(folder);

    return g_str_has_suffix(parent, "/user");
}

static bool
is_common_folder(const char *folder, const char *name)
{
    return is_among(name, strlen(name), folder_words, G_N_ELEMENTS(folder_words)) ||
           says_only_monitor(name) || is_of_user(folder);
}

/* Cuts the usual endings off; "web.qmp.sock" has two of them. */
static void
cut_endings(char *name)
{
    static const char *const endings[] = {".sock", ".socket", ".qmp", ".monitor"};
    bool was_cut = false;

    do {
        was_cut = false;
        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
            if (g_str_has_suffix(name, endings[i]) && strlen(name) > strlen(endings[i])) {
                name[strlen(name) - strlen(endings[i])] = '\0';
                was_cut = true;
            }
        }
    } while (was_cut);
}

static char *
make_file_name(const char *path)
{
    g_autofree char *name = NULL;

    if (g_str_has_prefix(path, "tcp:"))
        return g_strdup(path);
    name = g_path_get_basename(path[0] == '@' ? path + 1 : path);
    cut_endings(name);
    return g_utf8_make_valid(name, -1);
}

char *
qemu_source_path_find_name(const char *path)
{
    g_autofree char *name = make_file_name(path);
    g_autofree char *folder = g_path_get_dirname(path[0] == '@' ? path + 1 : path);

    if (g_str_has_prefix(path, "tcp:"))
        return NULL;
    if (!says_only_monitor(name))
        return g_steal_pointer(&name);
    while (!g_str_equal(folder, "/") && !g_str_equal(folder, ".")) {
        g_autofree char *part = g_path_get_basename(folder);
        char *above = NULL;

        if (!g_str_equal(part, ".") && !is_common_folder(folder, part))
            return g_utf8_make_valid(part, -1);
        above = g_path_get_dirname(folder);
        g_free(folder);
        folder = above;
    }
    return NULL;
}

char *
qemu_source_path_make_name(const char *path)
{
    char *name = qemu_source_path_find_name(path);

    return name ? name : make_file_name(path);
}

bool
qemu_source_path_is_monitors(const char *path)
{
    static const char *const patterns[] = {"*.qmp",        "qmp",       "*qmp*.sock",
                                           "*qmp*.socket", "*monitor*", "domstats*"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path[0] == '@' ? path + 1 : path;

    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (fnmatch(patterns[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}
