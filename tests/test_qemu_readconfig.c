/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_readconfig: files of options -> words.
 */
#include "qemu/source/qemu_readconfig.h"

#include <string.h>

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
    {"what does not matter here is left out", "[drive \"d\"]\nfile = \"x\"\n[qmp]\na = \"b\"\n",
     ""},
    {"monitors are left out",
     "[chardev \"monitor\"]\nbackend = \"socket\"\npath = \"/run/x\"\n[mon]\nchardev = "
     "\"monitor\"\n[device]\ndriver = \"e1000\"\n",
     "-device driver=e1000"},
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

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_readconfig", rows, makes_words);
}
