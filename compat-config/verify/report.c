#include "config.h"

#include "compat-config/verify/report.h"

void report_add(GPtrArray *problems, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(problems, g_strdup_vprintf(format, args));
    va_end(args);
}

/* One thing and those who use it. */
struct use {
    GString *names;
    bool repeated;
};

struct owners {
    GHashTable *by_thing; /* thing -> struct use */
    GPtrArray *repeated;  /* keys of by_thing, in the order in which the second owner came */
};

static void free_use(gpointer data)
{
    struct use *use = data;

    (void)g_string_free(use->names, TRUE);
    g_free(use);
}

struct owners *owners_new(void)
{
    struct owners *owners = g_new0(struct owners, 1);

    owners->by_thing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_use);
    owners->repeated = g_ptr_array_new();
    return owners;
}

void owners_add(struct owners *owners, const char *thing, const char *owner)
{
    void *key, *value;
    struct use *use;

    if (!g_hash_table_lookup_extended(owners->by_thing, thing, &key, &value)) {
        use = g_new0(struct use, 1);
        use->names = g_string_new(owner);
        g_hash_table_insert(owners->by_thing, g_strdup(thing), use);
        return;
    }
    use = value;
    g_string_append_printf(use->names, ", %s", owner);
    if (!use->repeated) {
        use->repeated = true;
        g_ptr_array_add(owners->repeated, key);
    }
}

void owners_finish(struct owners *owners,
                   void (*fn)(GPtrArray *problems, const char *thing, const char *names),
                   GPtrArray *problems)
{
    for (guint i = 0; i < owners->repeated->len; i++) {
        const char *thing = g_ptr_array_index(owners->repeated, i);
        const struct use *use = g_hash_table_lookup(owners->by_thing, thing);

        fn(problems, thing, use->names->str);
    }
    g_ptr_array_unref(owners->repeated);
    g_hash_table_unref(owners->by_thing);
    g_free(owners);
}
