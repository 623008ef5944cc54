#include "config.h"

#include "base/json.h"
#include "luxi/query/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every column has a value of the kind that its leaf's name begins with. */
static bool sample_value(const struct query_filter_item *item, size_t column,
                         struct query_value *ret_value)
{
    (void)item;
    switch (column % 5) {
    case 0:
        query_set_text(ret_value, "web1.example.com");
        break;
    case 1:
        query_set_int(ret_value, 7);
        break;
    case 2:
        query_set_bool(ret_value, true);
        break;
    case 3:
        query_set_json(ret_value, json_new_array());
        break;
    default:
        return false;
    }
    return true;
}

static void set_column(struct query_filter *leaf, void *data)
{
    (void)data;
    leaf->column = (size_t)(unsigned char)leaf->field[0];
    leaf->flags =
        (unsigned)(unsigned char)leaf->field[0] & (QF_HOSTNAME | QF_SPLIT_TIMESTAMP | QF_JOB_ID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct query_filter_item item = {.value = sample_value};
    struct query_filter *filter = NULL;
    struct json *json = NULL;
    bool match;

    if (!json_parse((const char *)data, (gssize)size, &json, NULL)) {
        return 0;
    }
    if (query_filter_parse(json, &filter, NULL)) {
        query_filter_walk(filter, set_column, NULL);
        (void)query_filter_match(filter, &item, &match, NULL);
        g_clear_pointer(&filter, query_filter_free);
    }
    json_unref(json);
    return 0;
}
