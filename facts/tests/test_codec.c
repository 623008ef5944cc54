#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/objects.h"

/* From text without a tree of it, the same comes out as from a tree. */
static void decode_as_text(const struct fact_object *object, const char *text, const void *value,
                           const char *message)
{
    void *other = fact_object_new(object);
    g_autoptr(GError) error = NULL;

    ck_assert(fact_object_decode_text_at(object, text, strlen(text), other, NULL, &error) ==
              (value != NULL));
    if (value != NULL) {
        ck_assert(fact_object_equal(object, value, other));
    } else {
        ck_assert_str_eq(error->message, message);
    }
    fact_object_free(object, other);
}

static void *decode(const struct fact_object *object, const char *text, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    GError *error = NULL;
    void *value;

    ck_assert(json_parse(text, -1, &json, NULL));
    value = fact_object_decode(object, json, NULL, &error);
    decode_as_text(object, text, value, error != NULL ? error->message : NULL);
    if (error != NULL) {
        g_propagate_error(errp, error);
    }
    return value;
}

static char *encode(const struct fact_object *object, const void *value)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    fact_object_encode(object, value, &w);
    return g_string_free(out, FALSE);
}

#define NIC                                                                                        \
    "{\"mac\":\"aa:00:00:11:22:33\",\"ip\":\"192.0.2.7\",\"nicparams\":{\"link\":\"br0\"},"        \
    "\"uuid\":\"u\"}"

START_TEST(text_that_is_no_json_is_refused_with_its_place)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"{\"mac\":\"a\",\"nicparams\":{},\"uuid\":tru}", "nics[3].uuid: not JSON"},
        {"{\"mac\":nonsense,\"mac\":\"a\"}", "nics[3].mac: not JSON"},
        {"{\"mac\":\"a\",\"new\":[}", "nics[3]"},
        {"{\"mac\":\"a\"", "nics[3]: expected"},
        {"{\"mac\":\"a\"} x", "nics[3]: expected the end"},
        {"[]", "nics[3]: expected an object, found list"},
        {"nonsense", "nics[3]: not JSON"},
    };
    const struct fact_path list = {.member = "nics"};
    const struct fact_path path = {.up = &list, .index = 3};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct nic nic = {0};
        g_autoptr(GError) error = NULL;

        ck_assert(!fact_object_decode_text_at(&fact_object_nic, cases[i].text,
                                              strlen(cases[i].text), &nic, &path, &error));
        ck_assert_msg(g_str_has_prefix(error->message, cases[i].error), "%s", error->message);
        ck_assert_ptr_null(nic.mac);
    }
}
END_TEST

START_TEST(members_and_unknown_members_survive)
{
    g_autoptr(GError) error = NULL;
    const char *text =
        "{\"mac\":\"aa:00:00:11:22:33\",\"nicparams\":{\"mode\":\"bridged\",\"later\":[1]},"
        "\"uuid\":\"u\",\"new\":{\"x\":null}}";
    struct nic *nic = decode(&fact_object_nic, text, &error);
    struct nic *copy;
    g_autofree char *again = NULL;

    ck_assert_msg(nic != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_str_eq(nic->mac, "aa:00:00:11:22:33");
    ck_assert(nic->nicparams.has.mode);
    ck_assert(!nic->nicparams.has.link);
    ck_assert(!nic->has.ip);
    copy = fact_object_copy(&fact_object_nic, nic);
    ck_assert(fact_object_equal(&fact_object_nic, nic, copy));
    fact_object_free(&fact_object_nic, nic);
    again = encode(&fact_object_nic, copy);
    ck_assert_str_eq(again, text);
    fact_object_free(&fact_object_nic, copy);
}
END_TEST

START_TEST(errors_name_the_path)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[]", "expected an object, found list"},
        {"{\"mac\":\"m\",\"uuid\":\"u\"}", "member \"nicparams\" is missing"},
        {"{\"mac\":1,\"uuid\":\"u\",\"nicparams\":{}}", "mac: expected a string, found integer"},
        {"{\"mac\":\"m\",\"uuid\":\"u\",\"nicparams\":{\"link\":[]}}",
         "nicparams.link: expected a string, found list"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(decode(&fact_object_nic, cases[i].text, &error));
        ck_assert_str_eq(error->message, cases[i].error);
    }
}
END_TEST

START_TEST(layers_fill_what_is_not_set)
{
    struct nic *nic = decode(&fact_object_nic, NIC, NULL);
    struct nicparams *cluster =
        decode(&fact_object_nicparams, "{\"mode\":\"bridged\",\"link\":\"xen-br0\"}", NULL);

    fact_object_fill(&fact_object_nicparams, &nic->nicparams, cluster);
    ck_assert_int_eq(nic->nicparams.mode, NIC_MODE_BRIDGED);
    ck_assert_str_eq(nic->nicparams.link, "br0");
    ck_assert(!nic->nicparams.has.vlan);
    fact_object_free(&fact_object_nicparams, cluster);
    fact_object_free(&fact_object_nic, nic);
}
END_TEST

START_TEST(lists_and_dictionaries_grow_and_shrink)
{
    struct any_dict dict = {0};
    struct nic_list nics = {0};
    struct nic *nic = decode(&fact_object_nic, NIC, NULL);

    *(struct json **)fact_dict_add(&type_any_dict, &dict, "a") = json_new_int(1);
    *(struct json **)fact_dict_add(&type_any_dict, &dict, "b") = json_new_int(2);
    *(struct json **)fact_dict_add(&type_any_dict, &dict, "a") = json_new_int(3);
    ck_assert_uint_eq(dict.n, 2);
    ck_assert_str_eq(dict.v[0].key, "a");
    ck_assert_int_eq(json_int(dict.v[0].value), 3);
    ck_assert(fact_dict_remove(&type_any_dict, &dict, "a"));
    ck_assert(!fact_dict_remove(&type_any_dict, &dict, "a"));
    ck_assert_ptr_null(fact_dict_get(&type_any_dict, &dict, "a"));
    fact_clear(&type_any_dict, &dict);

    fact_copy(&type_nic, fact_list_add(&type_nic_list, &nics), nic);
    fact_copy(&type_nic, fact_list_add(&type_nic_list, &nics), nic);
    fact_list_remove(&type_nic_list, &nics, 0);
    ck_assert_uint_eq(nics.n, 1);
    ck_assert_str_eq(nics.v[0].ip, "192.0.2.7");
    fact_clear(&type_nic_list, &nics);
    fact_object_free(&fact_object_nic, nic);
}
END_TEST

UNIT_MAIN("codec", text_that_is_no_json_is_refused_with_its_place,
          members_and_unknown_members_survive, errors_name_the_path, layers_fill_what_is_not_set,
          lists_and_dictionaries_grow_and_shrink)
