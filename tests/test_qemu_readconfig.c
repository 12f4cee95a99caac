/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_readconfig: files of options -> words, also when their storage blocks.
 */
#include "qemu/words/qemu_readconfig.h"

#include <string.h>
#include <unistd.h>

#include "qemu/finding/qemu_process.h"
#include "testing.h"

typedef struct {
    const char *name;
    const char *text;
    const char *expected; /* the words, a blank between; NULL: it is refused */
} Row;

static const Row rows[] = {
    {"an empty file", "", ""},
    {"comments and blank lines", "# qemu\n\n  # more\n", ""},
    {"a section with an id", "[device \"a\"]\ndriver = \"e1000\"\nnetdev = \"n\"\n",
     "-device id=a,driver=e1000,netdev=n"},
    {"one without", "[machine]\n  type = \"q35\"\n  accel=\"kvm\"\n",
     "-machine type=q35,accel=kvm"},
    {"groups that are called otherwise",
     "[memory]\nsize = \"64M\"\n[smp-opts]\ncpus = \"2\"\nmaxcpus = \"4\"\n",
     "-m size=64M -smp cpus=2,maxcpus=4"},
    {"a comma in a value", "[name]\nguest = \"a,b\"\n", "-name guest=a,,b"},
    {"a section of nothing", "[device \"a\"]\n", "-device id=a"},
    {"no line end", "[device]\ndriver = \"e1000\"", "-device driver=e1000"},
    {"lines of another system", "[device]\r\ndriver = \"e1000\"\r\n", "-device driver=e1000"},
    {"an empty value", "[device]\nid = \"\"\n", "-device id="},
    {"a drive", "[drive \"d\"]\nfile = \"x\"\ncache = \"none\"\n", "-drive id=d,file=x,cache=none"},
    {"what does not matter here is left out", "[fsdev \"d\"]\npath = \"x\"\n[qmp]\na = \"b\"\n",
     ""},
    {"monitors",
     "[chardev \"monitor\"]\nbackend = \"socket\"\npath = \"/run/x\"\nserver = \"on\"\nwait = "
     "\"off\"\n[mon]\nchardev = \"monitor\"\nmode = \"control\"\n",
     "-chardev id=monitor,backend=socket,path=/run/x,server=on,wait=off "
     "-mon chardev=monitor,mode=control"},
    {"a monitor as an object", "[object \"q\"]\nqom-type = \"monitor-qmp\"\nchardev = \"m\"\n",
     "-object id=q,qom-type=monitor-qmp,chardev=m"},
    {"what may use a monitor's device",
     "[global]\ndriver = \"isa-debugcon\"\nproperty = \"chardev\"\nvalue = \"m\"\n"
     "[tpmdev \"t\"]\ntype = \"emulator\"\nchardev = \"m\"\n",
     "-global driver=isa-debugcon,property=chardev,value=m "
     "-tpmdev id=t,type=emulator,chardev=m"},
    {"what listens besides", "[vnc \"default\"]\nvnc = \":1\"\n[spice]\nport = \"5900\"\n",
     "-vnc id=default,vnc=:1 -spice port=5900"},
    {"a pair before any section", "driver = \"e1000\"\n", NULL},
    {"a value without marks", "[device]\ndriver = e1000\n", NULL},
    {"a value that does not end", "[device]\ndriver = \"e1000\n", NULL},
    {"a section that does not end", "[device \"a\"\n", NULL},
    {"a section without a name", "[]\n", NULL},
    {"another kind of file", "root:x:0:0:root:/root:/bin/bash\n", NULL},
};

static void
makes_words(const void *data)
{
    const Row *row = data;
    g_auto(GStrv) words = qemu_readconfig_make_words(row->text);
    g_autofree char *line = words ? g_strjoinv(" ", words) : NULL;

    testing_assert_same_text(line, row->expected);
}

static int pipe_fds[2];

/* Storage that gives a file for each byte in the pipe, and blocks without one. */
static char *
read_when_told(const char *path, size_t max_bytes, size_t *ret_size)
{
    static const char text[] = "[smp-opts]\ncpus = \"4\"\n";
    char byte = 0;

    (void)path;
    (void)max_bytes;
    while (read(pipe_fds[0], &byte, 1) != 1)
        ;
    *ret_size = sizeof(text) - 1;
    return g_strdup(text);
}

static void
assert_words(HostReader *reader, const char *expected, bool is_blocked)
{
    static const char bytes[] = "qemu\0-no-user-config\0-readconfig\0/a\0-readconfig\0/b";
    const QemuProcessWords process = {reader, util_deadline_in_ms(400)};
    QemuProcessFiles files = {0};
    g_auto(GStrv) words = qemu_process_make_words(&process, getpid(), bytes, sizeof(bytes), &files);
    g_autofree char *line = g_strjoinv(" ", words);

    testing_assert_same_text(line, expected);
    assert_int_equal(files.is_blocked, is_blocked);
}

static void
let_go(HostRoot *root)
{
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
    while (!host_blocked_may_read(host_root_blocked_storage(root), getpid()))
        g_thread_yield();
}

typedef struct {
    const char *name;
} StorageRow;

static const StorageRow storage_rows[] = {
    {"storage that blocks holds no call, and is looked at again when it comes back"},
};

static void
outlives_storage(const void *data)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostReader) reader = host_reader_new_with(root, read_when_told);

    (void)data;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_words(reader, "qemu -no-user-config -readconfig /a -readconfig /b", true);
    assert_words(reader, "qemu -no-user-config -readconfig /a -readconfig /b", true);
    assert_true(host_blocked_may_read(host_root_blocked(root), getpid())); /* its cmdline */
    let_go(root);
    assert_int_equal(write(pipe_fds[1], "xx", 2), 2);
    assert_words(reader, "qemu -no-user-config -smp cpus=4 -smp cpus=4", false);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_readconfig", rows, makes_words) +
           TESTING_RUN_TABLE("storage", storage_rows, outlives_storage);
}
