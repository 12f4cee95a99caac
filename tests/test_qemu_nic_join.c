/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_nic_join: words x devices x open taps -> how many interfaces the guest has, and which
 * tap is whose.
 */
#include "qemu/host/qemu_nic_join.h"

#include <string.h>

#include "qemu/words/qemu_cmdline.h"
#include "testing.h"

#define Q35     "-M q35 -nodefaults "
#define E(id)   "-device e1000,id=" id ",netdev=n" id " "
#define TAP(n)  "-netdev tap,id=n" n ",ifname=tap" n " "
#define ANON(n) "-device e1000,netdev=n" n " "

typedef struct {
    const char *name;
    const char *words;
    /* Names, blanks between: of /machine/peripheral, -anon, unattached. NULL: not told. */
    const char *with_id, *without_id, *on_board;
    const char *taps;     /* "fd[+fd]:name", blanks between */
    const char *expected; /* "count: tap tap", "-" for none; "?" for no count */
} Row;

static const Row rows[] = {
    /* What people write */
    {"no interface", Q35, "", "", NULL, "", "0:"},
    {"three devices, one with a back end",
     Q35 "-netdev user,id=n0 -device e1000,id=a,netdev=n0 "
         "-device e1000,id=b -device e1000,id=c",
     "a b c", "", NULL, "", "3: - - -"},
    {"devices without an id", Q35 "-netdev user,id=n0 -device e1000,netdev=n0 -device rtl8139", "",
     "device[0] device[1]", NULL, "", "2: - -"},
    {"two on the board, one network", "-M q35 -net nic -net nic -net user", "", "",
     "device[20] device[21]", "", "2: - -"},
    {"the default interface of a PC", "", "", "", "device[21]", "", "1: -"},
    {"the default interface of q35", "-M q35", "", "", "device[29]", "", "1: -"},
    {"a board that makes none of what was asked for", "-M microvm -nic user", "", "", "", "", "0:"},
    {"-nic none", "-nic none", "", "", NULL, "", "0:"},
    {"-net none", "-net none", "", "", NULL, "", "0:"},
    {"a network without a device is none", Q35 "-netdev user,id=ch,guestfwd=tcp:10.0.2.1:1-cmd:x",
     "", "", NULL, "", "0:"},
    {"a tap without a device is none", Q35 TAP("0"), "", "", NULL, "9:tap0", "0:"},
    {"two on a hub",
     Q35 "-netdev user,id=u -netdev hubport,id=h0,hubid=0,netdev=u "
         "-netdev hubport,id=h1,hubid=0 -netdev hubport,id=h2,hubid=0 -device e1000,netdev=h1 "
         "-device e1000,netdev=h2",
     "", "device[0] device[1]", NULL, "", "2: - -"},
    {"one on a hub with a tap alone has its counters",
     Q35
     "-netdev tap,id=t,ifname=tap0 "
     "-netdev hubport,id=h0,hubid=0,netdev=t -netdev hubport,id=h1,hubid=0 -device e1000,netdev=h1",
     "", "device[0]", NULL, "9:tap0", "1: tap0"},
    {"two on a hub share a tap, which is neither's",
     Q35 "-netdev tap,id=t,ifname=tap0 "
         "-netdev hubport,id=h0,hubid=3,netdev=t -netdev hubport,id=h1,hubid=3 "
         "-netdev hubport,id=h2,hubid=3 -device e1000,netdev=h1 -device e1000,netdev=h2",
     "", "device[0] device[1]", NULL, "9:tap0", "2: - -"},
    {"-net nic -net tap", "-net nic -net tap,ifname=tap0", "", "", "device[5]", "9:tap0",
     "1: tap0"},
    {"-net nic -net tap -net user is one interface", "-net nic -net tap,ifname=tap0 -net user", "",
     "", "device[5]", "9:tap0", "1: -"},
    {"-net nic with a netdev", "-netdev tap,id=t,ifname=tap0 -net nic,netdev=t", "", "",
     "device[5]", "9:tap0", "1: tap0"},
    {"-nic tap", "-nic tap,ifname=tap0 -nic user", "", "", "device[5] device[6]", "9:tap0",
     "2: tap0 -"},
    {"a card of the ISA bus", "-M pc -nodefaults -device ne2k_isa", "", "device[0]", NULL, "",
     "1: -"},
    {"vhost-user has no tap",
     Q35 "-chardev socket,id=c,path=/x -netdev vhost-user,id=na,chardev=c " E("a"), "a", "", NULL,
     "", "1: -"},
    {"a dump beside it is none", Q35 TAP("a") E("a") "-object filter-dump,id=f,netdev=na,file=/x",
     "a", "", NULL, "9:tapa", "1: tapa"},
    {"in JSON",
     Q35 "-netdev {\"type\":\"tap\",\"id\":\"na\",\"fd\":\"9\"} "
         "-device {\"driver\":\"virtio-net-pci\",\"netdev\":\"na\",\"id\":\"a\"}",
     "a", "", NULL, "9:tap7", "1: tap7"},

    /* Taps by descriptor, by name, and without either */
    {"by descriptor", Q35 "-netdev tap,id=na,fd=35 " E("a"), "a", "", NULL, "35:vnet4", "1: vnet4"},
    {"queues in any order",
     Q35 "-netdev tap,id=na,fds=35:34 -netdev tap,id=nb,fds=33:32 " E("a") E("b"), "a b", "", NULL,
     "32+33:vnet1 34+35:vnet0", "2: vnet0 vnet1"},
    {"macvtap by descriptor", Q35 "-netdev tap,id=na,fd=30 " E("a"), "a", "", NULL, "30:macvtap0",
     "1: macvtap0"},
    {"a name that the kernel chooses", Q35 "-netdev tap,id=na " E("a"), "a", "", NULL, "9:tap0",
     "1: tap0"},
    {"two of them", "-nic tap -nic tap", "", "", "device[1] device[2]", "9:tap0 12:tap1",
     "2: tap0 tap1"},
    {"a number that the kernel chooses", Q35 "-netdev tap,id=na,ifname=vm%d " E("a"), "a", "", NULL,
     "9:vm0", "1: vm0"},
    {"a bridge", Q35 "-netdev bridge,id=na " E("a"), "a", "", NULL, "9:tap0", "1: tap0"},
    {"a bridge beside a name", Q35 "-netdev bridge,id=na " TAP("b") E("a") E("b"), "a b", "", NULL,
     "9:tap0 11:tapb", "2: tap0 tapb"},
    {"a bridge that no device has, and one that has",
     Q35 "-netdev bridge,id=x -netdev bridge,id=na " E("a"), "a", "", NULL, "9:tap0 11:tap1",
     "1: -"},
    {"a name that is not open names nobody", Q35 TAP("a") E("a"), "a", "", NULL, "", "1: -"},
    {"no descriptor can be seen", Q35 TAP("a") E("a"), "a", "", NULL, NULL, "1: -"},

    /* Renamed */
    {"renamed", Q35 TAP("a") E("a"), "a", "", NULL, "9:web0", "1: web0"},
    {"renamed, one of two", Q35 TAP("a") TAP("b") E("a") E("b"), "a b", "", NULL, "9:web0 11:tapb",
     "2: web0 tapb"},
    {"two that have changed names", Q35 TAP("a") TAP("b") E("a") E("b"), "a b", "", NULL,
     "9:tapb 11:tapa", "2: tapa tapb"},

    /* Plugged and unplugged */
    {"unplugged with its tap", Q35 TAP("a") E("a") "-netdev user,id=nb " E("b"), "b", "", NULL, "",
     "1: -"},
    {"unplugged, its tap left open", Q35 TAP("a") E("a") "-netdev user,id=nb " E("b"), "b", "",
     NULL, "9:tapa", "1: -"},
    {"all unplugged", Q35 TAP("a") E("a"), "", "", NULL, "", "0:"},
    {"one plugged without a device on the host", Q35, "e2", "", NULL, "", "1: -"},
    {"one plugged with a tap", Q35, "e2", "", NULL, "12:tap5", "1: tap5"},
    {"plugged with the same id and another tap", Q35 TAP("a") E("a"), "a", "", NULL, "9:tap5",
     "1: tap5"},
    {"plugged behind the words'", Q35 TAP("a") E("a"), "a x", "", NULL, "9:tapa 12:tap5",
     "2: tapa tap5"},
    {"plugged without an id", Q35 TAP("a") ANON("a"), "", "device[1] device[0]", NULL,
     "9:tapa 12:tap5", "2: tapa tap5"},
    {"one without an id unplugged: which is not told", Q35 TAP("a") TAP("b") ANON("a") ANON("b"),
     "", "device[1]", NULL, "9:tapa 11:tapb", "1: -"},
    {"a tap plugged, and its device not yet", Q35 TAP("a") E("a"), "a", "", NULL, "9:tapa 12:tap5",
     "1: tapa"},
    {"one of two plugged taps has lost its device", Q35, "e3", "", NULL, "9:tap4 12:tap5", "1: -"},
    {"the board's one unplugged by its path", "-nic tap,ifname=tap0", "", "", "", "9:tap0", "0:"},

    /* Not known */
    {"QEMU was not asked: no number, the open taps", Q35 TAP("a") E("a"), NULL, NULL, NULL,
     "9:tapa", "?: tapa"},
    {"one container was not told", Q35 TAP("a") E("a"), "a", NULL, NULL, "9:tapa", "?: tapa"},
    {"the board was not told", "-nic user", "", "", NULL, "", "?: -"},
    {"a board that may have its own", "-M sabrelite -nodefaults -device usb-net,id=a", "a", "",
     NULL, "", "?: -"},
    {"a device of an unknown kind", Q35 "-netdev user,id=n -device wonder-net,netdev=n", "", "",
     NULL, "", "?:"},
    {"a switch with ports", Q35 "-device rocker,name=r", "", "", NULL, "", "?:"},
    {"a file of options that is not read", Q35 "-readconfig /etc/vm.cfg", "", "", NULL, "", "?:"},
};

static GArray *
make_names(const char *text)
{
    g_auto(GStrv) words = text ? g_strsplit(text, " ", -1) : NULL;
    GArray *names = text ? g_array_new(FALSE, FALSE, sizeof(const char *)) : NULL;

    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        const char *name = g_intern_string(words[i]);

        if (name[0] != '\0')
            g_array_append_val(names, name);
    }
    return names;
}

static void
clear_tap(gpointer data)
{
    HostTap *tap = data;

    g_array_unref(tap->fds);
    g_free(tap->ifname);
}

static GArray *
make_taps(const char *text)
{
    g_auto(GStrv) words = text ? g_strsplit(text, " ", -1) : NULL;
    GArray *taps = text ? g_array_new(FALSE, FALSE, sizeof(HostTap)) : NULL;

    if (taps != NULL)
        g_array_set_clear_func(taps, clear_tap);
    for (size_t i = 0; words != NULL && words[i] != NULL && words[i][0] != '\0'; i++) {
        const char *colon = strchr(words[i], ':');
        g_autofree char *numbers = g_strndup(words[i], (size_t)(colon - words[i]));
        g_auto(GStrv) fds = g_strsplit(numbers, "+", -1);
        HostTap tap = {.ifname = g_strdup(colon + 1)};

        tap.fds = g_array_new(FALSE, FALSE, sizeof(int));
        for (size_t k = 0; fds[k] != NULL; k++) {
            int fd = (int)g_ascii_strtoll(fds[k], NULL, 10);

            g_array_append_val(tap.fds, fd);
        }
        g_array_append_val(taps, tap);
    }
    return taps;
}

/* "count: tap tap". The caller frees. */
static char *
join(const QemuNicJoinInput *input, bool *ret_is_certain)
{
    UtilCount count = {0};
    g_autoptr(GArray) joined = qemu_nic_join(input, &count);
    GString *text = g_string_new("?:");

    *ret_is_certain = true;
    if (count.is_present)
        g_string_printf(text, "%u:", (unsigned int)count.value);
    for (guint i = 0; i < joined->len; i++) {
        const QemuNicJoined *nic = &g_array_index(joined, QemuNicJoined, i);

        *ret_is_certain &= nic->is_certain;
        g_string_append_printf(text, " %s", nic->tap ? nic->tap->ifname : "-");
    }
    return g_string_free(text, FALSE);
}

/* What is certain by some of the open taps is what all of them tell. */
static void
check_parts(const Row *row, const QemuNicJoinInput *input)
{
    g_auto(GStrv) names = g_strsplit(row->taps ? row->taps : "", " ", -1);

    for (guint left_out = 0; left_out < 1U << g_strv_length(names); left_out++) {
        GString *some = g_string_new(NULL);
        g_autoptr(GArray) taps = NULL;
        QemuNicJoinInput part = *input;
        g_autofree char *text = NULL;
        bool is_certain = false;

        for (guint i = 0; names[i] != NULL; i++)
            if ((left_out >> i & 1) == 0)
                g_string_append_printf(some, "%s%s", some->len > 0 ? " " : "", names[i]);
        taps = make_taps(some->str);
        g_string_free(some, TRUE);
        part.taps = taps;
        text = join(&part, &is_certain);
        if (is_certain)
            assert_string_equal(text, row->expected);
    }
}

static void
joins(const void *data)
{
    const Row *row = data;
    g_autofree char *line = g_strconcat("qemu-system-x86_64 ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autoptr(GArray) with_id = make_names(row->with_id);
    g_autoptr(GArray) without_id = make_names(row->without_id);
    g_autoptr(GArray) on_board = make_names(row->on_board);
    g_autoptr(GArray) taps = make_taps(row->taps);
    const QemuFactsNicDevices devices = {with_id, without_id, on_board};
    const QemuNicJoinInput input = {cmdline->definition, &devices, taps};
    bool is_certain = false;
    g_autofree char *text = join(&input, &is_certain);

    assert_string_equal(text, row->expected);
    check_parts(row, &input);
}

typedef struct {
    const char *name;
    const char *words, *with_id, *taps;
    bool is_certain;
} CertainRow;

static const CertainRow certain_rows[] = {
    {"a tap by its name", Q35 TAP("a") E("a"), "a", "9:tapa", true},
    {"by its descriptor", Q35 "-netdev tap,id=na,fd=9 " E("a"), "a", "9:web0", true},
    {"no tap at all", Q35 "-netdev user,id=na " E("a"), "a", "", true},
    {"no interface", Q35, "", "9:tapa", true},
    {"a tap that was renamed", Q35 TAP("a") E("a"), "a", "9:web0", false},
    {"a name that the kernel chooses", Q35 "-netdev tap,id=na " E("a"), "a", "9:tap0", false},
    {"a tap that is not there", Q35 TAP("a") E("a"), "a", "", false},
    {"an interface that was plugged", Q35 TAP("a") E("a"), "a x", "9:tapa 12:tap5", false},
};

static void
tells_what_is_certain(const void *data)
{
    const CertainRow *row = data;
    g_autofree char *line = g_strconcat("qemu-system-x86_64 ", row->words, NULL);
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    g_autoptr(QemuCmdline) cmdline = qemu_cmdline_parse((const char *const *)words);
    g_autoptr(GArray) with_id = make_names(row->with_id);
    g_autoptr(GArray) without_id = make_names("");
    g_autoptr(GArray) taps = make_taps(row->taps);
    const QemuFactsNicDevices devices = {with_id, without_id, NULL};
    const QemuNicJoinInput input = {cmdline->definition, &devices, taps};
    bool is_certain = false;

    g_free(join(&input, &is_certain));
    assert_int_equal(is_certain, row->is_certain);
}

int
main(void)
{
    return TESTING_RUN_TABLE("qemu_nic_join", rows, joins) +
           TESTING_RUN_TABLE("qemu_nic_join: certain", certain_rows, tells_what_is_certain);
}
