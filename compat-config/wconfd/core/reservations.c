#include "config.h"

#include "compat-config/wconfd/core/reservations.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

struct reservation {
    struct client_id client;
    char *value;
};

/* The minors of one node. */
struct node_minors {
    char *node;
    GArray *minors; /* struct reserved_minor */
};

struct reservations {
    GTree *values[RESERVED_COUNT]; /* value -> struct reservation */
    GTree *nodes;                  /* UUID -> struct node_minors */
};

#define MEMBER_DRBD "dRBD"

static const char *const members[RESERVED_COUNT] = {
#define RESERVED(kind, member) [RESERVED_##kind] = member,
    RESERVED_KINDS(RESERVED)
#undef RESERVED
};

/* ---- addresses ---- */

char *reserved_ip_value(const char *action, const char *address, const char *network)
{
    return g_strjoin(" ", action, address, network, NULL);
}

bool reserved_ip_parse(const char *value, struct reserved_ip *ret)
{
    g_auto(GStrv) parts = g_strsplit(value, " ", -1);

    if (g_strv_length(parts) != 3) {
        return false;
    }
    *ret = (struct reserved_ip){
        .action = g_steal_pointer(&parts[0]), .address = parts[1], .network = parts[2]};
    parts[1] = NULL;
    parts[2] = NULL;
    return true;
}

void reserved_ip_clear(struct reserved_ip *ip)
{
    g_free(ip->action);
    g_free(ip->address);
    g_free(ip->network);
}

void reserved_ip_write(const char *value, struct json_writer *w)
{
    g_auto(GStrv) parts = g_strsplit(value, " ", -1);

    json_write_array_begin(w);
    for (size_t i = 0; parts[i] != NULL; i++) {
        json_write_string(w, parts[i]);
    }
    json_write_array_end(w);
}

static uint32_t address_number(const char *address)
{
    struct in_addr in;

    return inet_pton(AF_INET, address, &in) == 1 ? ntohl(in.s_addr) : 0;
}

/* By action, network, number of the address: the order of the reference's set. */
static int compare_ips(const char *a, const char *b)
{
    struct reserved_ip first = {0}, second = {0};
    int difference;

    if (!reserved_ip_parse(a, &first) || !reserved_ip_parse(b, &second)) {
        difference = strcmp(a, b);
    } else {
        difference = strcmp(second.action, first.action); /* "reserve" before "release" */
        if (difference == 0) {
            difference = strcmp(first.network, second.network);
        }
        if (difference == 0) {
            uint32_t n = address_number(first.address), k = address_number(second.address);

            difference = (n > k) - (n < k);
        }
    }
    reserved_ip_clear(&first);
    reserved_ip_clear(&second);
    return difference;
}

/* ---- the table ---- */

static int compare_values(const void *a, const void *b, void *kind)
{
    return GPOINTER_TO_INT(kind) == RESERVED_IPV4 ? compare_ips(a, b) : strcmp(a, b);
}

static int compare_texts(const void *a, const void *b, void *unused)
{
    (void)unused;
    return strcmp(a, b);
}

static void reservation_free(void *data)
{
    struct reservation *reservation = data;

    fact_object_clear(&fact_object_client_id, &reservation->client);
    g_free(reservation->value);
    g_free(reservation);
}

static void minor_clear(void *data)
{
    g_free(((struct reserved_minor *)data)->disk);
}

static void node_minors_free(void *data)
{
    struct node_minors *node = data;

    g_free(node->node);
    g_array_unref(node->minors);
    g_free(node);
}

struct reservations *reservations_new(void)
{
    struct reservations *res = g_new0(struct reservations, 1);

    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        res->values[kind] =
            g_tree_new_full(compare_values, GINT_TO_POINTER(kind), NULL, reservation_free);
    }
    res->nodes = g_tree_new_full(compare_texts, NULL, NULL, node_minors_free);
    return res;
}

void reservations_free(struct reservations *res)
{
    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        g_tree_unref(res->values[kind]);
    }
    g_tree_unref(res->nodes);
    g_free(res);
}

bool reservations_has(const struct reservations *res, enum reserved_kind kind, const char *value)
{
    return g_tree_lookup(res->values[kind], value) != NULL;
}

bool reservations_add(struct reservations *res, enum reserved_kind kind,
                      const struct client_id *client, const char *value, GError **errp)
{
    struct reservation *reservation;

    if (reservations_has(res, kind, value)) {
        return err_fail(errp, ERR_RESERVATION, ECODE_NONE,
                        "Duplicate reservation for resource '%s'", value);
    }
    reservation = g_new0(struct reservation, 1);
    fact_object_copy_at(&fact_object_client_id, &reservation->client, client);
    reservation->value = g_strdup(value);
    g_tree_insert(res->values[kind], reservation->value, reservation);
    return true;
}

static bool same_client(const struct client_id *a, const struct client_id *b)
{
    return fact_object_equal(&fact_object_client_id, a, b);
}

GPtrArray *reservations_of(const struct reservations *res, enum reserved_kind kind,
                           const struct client_id *client)
{
    GPtrArray *values = g_ptr_array_new();

    for (GTreeNode *node = g_tree_node_first(res->values[kind]); node != NULL;
         node = g_tree_node_next(node)) {
        struct reservation *reservation = g_tree_node_value(node);

        if (same_client(&reservation->client, client)) {
            g_ptr_array_add(values, reservation->value);
        }
    }
    return values;
}

bool reservations_drop(struct reservations *res, const struct client_id *client)
{
    bool dropped = false;

    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        g_autoptr(GPtrArray) values = reservations_of(res, kind, client);

        for (guint i = 0; i < values->len; i++) {
            dropped = g_tree_remove(res->values[kind], g_ptr_array_index(values, i)) || dropped;
        }
    }
    return dropped;
}

void reservations_each_client(const struct reservations *res,
                              void (*fn)(const struct client_id *client, void *data), void *data)
{
    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        for (GTreeNode *node = g_tree_node_first(res->values[kind]); node != NULL;
             node = g_tree_node_next(node)) {
            fn(&((struct reservation *)g_tree_node_value(node))->client, data);
        }
    }
}

/* ---- minors ---- */

struct reserved_minors reservations_minors(const struct reservations *res, const char *node)
{
    const struct node_minors *minors = g_tree_lookup(res->nodes, node);

    if (minors == NULL) {
        return (struct reserved_minors){0};
    }
    return (struct reserved_minors){
        .v = (const struct reserved_minor *)(void *)minors->minors->data, .n = minors->minors->len};
}

void reservations_add_minor(struct reservations *res, const char *node, int64_t minor,
                            const char *disk)
{
    struct node_minors *minors = g_tree_lookup(res->nodes, node);
    struct reserved_minor entry = {.minor = minor, .disk = g_strdup(disk)};
    guint at = 0;

    if (minors == NULL) {
        minors = g_new0(struct node_minors, 1);
        minors->node = g_strdup(node);
        minors->minors = g_array_new(FALSE, FALSE, sizeof(struct reserved_minor));
        g_array_set_clear_func(minors->minors, minor_clear);
        g_tree_insert(res->nodes, minors->node, minors);
    }
    while (at < minors->minors->len &&
           g_array_index(minors->minors, struct reserved_minor, at).minor < minor) {
        at++;
    }
    g_array_insert_val(minors->minors, at, entry);
}

bool reservations_drop_minors(struct reservations *res, const char *disk)
{
    g_autoptr(GPtrArray) empty = g_ptr_array_new();
    bool dropped = false;

    for (GTreeNode *node = g_tree_node_first(res->nodes); node != NULL;
         node = g_tree_node_next(node)) {
        struct node_minors *minors = g_tree_node_value(node);

        for (guint i = minors->minors->len; i > 0; i--) {
            if (strcmp(g_array_index(minors->minors, struct reserved_minor, i - 1).disk, disk) ==
                0) {
                g_array_remove_index(minors->minors, i - 1);
                dropped = true;
            }
        }
        if (minors->minors->len == 0) {
            g_ptr_array_add(empty, minors->node);
        }
    }
    for (guint i = 0; i < empty->len; i++) {
        (void)g_tree_remove(res->nodes, g_ptr_array_index(empty, i));
    }
    return dropped;
}

/* ---- text ---- */

static void save_minors(const struct reservations *res, struct json_writer *w)
{
    json_write_array_begin(w);
    for (GTreeNode *node = g_tree_node_first(res->nodes); node != NULL;
         node = g_tree_node_next(node)) {
        const struct node_minors *minors = g_tree_node_value(node);

        json_write_array_begin(w);
        json_write_string(w, minors->node);
        json_write_array_begin(w);
        for (guint i = 0; i < minors->minors->len; i++) {
            const struct reserved_minor *entry =
                &g_array_index(minors->minors, struct reserved_minor, i);

            json_write_array_begin(w);
            json_write_int(w, entry->minor);
            json_write_string(w, entry->disk);
            json_write_array_end(w);
        }
        json_write_array_end(w);
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

/* Clients in the order in which their first value comes: the file means the same in any order. */
static void save_values(const struct reservations *res, enum reserved_kind kind,
                        struct json_writer *w)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    json_write_array_begin(w);
    for (GTreeNode *node = g_tree_node_first(res->values[kind]); node != NULL;
         node = g_tree_node_next(node)) {
        struct reservation *reservation = g_tree_node_value(node);
        g_autoptr(GPtrArray) values = NULL;
        bool again = false;

        for (guint i = 0; i < seen->len; i++) {
            again = again || same_client(g_ptr_array_index(seen, i), &reservation->client);
        }
        if (again) {
            continue;
        }
        g_ptr_array_add(seen, &reservation->client);
        values = reservations_of(res, kind, &reservation->client);
        json_write_array_begin(w);
        fact_object_encode(&fact_object_client_id, &reservation->client, w);
        json_write_array_begin(w);
        for (guint i = 0; i < values->len; i++) {
            if (kind == RESERVED_IPV4) {
                reserved_ip_write(g_ptr_array_index(values, i), w);
            } else {
                json_write_string(w, g_ptr_array_index(values, i));
            }
        }
        json_write_array_end(w);
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

void reservations_save(const struct reservations *res, GString *out)
{
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    json_write_key(&w, MEMBER_DRBD);
    save_minors(res, &w);
    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        json_write_key(&w, members[kind]);
        save_values(res, kind, &w);
    }
    json_write_object_end(&w);
}

static bool fail_shape(GError **errp, const char *member)
{
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "no state of reservations: %s is malformed",
                    member);
}

static bool is_list(const struct json *value, size_t len)
{
    return json_kind(value) == JSON_ARRAY && (len == 0 || json_len(value) == len);
}

static bool is_text(const struct json *value)
{
    return json_kind(value) == JSON_STRING && strlen(json_string(value)) == json_string_len(value);
}

static bool load_node(struct reservations *res, const struct json *pair, GError **errp)
{
    bool good = is_list(pair, 2) && is_text(json_at(pair, 0)) && is_list(json_at(pair, 1), 0);

    for (size_t i = 0; good && i < json_len(json_at(pair, 1)); i++) {
        const struct json *entry = json_at(json_at(pair, 1), i);

        good = is_list(entry, 2) && json_kind(json_at(entry, 0)) == JSON_INT &&
               is_text(json_at(entry, 1));
        if (good) {
            reservations_add_minor(res, json_string(json_at(pair, 0)), json_int(json_at(entry, 0)),
                                   json_string(json_at(entry, 1)));
        }
    }
    return good || fail_shape(errp, MEMBER_DRBD);
}

/* NULL if it is no value of the kind. */
static char *load_value(enum reserved_kind kind, const struct json *value)
{
    if (kind != RESERVED_IPV4) {
        return is_text(value) ? g_strdup(json_string(value)) : NULL;
    }
    for (size_t i = 0; is_list(value, 3) && i < 3; i++) {
        if (!is_text(json_at(value, i)) || strpbrk(json_string(json_at(value, i)), " ") != NULL) {
            return NULL;
        }
    }
    return !is_list(value, 3)
               ? NULL
               : reserved_ip_value(json_string(json_at(value, 0)), json_string(json_at(value, 1)),
                                   json_string(json_at(value, 2)));
}

static bool load_client(struct reservations *res, enum reserved_kind kind, const struct json *pair,
                        GError **errp)
{
    struct client_id client = {0};
    const struct json *values;
    bool good = true;

    if (!is_list(pair, 2) || !is_list(json_at(pair, 1), 0)) {
        return fail_shape(errp, members[kind]);
    }
    if (!fact_object_decode_at(&fact_object_client_id, json_at(pair, 0), &client, NULL, errp)) {
        return false;
    }
    values = json_at(pair, 1);
    for (size_t i = 0; good && i < json_len(values); i++) {
        g_autofree char *value = load_value(kind, json_at(values, i));

        good = value == NULL ? fail_shape(errp, members[kind])
                             : reservations_add(res, kind, &client, value, errp);
    }
    fact_object_clear(&fact_object_client_id, &client);
    return good;
}

/* kind -1: minors */
static bool load_member(struct reservations *res, const struct json *state, int kind, GError **errp)
{
    const char *name = kind < 0 ? MEMBER_DRBD : members[kind];
    const struct json *list = json_get(state, name);
    bool good = is_list(list, 0) || fail_shape(errp, name);

    for (size_t i = 0; good && i < json_len(list); i++) {
        good = kind < 0 ? load_node(res, json_at(list, i), errp)
                        : load_client(res, kind, json_at(list, i), errp);
    }
    return good;
}

static void empty(struct reservations *res)
{
    for (int kind = 0; kind < RESERVED_COUNT; kind++) {
        g_tree_remove_all(res->values[kind]);
    }
    g_tree_remove_all(res->nodes);
}

bool reservations_load(struct reservations *res, const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *state = NULL;
    bool good = json_parse(text, (gssize)len, &state, errp);

    if (good && json_kind(state) != JSON_OBJECT) {
        good = fail_shape(errp, "it");
    }
    for (int kind = -1; good && kind < RESERVED_COUNT; kind++) {
        good = load_member(res, state, kind, errp);
    }
    if (!good) {
        empty(res);
    }
    return good;
}
