/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_edit: a monitor is put into the text of a definition, and taken out again; all else
 * stays, byte for byte.
 */
#include "testing.h"

#include <string.h>

#include "monitor/monitor_edit.h"
#include "monitor/monitor_limits.h"

#define NAMESPACE " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
#define HEAD      "  <name>a</name>\n  <uuid>u</uuid>\n"
#define WORDS     WORDS_OF("qemu:", "/d/s.sock")
#define ELEMENT   "  <qemu:commandline>\n" WORDS "  </qemu:commandline>\n"
#define WORDS_OF(prefix, path)                                                                     \
    "    <" prefix "arg value='-chardev'/>\n"                                                      \
    "    <" prefix "arg value='socket,id=domstats,path=" path ",server=on,wait=off'/>\n"           \
    "    <" prefix "arg value='-mon'/>\n"                                                          \
    "    <" prefix "arg value='chardev=domstats,mode=control'/>\n"
#define OTHER_WORD "    <qemu:arg value='-no-hpet'/>\n"
#define OTHER_ENV  "    <qemu:env name='A' value='1'/>\n"

typedef struct {
    const char *name;
    const char *before;
    const char *path;  /* "/d/s.sock" if NULL */
    const char *after; /* "error: " and what the error says, where it does not work */
    bool is_one_way;   /* taking it away does not give @before */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"a plain definition gets namespace and element",
     "<domain type='kvm'>\n" HEAD "</domain>\n", NULL,
     "<domain type='kvm'" NAMESPACE ">\n" HEAD ELEMENT "</domain>\n"},
    {"a running definition has an id",
     "<domain type='kvm' id='3'>\n" HEAD "</domain>\n", NULL,
     "<domain type='kvm' id='3'" NAMESPACE ">\n" HEAD ELEMENT "</domain>\n"},
    {"other arguments stay before it",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_WORD "  </qemu:commandline>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_WORD WORDS "  </qemu:commandline>\n</domain>\n"},
    {"variables stay behind it",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_WORD OTHER_ENV "  </qemu:commandline>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_WORD WORDS OTHER_ENV "  </qemu:commandline>\n</domain>\n"},
    {"only variables",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_ENV "  </qemu:commandline>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" WORDS OTHER_ENV "  </qemu:commandline>\n</domain>\n"},
    {"capabilities and overrides keep the namespace",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:capabilities>\n    <qemu:del capability='x'/>\n  </qemu:capabilities>\n"
     "  <qemu:override>\n    <qemu:device alias='d'/>\n  </qemu:override>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:capabilities>\n    <qemu:del capability='x'/>\n  </qemu:capabilities>\n"
     "  <qemu:override>\n    <qemu:device alias='d'/>\n  </qemu:override>\n" ELEMENT "</domain>\n"},
    {"the namespace has another prefix",
     "<domain xmlns:q=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n" HEAD "  <q:deprecation behavior='omit'/>\n</domain>\n", NULL,
     "<domain xmlns:q=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n" HEAD "  <q:deprecation behavior='omit'/>\n"
     "  <q:commandline>\n" WORDS_OF("q:", "/d/s.sock") "  </q:commandline>\n</domain>\n"},
    {"the namespace is declared where it is used",
     "<domain>\n" HEAD "  <commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'>\n    <arg value='x'/>\n  </commandline>\n</domain>\n", NULL,
     "<domain>\n" HEAD "  <commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'>\n    <arg value='x'/>\n" WORDS_OF("", "/d/s.sock") "  </commandline>\n</domain>\n"},
    {"an unused namespace goes with the monitor",
     "<domain" NAMESPACE " type='kvm'>\n" HEAD "</domain>\n", NULL,
     "<domain" NAMESPACE " type='kvm'>\n" HEAD ELEMENT "</domain>\n", .is_one_way = true},
    {"an empty element is filled",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline/>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD ELEMENT "</domain>\n", .is_one_way = true},
    {"quotes, comments, CDATA and > in values are passed over",
     "<domain a='domain/>' type=\"x>'y\">\n" HEAD "<!-- <domain> -->\n<d><![CDATA[</domain><x>]]></d>\n<?pi <x> ?>\n</domain>\n", NULL,
     "<domain a='domain/>' type=\"x>'y\"" NAMESPACE ">\n" HEAD "<!-- <domain> -->\n<d><![CDATA[</domain><x>]]></d>\n<?pi <x> ?>\n" ELEMENT "</domain>\n"},
    {"all in one line",
     "<domain><name>a</name><uuid>u</uuid></domain>", NULL,
     "<domain" NAMESPACE "><name>a</name><uuid>u</uuid>\n" ELEMENT "</domain>", .is_one_way = true},
    {"another program's namespace stays",
     "<domain xmlns:other='urn:x'>\n" HEAD "  <other:a/>\n</domain>\n", NULL,
     "<domain xmlns:other='urn:x'" NAMESPACE ">\n" HEAD "  <other:a/>\n" ELEMENT "</domain>\n"},
    {"a comma in the path is doubled",
     "<domain>\n" HEAD "</domain>\n", "/a,b/s.sock",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" WORDS_OF("qemu:", "/a,,b/s.sock") "  </qemu:commandline>\n</domain>\n"},
    {"what XML needs is escaped",
     "<domain>\n" HEAD "</domain>\n", "/a'<&/s.sock",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" WORDS_OF("qemu:", "/a&apos;&lt;&amp;/s.sock") "  </qemu:commandline>\n</domain>\n"},
    {"it is there already",
     "<domain" NAMESPACE ">\n" HEAD ELEMENT "</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD ELEMENT "</domain>\n", .is_one_way = true},
    {"it is there with another path",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" WORDS_OF("qemu:", "/old.sock") OTHER_WORD "  </qemu:commandline>\n</domain>\n", NULL,
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n" OTHER_WORD WORDS "  </qemu:commandline>\n</domain>\n", .is_one_way = true},
    {"a character device of the name that is another",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n    <qemu:arg value='-chardev'/>\n    <qemu:arg value='pty,id=domstats'/>\n  </qemu:commandline>\n</domain>\n", NULL,
     "error: character device 'domstats'"},
    {"no domain", "<network><name>a</name></network>", NULL, "error: no XML of a domain"},
    {"a document type", "<!DOCTYPE domain [<!ENTITY a 'b'>]>\n<domain>\n" HEAD "</domain>\n", NULL, "error: cannot be read at byte 0"},
    {"no end", "<domain>\n" HEAD, NULL, "error: no XML of a domain"},
    {"a tag without end", "<domain", NULL, "error: no XML of a domain"},
    {"a quote without end", "<domain a='>", NULL, "error: no XML of a domain"},
    {"two roots", "<domain>\n" HEAD "</domain><domain>\n" HEAD "</domain>", NULL, "error: no XML of a domain"},
    {"the wrong end", "<domain>\n" HEAD "</other>", NULL, "error: no XML of a domain"},
    {"nothing", "", NULL, "error: no XML of a domain"},
};
/* clang-format on */

static void
check_error(const char *got, const GError *error, const char *expected)
{
    assert_null(got);
    assert_non_null(error);
    if (strstr(error->message, expected) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", error->message, expected);
}

static void
adds_and_removes(const void *data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *added =
        monitor_edit_add(row->before, row->path ? row->path : "/d/s.sock", &error);
    g_autofree char *removed = NULL;

    if (g_str_has_prefix(row->after, "error: ")) {
        check_error(added, error, row->after + strlen("error: "));
        return;
    }
    assert_null(error);
    testing_assert_same_text(added, row->after);
    removed = monitor_edit_remove(added, &error);
    assert_non_null(removed);
    assert_null(strstr(removed, "id=domstats"));
    if (!row->is_one_way)
        testing_assert_same_text(removed, row->before);
}

typedef struct {
    const char *name;
    const char *text; /* stays as it is when the monitor is taken away */
} KeptRow;

static const KeptRow kept_rows[] = {
    {"no monitor", "<domain>\n" HEAD "</domain>\n"},
    {"one on a socket that was made by hand, by -qmp",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n    <qemu:arg value='-qmp'/>\n"
     "    <qemu:arg value='unix:/run/a.sock,server=on,wait=off'/>\n  "
     "</qemu:commandline>\n</domain>\n"},
    {"one of the name with other options",
     "<domain" NAMESPACE ">\n" HEAD "  <qemu:commandline>\n    <qemu:arg value='-chardev'/>\n"
     "    <qemu:arg value='socket,path=/a,id=domstats,server=on,wait=off'/>\n"
     "    <qemu:arg value='-mon'/>\n    <qemu:arg value='chardev=domstats,mode=control'/>\n"
     "  </qemu:commandline>\n</domain>\n"},
    {"an unused namespace", "<domain" NAMESPACE ">\n" HEAD "</domain>\n"},
};

static void
keeps_what_is_not_ours(const void *data)
{
    const KeptRow *row = data;
    g_autofree char *removed = monitor_edit_remove(row->text, NULL);

    testing_assert_same_text(removed, row->text);
}

typedef struct {
    const char *name;
    size_t n; /* elements in each other, or bytes */
    bool is_deep;
} LimitRow;

static const LimitRow limit_rows[] = {
    {"a definition past the limit of bytes", MONITOR_LIMITS_EDITED_XML_BYTES, false},
    {"elements past the limit of levels", MONITOR_LIMITS_EDITED_XML_DEPTH + 1, true},
};

static void
is_refused(const void *data)
{
    const LimitRow *row = data;
    GString *text = g_string_new("<domain>" HEAD);
    g_autoptr(GError) error = NULL;
    g_autofree char *changed = NULL;

    for (size_t i = 0; i < row->n; i++)
        g_string_append(text, row->is_deep ? "<a>" : " ");
    for (size_t i = 0; row->is_deep && i < row->n; i++)
        g_string_append(text, "</a>");
    g_string_append(text, "</domain>");
    changed = monitor_edit_add(text->str, "/d/s.sock", &error);
    assert_null(changed);
    assert_non_null(error);
    g_string_free(text, TRUE);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor edit", rows, adds_and_removes) +
           TESTING_RUN_TABLE("monitor kept", kept_rows, keeps_what_is_not_ours) +
           TESTING_RUN_TABLE("monitor limits", limit_rows, is_refused);
}
