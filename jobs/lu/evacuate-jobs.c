/* Jobs that an allocator answers with. */
#include "config.h"

#include "jobs/lu/evacuate-jobs.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "jobs/lu/allocate.h"

static void tell_moved(struct lu *lu, const struct json *moved)
{
    if (json_len(moved) > 0) {
        g_autofree char *text = json_to_string(moved, JSON_PYTHON);
        lu_info(lu, "Instances that will move, with groups and nodes: %s", text);
    }
}

static void set_true(struct opcode *op, const char *name)
{
    const struct fact_member *member = fact_object_find(op->row->params, name);
    if (member != NULL) {
        *(bool *)(void *)((char *)op->params + member->offset) = true;
        fact_member_mark_set(op->row->params, op->params, member, true);
    }
}

/* A failover in the place of a migration. */
static void make_failover(struct opcode **op)
{
    if ((*op)->row->id != OP_ID_instance_migrate) {
        return;
    }
    const struct op_instance_migrate *from = (*op)->params;
    struct opcode *failover = opcode_new(OP_ID_instance_failover);
    struct op_instance_failover *to = failover->params;
    OP_SET_TEXT(to, instance_name, from->instance_name);
    OP_SET_TEXT(to, instance_uuid, from->instance_uuid);
    OP_SET_TEXT(to, target_node, from->target_node);
    OP_SET_TEXT(to, target_node_uuid, from->target_node_uuid);
    OP_SET(to, ignore_ipolicy, from->ignore_ipolicy);
    OP_SET(to, cleanup, from->cleanup);
    opcode_free(*op);
    *op = failover;
}

/* However the job before it ends. */
static void depend_on_previous(struct opcode *op)
{
    static const enum finalized_job_status ends[] = {FINALIZED_ERROR, FINALIZED_SUCCESS};
    struct job_dependency *dependency =
        fact_list_add(&type_job_dependency_list, &op->common->depends);
    const struct fact_member *states = fact_object_find(&fact_object_job_dependency, "states");
    dependency->job = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        int *slot = fact_list_add(states->spec->type, &dependency->states);
        *slot = (int)ends[i];
    }
    dependency->has.job = dependency->has.states = true;
    op->common->has.depends = true;
}

static bool add_job(struct lu *lu, const struct json *ops, const struct lu_evacuation *how,
                    bool is_first, GError **errp)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)opcode_free);
    for (size_t i = 0; i < json_len(ops); i++) {
        CLEANUP(json_unrefp) struct json *one = json_copy(json_at(ops, i));
        if (json_kind(one) == JSON_OBJECT && !json_has(one, "reason")) {
            json_set(one, "reason", json_new_array()); /* allocators give none */
        }
        struct opcode *op = opcode_decode(one, NULL, errp);
        if (op == NULL) {
            err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
            return false;
        }
        if (how->early_release) {
            set_true(op, "early_release");
        }
        if (how->force_failover) {
            make_failover(&op);
        }
        if (how->sequential && !is_first) {
            depend_on_previous(op);
        }
        g_ptr_array_add(list, op);
    }
    g_ptr_array_set_free_func(list, NULL);
    lu_jobs_add(lu, (struct opcode *const *)(void *)list->pdata, list->len);
    return true;
}

/* [[moved instances], [instances that cannot move], [jobs]] */
static bool add_jobs(struct lu *lu, const struct json *answer, const struct lu_evacuation *how,
                     GError **errp)
{
    const struct json *failed = json_at(answer, 1), *jobs = json_at(answer, 2);
    if (json_len(failed) > 0) {
        g_autofree char *text = json_to_string(failed, JSON_PYTHON);
        lu_warn(lu, "Instances that cannot move: %s", text);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "There are instances that cannot move: %s",
                        text);
    }
    tell_moved(lu, json_at(answer, 0));
    for (size_t i = 0; i < json_len(jobs); i++) {
        if (!add_job(lu, json_at(jobs, i), how, i == 0, errp)) {
            return false;
        }
    }
    return true;
}

bool lu_evacuation_ask(struct lu *lu, const struct ia_request *request, const char *allocator,
                       const struct lu_evacuation *how, GError **errp)
{
    struct ia_answer answer = {0};
    bool ok = lu_allocate(lu, request, allocator, &answer, errp) &&
              add_jobs(lu, answer.result, how, errp);
    ia_answer_clear(&answer);
    return ok;
}
