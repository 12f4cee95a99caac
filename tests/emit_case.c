/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * emit_case: see emit_case.h.
 */
#include "emit_case.h"

char *
emit_case_text(const virTypedParameter *params, int n_params)
{
    GString *text = g_string_new(NULL);

    for (int i = 0; i < n_params; i++) {
        const virTypedParameter *param = &params[i];

        g_string_append(text, param->field);
        if (param->type == VIR_TYPED_PARAM_INT)
            g_string_append_printf(text, " int %d\n", param->value.i);
        else if (param->type == VIR_TYPED_PARAM_UINT)
            g_string_append_printf(text, " uint %u\n", param->value.ui);
        else if (param->type == VIR_TYPED_PARAM_LLONG)
            g_string_append_printf(text, " llong %lld\n", param->value.l);
        else if (param->type == VIR_TYPED_PARAM_ULLONG)
            g_string_append_printf(text, " ullong %llu\n", param->value.ul);
        else if (param->type == VIR_TYPED_PARAM_DOUBLE)
            g_string_append_printf(text, " double %g\n", param->value.d);
        else if (param->type == VIR_TYPED_PARAM_BOOLEAN)
            g_string_append_printf(text, " boolean %d\n", param->value.b);
        else
            g_string_append_printf(text, " string %s\n", param->value.s);
    }
    return g_string_free(text, FALSE);
}

GArray *
emit_case_array(const void *elements, guint n, guint element_size)
{
    GArray *array = g_array_new(FALSE, TRUE, element_size);

    return g_array_append_vals(array, elements, n);
}

void
emit_case_set_nodes(EmitCase *self, const QemuFactsNode *nodes, guint n_nodes)
{
    QemuFacts *facts = &self->facts;

    facts->nodes = emit_case_array(nodes, n_nodes, sizeof(*nodes));
    facts->node_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < n_nodes; i++) {
        QemuFactsNode *node = &g_array_index(facts->nodes, QemuFactsNode, i);

        g_hash_table_insert(facts->node_by_name, (gpointer)node->node_name, node);
    }
}

void
emit_case_tell_by_libvirt(EmitCase *self)
{
    if (!self->has_definition) {
        qemu_definition_free(self->definition);
        self->definition = qemu_definition_new_of_libvirt();
    }
    self->has_definition = true;
}

void
emit_case_check(const void *data)
{
    const EmitRow *row = data;
    EmitCase self = {.input = {.is_active = true, .ticks_per_second = 100, .page_bytes = 4096}};
    g_auto(UtilParams) params = {0};
    QemuFieldWriter writer = {.params = &params};
    virTypedParameter *array = NULL;
    int n_params = 0;
    bool is_whole = false;
    g_autofree char *text = NULL;

    qemu_facts_init(&self.facts);
    self.definition = qemu_definition_new();
    row->fill(&self);
    self.input.facts = &self.facts;
    self.input.definition = self.has_definition ? self.definition : NULL;
    is_whole = row->emit(&writer, &self.input);
    assert_true(util_params_steal(&params, &array, &n_params, NULL));
    text = emit_case_text(array, n_params);
    util_params_free_array(array, n_params);
    g_clear_pointer(&self.facts.resctrl, g_array_unref);
    qemu_facts_clear(&self.facts);
    qemu_definition_free(self.definition);
    testing_assert_same_text(text, row->expected);
    assert_int_equal(is_whole, row->is_whole);
}

void
emit_case_fill_nothing(EmitCase *self)
{
    (void)self;
}

void
emit_case_fill_inactive(EmitCase *self)
{
    self->input.is_active = false;
    self->input.with_ext = true;
}

void
emit_case_fill_off(EmitCase *self)
{
    emit_case_fill_inactive(self);
    self->facts.status = "running";
    self->facts.is_running = true;
    self->facts.host.has_process = true;
    self->facts.nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
}
