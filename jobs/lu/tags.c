/* Tags (reference: lib/cmdlib/tags.py, lib/objects.py TaggableObject). */
#include "config.h"

#include "jobs/lu/tags.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

bool lu_tag_check(const char *tag, GError **errp)
{
    if (*tag == '\0') {
        return err_fail(errp, ERR_TAG, ECODE_NONE, "Tags cannot be empty");
    }
    if (g_utf8_strlen(tag, -1) > C_MAX_TAG_LEN) {
        return err_fail(errp, ERR_TAG, ECODE_NONE, "Tag '%.20s...' is longer than %d characters",
                        tag, C_MAX_TAG_LEN);
    }
    for (const char *at = tag; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_isalnum(c) && (c >= 0x80 || strchr("_.+*/:@-", (int)c) == NULL)) {
            return err_fail(errp, ERR_TAG, ECODE_NONE,
                            "Tag '%s' has characters other than letters, digits and _.+*/:@-", tag);
        }
    }
    return true;
}

/* --- The object that has them -------------------------------------------------------------------
 */
struct own {
    bool is_cluster;
    enum cfg_kind kind;
    char *uuid;
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->uuid);
}

static const struct tag_set *tags_of(enum cfg_kind kind, const void *object)
{
    const struct fact_member *member = fact_object_find(cfg_kind_object(kind), "tags");
    return (const struct tag_set *)(const void *)((const char *)object + member->offset);
}

static const struct tag_set *current_tags(struct lu *lu)
{
    const struct own *own = lu->own;
    if (own->is_cluster) {
        return &cfg_cluster(lu_cfg(lu))->tags;
    }
    const void *object = cfg_get(lu_cfg(lu), own->kind, own->uuid);
    return object != NULL ? tags_of(own->kind, object) : NULL;
}

/* Finds the object and asks for its lock. */
static bool find(struct lu *lu, enum tag_kind kind, const char *name, bool lock, GError **errp)
{
    struct own *own = lu->own;
    enum lock_level level = LOCK_LEVEL_CLUSTER;
    const char *lock_on = NULL, *uuid = NULL;

    if (kind != TAG_CLUSTER && name == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The name of the %s is missing",
                        fact_enum_tag_kind.words[kind]);
    }
    switch (kind) {
    case TAG_CLUSTER:
        own->is_cluster = true;
        return true;
    case TAG_NODE: {
        const struct node *node = lu_expand_node(lu, name, NULL, errp);
        own->kind = CFG_KIND_node;
        level = LOCK_LEVEL_NODE;
        lock_on = uuid = node != NULL ? node->uuid : NULL;
        break;
    }
    case TAG_INSTANCE: {
        const struct instance *instance = lu_expand_instance(lu, name, NULL, errp);
        own->kind = CFG_KIND_instance;
        level = LOCK_LEVEL_INSTANCE;
        uuid = instance != NULL ? instance->uuid : NULL;
        lock_on = instance != NULL ? instance->name : NULL;
        break;
    }
    case TAG_NODEGROUP: {
        const struct node_group *group = lu_expand_group(lu, name, errp);
        own->kind = CFG_KIND_group;
        level = LOCK_LEVEL_NODEGROUP;
        lock_on = uuid = group != NULL ? group->uuid : NULL;
        break;
    }
    case TAG_NETWORK: {
        const struct network *network = lu_expand_network(lu, name, errp);
        own->kind = CFG_KIND_network;
        level = LOCK_LEVEL_NETWORK;
        lock_on = uuid = network != NULL ? network->uuid : NULL;
        break;
    }
    }
    if (uuid == NULL) {
        return false;
    }
    own->uuid = g_strdup(uuid);
    if (lock) {
        lu_need(lu, level, lock_on);
    }
    return true;
}

/* It may have gone while the job waited for its lock, or for none. */
static bool still_there(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    if (current_tags(lu) != NULL) {
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "The object %s has gone meanwhile",
                    own->uuid);
}

/* --- OP_TAGS_GET --------------------------------------------------------------------------------
 */
static bool get_names(struct lu *lu, GError **errp)
{
    const struct op_tags_get *op = lu_params(lu);
    lu_need_all_shared(lu);
    return find(lu, op->kind, op->name, op->use_locking, errp);
}

static bool get_exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct tag_set *tags = current_tags(lu);
    json_write_array_begin(result);
    for (size_t i = 0; i < tags->n; i++) {
        json_write_string(result, tags->v[i]);
    }
    json_write_array_end(result);
    return true;
}

LU(tags_get, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = get_names,
   .check_prereq = still_there, .exec = get_exec)

/* --- OP_TAGS_SET, OP_TAGS_DEL -------------------------------------------------------------------
 */
/* The tags of the object as the transaction may change them. */
static struct tag_set *edit_tags(struct lu *lu, struct cfg_txn *txn)
{
    const struct own *own = lu->own;
    if (own->is_cluster) {
        return &cfg_txn_edit_cluster(txn)->tags;
    }
    void *object = cfg_txn_edit(txn, own->kind, own->uuid);
    return object != NULL ? (struct tag_set *)tags_of(own->kind, object) : NULL;
}

static struct fact_list *as_set(struct tag_set *tags)
{
    return (struct fact_list *)(void *)tags;
}

static bool check_tags(const struct str_list *tags, GError **errp)
{
    for (size_t i = 0; i < tags->n; i++) {
        if (!lu_tag_check(tags->v[i], errp)) {
            return false;
        }
    }
    return true;
}

static bool set_names(struct lu *lu, GError **errp)
{
    const struct op_tags_set *op = lu_params(lu);
    return find(lu, op->kind, op->name, true, errp);
}

static bool set_prereq(struct lu *lu, GError **errp)
{
    const struct op_tags_set *op = lu_params(lu);
    return still_there(lu, errp) && check_tags(&op->tags, errp);
}

static bool set_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_tags_set *op = lu_params(lu);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct tag_set *tags = edit_tags(lu, txn);
    for (size_t i = 0; i < op->tags.n; i++) {
        if (tags->n >= C_MAX_TAGS_PER_OBJ && !fact_set_has(as_set(tags), op->tags.v[i])) {
            cfg_txn_abort(txn);
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "An object can have %d tags, not more",
                            C_MAX_TAGS_PER_OBJ);
        }
        fact_set_add(as_set(tags), op->tags.v[i]);
    }
    return lu_commit(lu, txn, errp);
}

LU(tags_set, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = set_names,
   .check_prereq = set_prereq, .exec = set_exec)

static bool del_names(struct lu *lu, GError **errp)
{
    const struct op_tags_del *op = lu_params(lu);
    return find(lu, op->kind, op->name, true, errp);
}

static bool del_prereq(struct lu *lu, GError **errp)
{
    const struct op_tags_del *op = lu_params(lu);
    if (!still_there(lu, errp) || !check_tags(&op->tags, errp)) {
        return false;
    }
    const struct tag_set *tags = current_tags(lu);
    g_autoptr(GString) missing = g_string_new(NULL);
    for (size_t i = 0; i < op->tags.n; i++) {
        if (!fact_set_has((const struct fact_list *)(const void *)tags, op->tags.v[i])) {
            g_string_append_printf(missing, "%s'%s'", missing->len > 0 ? ", " : "", op->tags.v[i]);
        }
    }
    if (missing->len > 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "It does not have the tag(s) %s",
                        missing->str);
    }
    return true;
}

static bool del_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_tags_del *op = lu_params(lu);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct tag_set *tags = edit_tags(lu, txn);
    for (size_t i = 0; i < op->tags.n; i++) {
        fact_set_remove(as_set(tags), op->tags.v[i]);
    }
    return lu_commit(lu, txn, errp);
}

LU(tags_del, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = del_names,
   .check_prereq = del_prereq, .exec = del_exec)

/* --- OP_TAGS_SEARCH -----------------------------------------------------------------------------
 */
struct search_own {
    GRegex *pattern;
};

static void search_clear(void *data)
{
    struct search_own *own = data;
    g_clear_pointer(&own->pattern, g_regex_unref);
}

static bool search_prereq(struct lu *lu, GError **errp)
{
    const struct op_tags_search *op = lu_params(lu);
    struct search_own *own = lu->own;
    g_autoptr(GError) error = NULL;
    own->pattern = g_regex_new(op->pattern, G_REGEX_OPTIMIZE, 0, &error);
    if (own->pattern == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Invalid search pattern '%s': %s",
                        op->pattern, error->message);
    }
    return true;
}

static void add_matches(const struct search_own *own, const struct tag_set *tags, const char *path,
                        struct json_writer *result)
{
    for (size_t i = 0; i < tags->n; i++) {
        if (g_regex_match(own->pattern, tags->v[i], 0, NULL)) {
            json_write_array_begin(result);
            json_write_string(result, path);
            json_write_string(result, tags->v[i]);
            json_write_array_end(result);
        }
    }
}

/* Part of the path of a kind of objects, as clients know it. */
static const struct {
    enum cfg_kind kind;
    const char *part;
} searched[] = {
    {CFG_KIND_instance, "instances"},
    {CFG_KIND_node, "nodes"},
    {CFG_KIND_group, "nodegroup"},
    {CFG_KIND_network, "network"},
};

static bool search_exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct search_own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    json_write_array_begin(result);
    add_matches(own, &cfg_cluster(cfg)->tags, "/cluster", result);
    for (size_t i = 0; i < G_N_ELEMENTS(searched); i++) {
        enum cfg_kind kind = searched[i].kind;
        const struct fact_member *name = fact_object_find(cfg_kind_object(kind), "name");
        for (size_t j = 0; j < cfg_count(cfg, kind); j++) {
            const void *object = cfg_at(cfg, kind, j);
            const char *text = *(char *const *)(const void *)((const char *)object + name->offset);
            g_autofree char *path = g_strdup_printf("/%s/%s", searched[i].part, text);
            add_matches(own, tags_of(kind, object), path, result);
        }
    }
    json_write_array_end(result);
    return true;
}

LU(tags_search, .own_size = sizeof(struct search_own), .clear = search_clear,
   .check_prereq = search_prereq, .exec = search_exec)
