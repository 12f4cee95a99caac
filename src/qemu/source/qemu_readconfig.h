/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_readconfig: the text of a file of options (-readconfig) -> the words that would say the
 * same. Pure.
 *
 * Knows how such a file is written, and which sections matter here.
 */
#pragma once

/* The words, NULL-terminated: "-device", "id=a,driver=e1000", ... of the sections that tell the
 * size of the machine and its interfaces. Those that make monitors are left out: such a file is its
 * manager's, and so are its monitors. NULL if QEMU would not take the text. The caller frees with
 * g_strfreev(). */
char **qemu_readconfig_make_words(const char *text);
