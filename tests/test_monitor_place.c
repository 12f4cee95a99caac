/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_place: where the socket of a monitor is, and whether a QEMU of libvirt may make it
 * there: owners of folders, AppArmor, SELinux.
 */
#include "testing.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/monitor_apparmor.h"
#include "monitor/monitor_caps.h"
#include "monitor/monitor_listening.h"
#include "monitor/monitor_place.h"

#define UUID "7d8c1fc6-16c4-4e9a-93e4-4077384c98c9"

typedef struct {
    const char *name;
    const char *rules;
    bool is_allowed;
} AppArmorRow;

/* clang-format off */
static const AppArmorRow apparmor_rows[] = {
    {"the rule that the error names", "/var/lib/libvirt/qemu/domstats-*.sock rw,", true},
    {"for the owner of the file", "  owner /var/lib/libvirt/qemu/domstats-*.sock rw,", true},
    {"in quotes, with tabs", "\t\"/var/lib/libvirt/qemu/*.sock\"\trwk,", true},
    {"for all below", "/var/lib/** rw,", true},
    {"among others", "# a comment\n/dev/kvm rw,\n/var/lib/libvirt/qemu/* w,\n", true},
    {"one star does not cross a slash", "/var/lib/* rw,", false},
    {"reading alone", "/var/lib/libvirt/qemu/domstats-*.sock r,", false},
    {"a comment", "# /var/lib/libvirt/qemu/domstats-*.sock rw,", false},
    {"a refusal", "deny /var/lib/libvirt/qemu/domstats-*.sock w,", false},
    {"without its end", "/var/lib/libvirt/qemu/domstats-*.sock rw", false},
    {"alternatives are not understood", "/var/lib/libvirt/{qemu,x}/* rw,", false},
    {"nothing", "", false},
};

typedef struct {
    const char *name;
    const char *label;
    bool is_read;
    unsigned int uid, gid;
} OwnerRow;

static const OwnerRow owner_rows[] = {
    {"libvirt's form", "+64055:+107", true, 64055, 107},
    {"without signs", "0:0", true, 0, 0},
    {"names", "qemu:qemu", false, 0, 0},
    {"no group", "+5", false, 0, 0},
    {"too large", "+4294967296:+0", false, 0, 0},
    {"nothing", NULL, false, 0, 0},
};

typedef struct {
    const char *name;
    const char *uri;
    bool is_local;
    const char *folder; /* NULL: not known; "": a home's */
} UriRow;

static const UriRow uri_rows[] = {
    {"the system's", "qemu:///system", true, "/var/lib/libvirt/qemu"},
    {"the system's by its socket", "qemu+unix:///system?socket=/run/x", true, "/var/lib/libvirt/qemu"},
    {"a session", "qemu:///session", true, ""},
    {"another host's", "qemu+ssh://root@host/system", false, "/var/lib/libvirt/qemu"},
    {"a session of another host", "qemu+ssh://host/session", false, NULL},
};

typedef struct {
    const char *name;
    const char *path;
    bool is_of_another;
} CopyRow;

static const CopyRow copy_rows[] = {
    {"its own", "/d/domstats-" UUID ".sock", false},
    {"another's", "/d/domstats-00000000-16c4-4e9a-93e4-4077384c98c9.sock", true},
    {"a name that a person gave", "/d/domstats-web.sock", false},
    {"another file", "/d/web.sock", false},
    {"hardly a name", "/d/domstats-.sock", false},
};

/* What stands in the capabilities, in the definition, and of what mode the folder is. */
typedef struct {
    const char *name;
    const char *models;
    const char *labels;
    mode_t mode;
    const char *rules; /* in the local file of AppArmor; NULL: there is none */
    const char *error; /* NULL: QEMU may make the socket */
} CheckRow;

#define DAC(label) "<secmodel><model>dac</model><baselabel type='kvm'>" label "</baselabel></secmodel>"
#define APPARMOR   "<secmodel><model>apparmor</model></secmodel>"
#define SELINUX    "<secmodel><model>selinux</model></secmodel>"

static const CheckRow check_rows[] = {
    {"QEMUs of root", DAC("+0:+0"), "", 0750, NULL, NULL},
    {"QEMUs of the folder's owner", DAC("+OWNER:+5"), "", 0750, NULL, NULL},
    {"a group that may write", DAC("+5:+GROUP"), "", 0770, NULL, NULL},
    {"a group that may not", DAC("+5:+GROUP"), "", 0750, NULL, "user 5, group"},
    {"another user", DAC("+5:+5"), "", 0770, NULL, "may not write to '/f'"},
    {"everybody may write", DAC("+0:+0"), "", 0777, NULL, "everybody may write there"},
    {"a user of its own", DAC("+5:+5"), "<seclabel type='static' model='dac'><label>+OWNER:+OWNER</label></seclabel>",
     0750, NULL, NULL},
    {"a user of its own that may not", DAC("+0:+0"), "<seclabel type='static' model='dac'><label>+5:+5</label></seclabel>",
     0750, NULL, "user 5, group 5"},
    {"whose it is is not told", "", "", 0750, NULL, NULL},
    {"AppArmor without the rule", APPARMOR, "", 0750, NULL, "write the line '/f/domstats-*.sock rw,' into"},
    {"AppArmor with the rule", APPARMOR, "", 0750, "/f/domstats-*.sock rw,\n", NULL},
    {"a domain without AppArmor", APPARMOR, "<seclabel type='none' model='apparmor'/>", 0750, NULL, NULL},
    {"a domain without any", APPARMOR SELINUX, "<seclabel type='none'/>", 0750, NULL, NULL},
    {"a domain without another", APPARMOR, "<seclabel type='none' model='selinux'/>", 0750, NULL, "AppArmor"},
    {"SELinux and a folder without its type", SELINUX, "", 0750, NULL, "not the type qemu_var_run_t"},
};

typedef struct {
    const char *name;
    const char *line; /* of /proc/net/unix */
    const char *path;
    int id; /* 0: whether somebody listens at @path */
    bool is_found;
} ListeningRow;

#define LISTENING "0000000000000000: 00000002 00000000 00010000 0001 01 33 "
#define CONNECTED "0000000000000000: 00000003 00000000 00000000 0001 03    33 "

static const ListeningRow listening_rows[] = {
    {"a listener", LISTENING "/d/a.sock\n", "/d/a.sock", 0, true},
    {"its path has blanks", LISTENING "/d/a b  c.sock\n", "/d/a b  c.sock", 0, true},
    {"a client", CONNECTED "/d/a.sock\n", "/d/a.sock", 0, false},
    {"no path", "0000000000000000: 00000002 00000000 00010000 0001 01 33\n", "", 0, false},
    {"an abstract name", LISTENING "@/d/a.sock\n", "/d/a.sock", 0, false},
    {"in the folder of a domain", LISTENING "/d/domain-7-web/domstats.sock\n", "/d/domain-7-web/domstats.sock", 7, true},
    {"libvirt's own there", LISTENING "/d/domain-7-web/monitor.sock\n", "", 7, false},
    {"that of another id", LISTENING "/d/domain-77-web/domstats.sock\n", "", 7, false},
    {"that of another folder", LISTENING "/e/domain-7-web/domstats.sock\n", "", 7, false},
    {"nothing", "", "", 7, false},
};
/* clang-format on */

static void
says_whether_it_is_allowed(const void *data)
{
    const AppArmorRow *row = data;

    assert_int_equal(
        monitor_apparmor_allows(row->rules, "/var/lib/libvirt/qemu/domstats-" UUID ".sock"),
        row->is_allowed);
}

static void
reads_the_owner(const void *data)
{
    const OwnerRow *row = data;
    uid_t uid = 0;
    gid_t gid = 0;

    assert_int_equal(monitor_caps_parse_owner(row->label, &uid, &gid), row->is_read);
    assert_int_equal(uid, row->uid);
    assert_int_equal(gid, row->gid);
}

static void
knows_the_folder(const void *data)
{
    const UriRow *row = data;
    g_autofree char *folder = monitor_place_folder(row->uri, NULL);

    assert_int_equal(monitor_place_is_local(row->uri), row->is_local);
    if (row->folder == NULL)
        assert_null(folder);
    else if (*row->folder == '\0')
        assert_true(g_str_has_suffix(folder, "/libvirt/qemu/lib"));
    else
        assert_string_equal(folder, row->folder);
}

static void
knows_copies(const void *data)
{
    const CopyRow *row = data;

    assert_int_equal(monitor_place_is_of_another(row->path, UUID), row->is_of_another);
}

/* @text with the numbers of this process for OWNER and GROUP. */
static char *
fill_in(const char *text)
{
    g_autofree char *owner = g_strdup_printf("%u", getuid());
    g_autofree char *group = g_strdup_printf("%u", getgid());
    GString *out = g_string_new(text);

    g_string_replace(out, "OWNER", owner, 0);
    g_string_replace(out, "GROUP", group, 0);
    return g_string_free(out, FALSE);
}

static void
says_whether_it_may(const void *data)
{
    const CheckRow *row = data;
    g_autofree char *models = fill_in(row->models);
    g_autofree char *labels = fill_in(row->labels);
    g_autofree char *capabilities =
        g_strdup_printf("<capabilities><host>%s</host></capabilities>", models);
    g_autofree char *text =
        g_strdup_printf("<domain><name>a</name><uuid>" UUID "</uuid>%s</domain>", labels);
    g_autoptr(MonitorCaps) caps = monitor_caps_parse(capabilities);
    g_autoptr(MonitorXml) xml = monitor_xml_parse(text, NULL);
    g_autoptr(GError) error = NULL;
    char *root = testing_make_folder();
    g_autofree char *folder = g_build_filename(root, "f", NULL);

    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(chmod(folder, row->mode), 0);
    if (row->rules != NULL)
        testing_write_file(root, &MONITOR_APPARMOR_FILE[1], row->rules);
    assert_int_equal(monitor_place_check("/f/domstats-" UUID ".sock", xml, caps, root, &error),
                     row->error == NULL);
    if (row->error != NULL && strstr(error->message, row->error) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", error->message, row->error);
    testing_remove_folder(root);
}

static void
finds_listeners(const void *data)
{
    const ListeningRow *row = data;
    g_autoptr(MonitorListening) listening = monitor_listening_parse(row->line);

    if (row->id == 0)
        assert_int_equal(monitor_listening_has(listening, row->path), row->is_found);
    else
        assert_int_equal(g_strcmp0(monitor_listening_find_live(listening, "/d", row->id),
                                   row->is_found ? row->path : NULL),
                         0);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor AppArmor", apparmor_rows, says_whether_it_is_allowed) +
           TESTING_RUN_TABLE("monitor owner", owner_rows, reads_the_owner) +
           TESTING_RUN_TABLE("monitor folder", uri_rows, knows_the_folder) +
           TESTING_RUN_TABLE("monitor copy", copy_rows, knows_copies) +
           TESTING_RUN_TABLE("monitor check", check_rows, says_whether_it_may) +
           TESTING_RUN_TABLE("monitor listening", listening_rows, finds_listeners);
}
