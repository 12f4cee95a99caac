/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_keys: the table of keys.
 */
#include "top_keys.h"

#include <curses.h>

#include "top_column.h"

#define CONTROL(letter) ((letter)&0x1f)

/* clang-format off */
const TopKeys top_keys_table[] = {
    {TOP_KEYS_ACTION_QUIT, {'q', -KEY_F(10)}, "q F10", "ends domstats top"},
    {TOP_KEYS_ACTION_HELP, {'h', '?', -KEY_F(1)}, "h ? F1", "shows the keys and the columns; any key leads back"},

    {TOP_KEYS_ACTION_VIEW, {'v', '0'}, "v 0", "virtual machines", TOP_COLUMN_VIEW_VMS},
    {TOP_KEYS_ACTION_VIEW, {'c', '1'}, "c 1", "where their CPU time goes", TOP_COLUMN_VIEW_CPU},
    {TOP_KEYS_ACTION_VIEW, {'m', '4'}, "m 4", "their memory", TOP_COLUMN_VIEW_MEMORY},
    {TOP_KEYS_ACTION_VIEW, {'d', '3'}, "d 3", "disks, each in a row", TOP_COLUMN_VIEW_DISKS},
    {TOP_KEYS_ACTION_VIEW, {'n', '2'}, "n 2", "network interfaces, each in a row", TOP_COLUMN_VIEW_NICS},
    {TOP_KEYS_ACTION_EXPAND, {'e', '\n', '\r', -KEY_ENTER}, "e Enter",
     "shows all of the selected domain: every view, and its virtual CPUs; again leads back"},

    {TOP_KEYS_ACTION_SORT, {'P'}, "P", "sorts by CPU time used", 0, "cpu"},
    {TOP_KEYS_ACTION_SORT, {'M'}, "M", "sorts by memory", 0, "mem"},
    {TOP_KEYS_ACTION_SORT, {'T'}, "T", "sorts by CPU time since the start", 0, "time"},
    {TOP_KEYS_ACTION_SORT, {'N'}, "N", "sorts by name", 0, "name"},
    {TOP_KEYS_ACTION_SORT_LEFT, {'<'}, "<", "sorts by the column to the left"},
    {TOP_KEYS_ACTION_SORT_RIGHT, {'>'}, ">", "sorts by the column to the right"},
    {TOP_KEYS_ACTION_SORT_LIST, {-KEY_F(6)}, "F6", "lists the columns; Enter sorts by one"},
    {TOP_KEYS_ACTION_REVERSE, {'R'}, "R", "turns the order around"},

    {TOP_KEYS_ACTION_SEARCH, {'/', -KEY_F(3)}, "/ F3", "searches: selects the next row whose name has the text"},
    {TOP_KEYS_ACTION_SEARCH_NEXT, {CONTROL('n')}, "Control-N", "searches on"},
    {TOP_KEYS_ACTION_FILTER, {'o', '\\', -KEY_F(4)}, "o F4 Backslash", "shows only rows that pass a filter; an empty one ends it"},

    {TOP_KEYS_ACTION_GROUP, {'t'}, "t", "groups the rows by slice, then by NUMA node, then not at all"},
    {TOP_KEYS_ACTION_BYTES, {'B'}, "B", "bytes, or requests and packets"},
    {TOP_KEYS_ACTION_UNITS, {'U'}, "U", "shows bytes in KiB, in MiB, in GiB, and again each in the unit that fits it"},
    {TOP_KEYS_ACTION_OF_HOST, {'I'}, "I", "100 % CPU is one processor, or all of the host"},
    {TOP_KEYS_ACTION_FIELDS, {'f', -KEY_F(2)}, "f F2", "chooses the columns of the view"},
    {TOP_KEYS_ACTION_DELAY, {'s'}, "s", "sets the seconds between rounds"},
    {TOP_KEYS_ACTION_PAUSE, {'p', 'Z'}, "p Z", "stops asking, and goes on"},
    {TOP_KEYS_ACTION_STEP, {',', -KEY_LEFT}, ", Left", "shows the round before, and stays there", -1},
    {TOP_KEYS_ACTION_STEP, {'.', -KEY_RIGHT}, ". Right", "shows the round after; at the last one, each new one", 1},
    {TOP_KEYS_ACTION_MARK, {' '}, "Space", "marks a domain, which stays on top of the list"},
    {TOP_KEYS_ACTION_SAVE, {'W'}, "W", "saves view, order, groups, units, delay and columns for the next start"},

    {TOP_KEYS_ACTION_MOVE, {-KEY_UP, 'k'}, "Up k", "selects the row above", -1},
    {TOP_KEYS_ACTION_MOVE, {-KEY_DOWN, 'j'}, "Down j", "selects the row below", 1},
    {TOP_KEYS_ACTION_MOVE, {-KEY_PPAGE}, "PageUp", "a page up", -TOP_KEYS_MOVE_PAGE},
    {TOP_KEYS_ACTION_MOVE, {-KEY_NPAGE}, "PageDown", "a page down", TOP_KEYS_MOVE_PAGE},
    {TOP_KEYS_ACTION_MOVE, {-KEY_HOME, 'g'}, "Home g", "selects the first row", -TOP_KEYS_MOVE_END},
    {TOP_KEYS_ACTION_MOVE, {-KEY_END, 'G'}, "End G", "selects the last row", TOP_KEYS_MOVE_END},
    {TOP_KEYS_ACTION_REDRAW, {CONTROL('l')}, "Control-L", "draws the screen anew"},
    {TOP_KEYS_ACTION_LEAVE, {TOP_KEYS_ESCAPE}, "Escape", "leads back; in the list of all, ends the filter"},
};
/* clang-format on */

size_t
top_keys_count(void)
{
    return G_N_ELEMENTS(top_keys_table);
}

const TopKeys *
top_keys_find(int code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(top_keys_table); i++)
        for (const int *own = top_keys_table[i].codes; *own != 0; own++)
            if (*own == code)
                return &top_keys_table[i];
    return NULL;
}

static void
append_escaped(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-')
            g_string_append(out, "\\-");
        else if (*text == '\\')
            g_string_append(out, "\\(rs");
        else
            g_string_append_c(out, *text);
    }
}

void
top_keys_append_manual(GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(top_keys_table); i++) {
        g_auto(GStrv) names = g_strsplit(top_keys_table[i].names, " ", 0);

        g_string_append(out, ".TP\n.B \"");
        for (size_t j = 0; names[j] != NULL; j++) {
            g_string_append(out, j == 0 ? "" : " or ");
            append_escaped(out, names[j]);
        }
        g_string_append(out, "\"\n");
        append_escaped(out, top_keys_table[i].help);
        g_string_append(out, ".\n");
    }
}
