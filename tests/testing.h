/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * testing: cmocka and its four headers, the table runner, text differences.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

/* Runs @check once for each row of the array @rows, as a cmocka test of its own named by the
 * row's first member, a const char *: the sentence that a failure shows. Is what main() gives. */
#define TESTING_RUN_TABLE(group, rows, check)                                                      \
    testing_run_table((group), (rows), sizeof((rows)[0]), G_N_ELEMENTS(rows), (check))

typedef void (*TestingCheck)(const void *row);

int testing_run_table(const char *group, const void *rows, size_t row_size, size_t n_rows,
                      TestingCheck check);

/* Fails with both texts and the first line that differs. */
void testing_assert_same_text(const char *got, const char *expected);

/* Fails if @n is not among @least to @most. cmocka 2 has no macro for it that cmocka 1 has too. */
void testing_assert_in_range(guint64 n, guint64 least, guint64 most);

/* Fails if the table in docs/@file between the marks "<!-- NAME: begin -->" and "<!-- NAME: end
 * -->" is not @expected. With TESTING_UPDATE=1 writes it there instead; read the difference line by
 * line. */
void testing_assert_document(const char *file, const char *name, const char *expected);

/* A new empty folder that testing_remove_folder() takes away with all in it; if the test does not
 * come to that, because it fails or is killed, it goes when the process ends. */
char *testing_make_folder(void);
void testing_remove_folder(char *path);

/* Writes a file, making the folders above it. */
void testing_write_file(const char *folder, const char *name, const char *text);

/* Where the source tree's tests folder is: from DOMSTATS_TESTS, which meson sets. */
const char *testing_source_folder(void);
