/* What kinds of resources share with the engine; only for luxi/query. */
#ifndef GANTRY_LUXI_QUERY_QUERY_PRIVATE_H
#define GANTRY_LUXI_QUERY_QUERY_PRIVATE_H

#include "luxi/query/query.h"

/* One item of the answer. */
struct query_item {
    /* The configuration's object, borrowed from the snapshot; NULL for kinds that have none. */
    const void *object;
    /* What the kind knows beside it: a job's number, a lock's name... (owned by the kind) */
    void *extra;
    /* Live data of the kind; NULL until it is fetched. */
    void *live;
};

/* A query under way. */
struct query {
    const struct query_env *env;
    const struct cfg *cfg;
    enum query_kind kind;
    const struct query_ops *ops;
    /* Requested columns first (n_requested), then those that only the filter needs. NULL: unknown
     * field. */
    const struct qfield **columns;
    /* Of columns that are members of something: that member. */
    const struct fact_member **members;
    char **names; /* of the columns */
    size_t n_columns, n_requested;
    struct query_filter *filter;
    GArray *items;  /* struct query_item */
    guint n_passed; /* items [0, n_passed) passed the first look of the filter */
    bool is_live;   /* a column needs live data */
    bool starting, collecting;
    const struct query_items *given; /* of a resource that jobs answer; else NULL */
    void *state;                     /* of the kind */
    query_done *done;
    void *data;
};

struct query_ops {
    /* Type of query_item.object, for fields that are its members; NULL: none. */
    const struct fact_object *object;
    /* Fills query->items. names: exactly these are wanted, in this order; NULL: all, in natural
     * order. */
    bool (*list)(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp);
    /* Fetches live data for all items and then calls query_collected(), now or later. NULL: no live
     * data. */
    void (*collect)(struct query *query);
    /* Stops fetching: the query goes away. */
    void (*cancel)(struct query *query);
    /* Live data that is fetched item by item, right before the item is judged and written, and
     * dropped behind it. */
    void (*open_item)(struct query *query, struct query_item *item);
    void (*close_item)(struct query *query, struct query_item *item);
    /* Frees `state` and what the items own. */
    void (*clear)(struct query *query);
};

/* NULL for resources that only jobs answer. */
const struct query_ops *query_ops_of(enum query_kind kind);

/* Called by collect(): continues the query. */
void query_collected(struct query *query);

/* Whether a column comes from this source. */
bool query_uses_source(const struct query *query, enum qfield_source source);

/* The getter of a row that names one (facts/queryfields.h). */
typedef void query_getter(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value);
query_getter *query_getter_of(enum qfield_getter getter);

#endif
