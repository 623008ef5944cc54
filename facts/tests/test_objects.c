#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/objects.h"

static void *decode(const struct fact_object *object, const char *text, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    ck_assert(json_parse(text, -1, &json, NULL));
    return fact_object_decode(object, json, NULL, errp);
}

static char *encode(const struct fact_object *object, const void *value)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    fact_object_encode(object, value, &w);
    return g_string_free(out, FALSE);
}

static void check_round_trip(const struct fact_object *object, const char *text, const char *result)
{
    g_autoptr(GError) error = NULL;
    void *value = decode(object, text, &error);
    void *copy;
    g_autofree char *again = NULL;

    ck_assert_msg(value != NULL, "%s", error != NULL ? error->message : "");
    copy = fact_object_copy(object, value);
    ck_assert(fact_object_equal(object, value, copy));
    fact_object_free(object, value);
    again = encode(object, copy);
    ck_assert_str_eq(again, result);
    fact_object_free(object, copy);
}

START_TEST(only_forthcoming_objects_may_be_incomplete)
{
    g_autoptr(GError) error = NULL;
    const char *real = "{\"name\":\"web1\",\"uuid\":\"u\",\"serial_no\":1}";

    ck_assert_ptr_null(decode(&fact_object_instance, real, &error));
    ck_assert_str_eq(error->message, "member \"primary_node\" is missing");
    check_round_trip(
        &fact_object_instance,
        "{\"uuid\":\"u\",\"serial_no\":1,\"name\":\"web1\",\"forthcoming\":true}",
        "{\"forthcoming\":true,\"name\":\"web1\",\"hvparams\":{},\"beparams\":{},\"osparams\":{},"
        "\"osparams_private\":{},\"nics\":[],\"disks\":[],\"ctime\":0,\"mtime\":0,\"uuid\":\"u\","
        "\"serial_no\":1,\"tags\":[]}");
}
END_TEST

START_TEST(maps_and_sets_are_sorted)
{
    check_round_trip(
        &fact_object_node_group,
        "{\"tags\":[\"b\",\"a\",\"b\"],\"name\":\"g\",\"uuid\":\"u\",\"serial_no\":3,"
        "\"diskparams\":{\"plain\":{\"stripes\":1},\"drbd\":{\"x\":[null],\"metavg\":\"m\","
        "\"f\":1.5,\"b\":true}}}",
        "{\"name\":\"g\",\"members\":[],\"ndparams\":{},\"alloc_policy\":\"preferred\","
        "\"ipolicy\":{},\"diskparams\":{\"drbd\":{\"b\":true,\"f\":1.5,\"metavg\":\"m\","
        "\"x\":[null]},\"plain\":{\"stripes\":1}},\"networks\":{},\"ctime\":0,\"mtime\":0,"
        "\"uuid\":\"u\",\"serial_no\":3,\"tags\":[\"a\",\"b\"]}");
}
END_TEST

START_TEST(sets_take_each_text_once)
{
    struct tag_set tags = {0};
    struct fact_list *set = (struct fact_list *)&tags;

    ck_assert(fact_set_add(set, "m"));
    ck_assert(fact_set_add(set, "z"));
    ck_assert(fact_set_add(set, "a"));
    ck_assert(!fact_set_add(set, "m"));
    ck_assert_uint_eq(tags.n, 3);
    ck_assert_str_eq(tags.v[0], "a");
    ck_assert_str_eq(tags.v[2], "z");
    ck_assert(fact_set_remove(set, "m"));
    ck_assert(!fact_set_remove(set, "m"));
    ck_assert(fact_set_has(set, "z"));
    ck_assert(!fact_set_has(set, "b"));
    fact_clear(&type_tag_set, &tags);
}
END_TEST

START_TEST(maps_stay_sorted_while_they_grow)
{
    static const char *const keys[] = {"m", "c", "x", "a", "c"};
    struct str_map map = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        *(char **)fact_dict_add(&type_str_map, &map, keys[i]) = g_strdup(keys[i]);
    }
    ck_assert_uint_eq(map.n, 4);
    for (size_t i = 1; i < map.n; i++) {
        ck_assert_int_lt(strcmp(map.v[i - 1].key, map.v[i].key), 0);
    }
    ck_assert_str_eq(*(char **)fact_dict_get(&type_str_map, &map, "x"), "x");
    ck_assert_ptr_null(fact_dict_get(&type_str_map, &map, "b"));
    ck_assert(fact_dict_remove(&type_str_map, &map, "a"));
    ck_assert(!fact_dict_remove(&type_str_map, &map, "a"));
    ck_assert_str_eq(map.v[0].key, "c");
    fact_clear(&type_str_map, &map);
}
END_TEST

START_TEST(maps_over_hypervisors_follow_their_order)
{
    struct hv_map map = {0};
    g_autoptr(GString) out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    (void)fact_dict_add(&type_hv_map, &map, "fake");
    (void)fact_dict_add(&type_hv_map, &map, "xen-pvm");
    (void)fact_dict_add(&type_hv_map, &map, "kvm");
    fact_encode(&type_hv_map, &map, &w);
    ck_assert_str_eq(out->str, "{\"kvm\":{},\"xen-pvm\":{},\"fake\":{}}");
    fact_clear(&type_hv_map, &map);
}
END_TEST

START_TEST(networks_are_checked)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"{\"name\":\"n\",\"network\":\"192.0.2.0\",\"uuid\":\"u\",\"serial_no\":1}",
         "network: expected an IPv4 address and prefix length, found \"192.0.2.0\""},
        {"{\"name\":\"n\",\"network\":\"192.0.2.0/33\",\"uuid\":\"u\",\"serial_no\":1}",
         "network: expected an IPv4 address and prefix length, found \"192.0.2.0/33\""},
        {"{\"name\":\"\",\"network\":\"192.0.2.0/24\",\"uuid\":\"u\",\"serial_no\":1}",
         "name: expected a text that is not empty, found \"\""},
        {"{\"name\":\"n\",\"network\":\"192.0.2.0/24\",\"uuid\":\"u\",\"serial_no\":1,"
         "\"reservations\":\"0102\"}",
         "reservations: expected a text of digits 0 and 1, found \"0102\""},
        {"{\"name\":\"n\",\"network\":\"192.0.2.0/24\",\"uuid\":\"u\",\"serial_no\":1,"
         "\"gateway\":\"192.0.2\"}",
         "gateway: expected an IPv4 address, found \"192.0.2\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(decode(&fact_object_network, cases[i].text, &error));
        ck_assert_str_eq(error->message, cases[i].error);
    }
}
END_TEST

START_TEST(layers_overlay_without_copies)
{
    struct ndparams *below = decode(&fact_object_ndparams, "{\"oob_program\":\"/a\"}", NULL);
    struct ndparams *above =
        decode(&fact_object_ndparams, "{\"oob_program\":\"/b\",\"ssh_port\":22}", NULL);
    struct ndparams filled = {0};

    fact_object_overlay(&fact_object_ndparams, &filled, above);
    fact_object_overlay(&fact_object_ndparams, &filled, below);
    ck_assert_ptr_eq(filled.oob_program, below->oob_program);
    ck_assert_int_eq(filled.ssh_port, 22);
    ck_assert(!filled.has.ovs);
    fact_object_free(&fact_object_ndparams, below);
    fact_object_free(&fact_object_ndparams, above);
}
END_TEST

UNIT_MAIN("objects", only_forthcoming_objects_may_be_incomplete, maps_and_sets_are_sorted,
          sets_take_each_text_once, maps_stay_sorted_while_they_grow,
          maps_over_hypervisors_follow_their_order, networks_are_checked,
          layers_overlay_without_copies)
