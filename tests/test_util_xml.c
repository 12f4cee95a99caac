/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_util_xml: which texts are documents, and what their elements hold.
 */
#include "util/util_xml.h"

#include <string.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* content and attribute "k" of each <b> in the root; NULL: no document */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"text", "<a><b>x</b></a>", "x:-"},
    {"an attribute", "<a><b k='v'/></a>", ":v"},
    {"several of one name, others between", "<a><b>x</b>.<c/><b>y</b></a>", "x:- y:-"},
    {"text in elements inside", "<a><b>x<c>y</c></b></a>", "xy:-"},
    {"text that is marked as such", "<a><b><![CDATA[<x>]]></b></a>", "<x>:-"},
    {"an attribute of a namespace is another one", "<a xmlns:n='urn:n'><b n:k='v'/></a>", ":-"},
    {"no such element", "<a/>", ""},
    {"elements inside others are not in the root", "<a><c><b>x</b></c></a>", ""},
    {"an element that does not end", "<a><b>", NULL},
    {"two roots", "<a/><a/>", NULL},
    {"nothing", "", NULL},
    {"a document type", "<!DOCTYPE a><a><b>x</b></a>", NULL},
    {"entities, each of which is several of another",
     "<!DOCTYPE a [<!ENTITY e 'xx'><!ENTITY f '&e;&e;'>]><a><b>&f;&f;</b></a>", NULL},
    {"an entity of another file", "<!DOCTYPE a [<!ENTITY e SYSTEM '/etc/passwd'>]><a><b>&e;</b></a>", NULL},
};
/* clang-format on */

static void
reads_elements(const void *data)
{
    const Row *row = data;
    g_autoptr(UtilXmlDocument) document = util_xml_parse(row->text, strlen(row->text));
    const xmlNode *node = util_xml_child(util_xml_root(document), "b");
    g_autoptr(GString) got = g_string_new(NULL);

    for (; node != NULL; node = util_xml_next(node, "b")) {
        g_autofree char *content = util_xml_content(node);
        g_autofree char *attribute = util_xml_attribute(node, "k");

        g_string_append_printf(got, "%s%s:%s", got->len > 0 ? " " : "", content,
                               attribute ? attribute : "-");
    }
    assert_int_equal(document == NULL, row->expected == NULL);
    assert_string_equal(got->str, row->expected ? row->expected : "");
}

int
main(void)
{
    return TESTING_RUN_TABLE("util_xml", rows, reads_elements);
}
