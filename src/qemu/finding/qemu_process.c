/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_process: see qemu_process.h. Keeps nothing. Knows nothing of monitors and sources.
 */
#include "qemu_process.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "host/process/host_process.h"
#include "host/process/host_process_file.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/words/qemu_program.h"
#include "qemu/words/qemu_readconfig.h"

/* proc(5) counts the fields of stat from 1; the state, behind the name, is the third. */
enum {
    FIELD_STATE = 3,
    FIELD_PARENT = 4,
    FIELD_SESSION = 6,
    FIELD_ARG_START = 48,
    N_FIELDS = 52,
    STAT_BYTES = 2048,
};

enum {
    READ_MS = 500,  /* a read that takes longer is given up; on a busy host a thread may wait for a
                       CPU for a tenth of a second */
    READ_SHARE = 8, /* one read takes no more than this part of the time that is left */
};

/* A number of the stat file; @fields begins with FIELD_STATE. 0 if it is no number up to @max. */
static uint64_t
get_field(char *const *fields, size_t n_fields, size_t field, uint64_t max)
{
    uint64_t value = 0;

    if (field - FIELD_STATE >= n_fields ||
        !g_ascii_string_to_unsigned(fields[field - FIELD_STATE], 10, 0, max, &value, NULL))
        return 0;
    return value;
}

bool
qemu_process_parse_stat(const char *text, QemuProcessStat *ret_stat)
{
    HostProcessStat stat = {0};
    const char *behind_name = strrchr(text, ')');
    g_auto(GStrv) fields = NULL;
    size_t n_fields = 0;

    if (behind_name == NULL || behind_name[1] != ' ' || !host_process_parse_stat(text, &stat))
        return false;
    fields = g_strsplit(behind_name + 2, " ", N_FIELDS);
    n_fields = g_strv_length(fields);
    *ret_stat = (QemuProcessStat){
        .is_ended = stat.state == 'Z' || stat.state == 'X',
        .parent = (pid_t)get_field(fields, n_fields, FIELD_PARENT, INT_MAX),
        .session = (pid_t)get_field(fields, n_fields, FIELD_SESSION, INT_MAX),
        .start_ticks = stat.start_ticks,
        .exec_mark = get_field(fields, n_fields, FIELD_ARG_START, UINT64_MAX),
        .is_teardown = g_str_has_prefix(stat.name, "cleanup/"),
    };
    g_strlcpy(ret_stat->name, stat.name, sizeof(ret_stat->name));
    return true;
}

bool
qemu_process_read_stat(HostRoot *root, pid_t pid, QemuProcessStat *ret_stat)
{
    char path[64] = "";
    char text[STAT_BYTES] = "";

    g_snprintf(path, sizeof(path), "proc/%d/stat", pid);
    return host_root_read(root, path, text, sizeof(text)) > 0 &&
           qemu_process_parse_stat(text, ret_stat);
}

/* When one read is given up. */
static UtilDeadline
get_read_deadline(const QemuProcessWords *self)
{
    int share_ms = util_deadline_left_ms(self->deadline) / READ_SHARE;

    return util_deadline_in_ms((unsigned int)CLAMP(share_ms, 1, READ_MS));
}

char *
qemu_process_read_words(const QemuProcessWords *self, pid_t pid, const char *name, size_t *ret_size)
{
    char path[64] = "";
    UtilDeadline until = get_read_deadline(self);

    g_snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
    return host_reader_read(self->reader, pid, path, QEMU_LIMIT_CMDLINE_BYTES, until, ret_size);
}

char *
qemu_process_read_link(HostRoot *root, pid_t pid, const char *name)
{
    char path[64] = "";

    g_snprintf(path, sizeof(path), "proc/%d/%s", pid, name);
    return host_root_readlink(root, path);
}

/* The path by which the process was told a file. A relative one starts in its working directory,
 * unless it left that as a daemon: then it stays relative, and no file is found. */
static char *
make_file_path(HostRoot *root, pid_t pid, const char *path)
{
    g_autofree char *folder = path[0] != '/' ? qemu_process_read_link(root, pid, "cwd") : NULL;

    if (folder == NULL || folder[0] != '/' || folder[1] == '\0')
        return g_strdup(path);
    return g_build_filename(folder, path, NULL);
}

/* NULL with errno. */
static char *
read_file(const QemuProcessWords *self, pid_t pid, const char *path, const char *note,
          HostProcessFileTrust trust, QemuProcessFiles *files)
{
    char *text = host_process_file_read(self->reader, pid, path, QEMU_LIMIT_CMDLINE_BYTES, note,
                                        trust, get_read_deadline(self));

    files->is_blocked |= text == NULL && (errno == ETIMEDOUT || errno == EBUSY);
    return text;
}

/* The words that stand for a file of options; NULL if it cannot be read. */
static char **
read_options(const QemuProcessWords *self, pid_t pid, const char *path, size_t number,
             QemuProcessFiles *files)
{
    g_autofree char *note = g_strdup_printf("readconfig/%zu", number);
    g_autofree char *whole = make_file_path(host_reader_root(self->reader), pid, path);
    g_autofree char *text = read_file(self, pid, whole, note, HOST_PROCESS_FILE_CERTAIN, files);

    if (text == NULL && !files->is_blocked) {
        files->may_differ = true;
        text = read_file(self, pid, whole, note, HOST_PROCESS_FILE_LIKELY, files);
    }
    return text ? qemu_readconfig_make_words(text) : NULL;
}

/* The path of the file of options that a QEMU reads by itself, where it was built for a folder of
 * its own; NULL: not known. The caller frees. */
static char *
make_own_path(HostRoot *root, pid_t pid)
{
    g_autofree char *exe = qemu_process_read_link(root, pid, "exe");
    g_autofree char *folder = exe && exe[0] == '/' ? g_path_get_dirname(exe) : NULL;
    g_autofree char *above = folder ? g_path_get_dirname(folder) : NULL;

    return above ? g_build_filename(above, "etc", "qemu", "qemu.conf", NULL) : NULL;
}

/* Without -no-user-config QEMU first reads qemu.conf, where there is one. Nothing is taken from it,
 * but nothing that it could say is proven. */
static void
look_for_defaults(const QemuProcessWords *self, pid_t pid, QemuProcessFiles *files)
{
    g_autofree char *own = make_own_path(host_reader_root(self->reader), pid);
    const char *const paths[] = {"/etc/qemu/qemu.conf", own};

    for (size_t i = 0; i < G_N_ELEMENTS(paths) && paths[i] != NULL && !files->may_differ; i++) {
        g_autofree char *text =
            read_file(self, pid, paths[i], "qemu.conf", HOST_PROCESS_FILE_CERTAIN, files);

        files->may_differ = text != NULL || errno != ENOENT;
    }
}

/* True if one of the words is that option. */
static bool
reads_no_defaults(char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, "-no-user-config") == 0 || strcmp(*words, "--no-user-config") == 0)
            return true;
    return false;
}

static bool
names_options(const char *word)
{
    return strcmp(word, "-readconfig") == 0 || strcmp(word, "--readconfig") == 0;
}

char **
qemu_process_make_words(const QemuProcessWords *self, pid_t pid, const char *bytes, size_t size,
                        QemuProcessFiles *ret_files)
{
    g_auto(GStrv) given = qemu_cmdline_split(bytes, size);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    size_t n_files = 0;

    *ret_files = (QemuProcessFiles){0};
    for (size_t i = 0; given[i] != NULL; i++) {
        bool is_file = names_options(given[i]) && given[i + 1] != NULL;
        bool is_wanted = is_file && n_files < QEMU_LIMIT_OPTION_FILES;
        g_autofree char **options =
            is_wanted ? read_options(self, pid, given[i + 1], n_files++, ret_files) : NULL;

        if (options == NULL)
            g_ptr_array_add(words, g_strdup(given[i]));
        for (size_t k = 0; options != NULL && options[k] != NULL; k++)
            g_ptr_array_add(words, options[k]);
        i += options != NULL;
    }
    if (!reads_no_defaults(given))
        look_for_defaults(self, pid, ret_files);
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

bool
qemu_process_has_qemu_name(const char *const *argv, const char *path)
{
    QemuProgramKind kind = path ? qemu_program_judge(path) : QEMU_PROGRAM_OTHER;

    return kind == QEMU_PROGRAM_MACHINE ||
           (kind == QEMU_PROGRAM_MAYBE && qemu_cmdline_has_machine_options(argv));
}

bool
qemu_process_may_be_qemu(const char *const *argv, const char *exe)
{
    const char *path = exe ? exe : argv[0];
    g_autoptr(QemuCmdline) cmdline = NULL;

    if (path == NULL || qemu_program_judge(path) == QEMU_PROGRAM_NO_GUEST)
        return false;
    if (qemu_process_has_qemu_name(argv, path))
        return true;
    if (!qemu_cmdline_may_have_qmp(argv))
        return false;
    cmdline = qemu_cmdline_parse(argv);
    return cmdline->is_machine && cmdline->monitors->len > 0;
}

QemuDefinition *
qemu_process_read_definition(HostRoot *root, const QemuProcessWords *reader, pid_t pid)
{
    size_t size = 0;
    g_autofree char *bytes = qemu_process_read_words(reader, pid, "cmdline", &size);
    g_autofree char *exe = NULL;
    g_auto(GStrv) words = NULL;
    g_autoptr(QemuCmdline) cmdline = NULL;
    QemuProcessFiles files = {0};

    if (bytes == NULL)
        return NULL;
    exe = qemu_process_read_link(root, pid, "exe");
    words = qemu_process_make_words(reader, pid, bytes, size, &files);
    if (!qemu_process_may_be_qemu((const char *const *)words, exe)) {
        errno = 0;
        return NULL;
    }
    cmdline = qemu_cmdline_parse((const char *const *)words);
    qemu_cmdline_set_program(cmdline, (const char *const *)words, exe);
    if (files.may_differ)
        qemu_definition_prove_nothing(cmdline->definition);
    return g_steal_pointer(&cmdline->definition);
}
