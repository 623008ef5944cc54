#include "config.h"

#include "base/tests/unit.h"
#include "facts/queryfields.h"

START_TEST(patterns_become_fields)
{
    const struct qfield *size = query_field_find(QUERY_instance, "disk.size/15");
    const struct qfield *acpi = query_field_find(QUERY_instance, "hv/acpi");

    ck_assert_ptr_nonnull(size);
    ck_assert_str_eq(size->title, "Disk/15");
    ck_assert_str_eq(size->doc, "Size of the 16th disk");
    ck_assert_uint_eq(size->index, 15);
    ck_assert_str_eq(size->row->member, "size");
    ck_assert_int_eq(size->row->absent, QF_UNAVAIL);
    ck_assert_ptr_null(query_field_find(QUERY_instance, "disk.size/16"));
    ck_assert_ptr_null(query_field_find(QUERY_instance, "disk.size/"));
    ck_assert_str_eq(query_field_find(QUERY_instance, "disk.size/0")->doc, "Size of the 1st disk");
    ck_assert_str_eq(query_field_find(QUERY_instance, "disk.size/11")->doc,
                     "Size of the 12th disk");

    ck_assert_ptr_nonnull(acpi);
    ck_assert_str_eq(acpi->title, "ACPI");
    ck_assert_str_eq(acpi->param, "acpi");
    ck_assert_int_eq(acpi->type, QF_TYPE_BOOL);
    ck_assert_int_eq(acpi->row->getter, QF_GET_instance_hvparam);
}
END_TEST

START_TEST(aliases_are_fields_of_their_own_name)
{
    const struct qfield *memory = query_field_find(QUERY_instance, "be/memory");
    const struct qfield *mac = query_field_find(QUERY_instance, "mac");

    ck_assert_str_eq(memory->name, "be/memory");
    ck_assert_str_eq(memory->title, "ConfigMaxMem");
    ck_assert_str_eq(memory->param, "maxmem");
    ck_assert_str_eq(mac->title, "NicMAC/0");
}
END_TEST

/* The rules of the reference for fields (lib/query.py TITLE_RE, DOC_RE, FIELD_NAME_RE). */
static void check_fields(enum query_kind kind)
{
    size_t n;
    const struct qfield *fields = query_fields(kind, &n);

    ck_assert_uint_gt(n, 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(g_regex_match_simple("^[a-z0-9/._]+$", fields[i].name, 0, 0), "%s",
                      fields[i].name);
        ck_assert_msg(g_regex_match_simple("^[^\\s]+$", fields[i].title, 0, 0), "%s",
                      fields[i].title);
        ck_assert_msg(g_regex_match_simple("^[A-Z].*[^.,?!]$", fields[i].doc, 0, 0), "%s",
                      fields[i].doc);
        ck_assert_ptr_eq(query_field_find(kind, fields[i].name), &fields[i]);
        ck_assert_int_ne(fields[i].type, QF_TYPE_UNKNOWN);
    }
}

START_TEST(names_titles_and_docs_keep_the_rules)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        check_fields((enum query_kind)i);
    }
}
END_TEST

START_TEST(all_fields_come_in_natural_order)
{
    size_t n;
    const struct qfield *fields = query_fields(QUERY_instance, &n);

    for (size_t i = 0; i < n; i++) {
        if (g_str_equal(fields[i].name, "disk.name/9")) {
            ck_assert_str_eq(fields[i + 1].name, "disk.name/10");
        }
    }
    ck_assert_str_eq(fields[0].name, "admin_state");
    ck_assert_str_eq(fields[n - 1].name, "vcpus");
}
END_TEST

START_TEST(resources_are_found_by_their_word)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        ck_assert_ptr_eq(query_row_find(query_word((enum query_kind)i)), &query_rows[i]);
    }
    ck_assert_ptr_null(query_row_find("instances"));
    ck_assert_ptr_null(query_field_find(QUERY_node, "nothing"));
}
END_TEST

UNIT_MAIN("queryfields", patterns_become_fields, aliases_are_fields_of_their_own_name,
          names_titles_and_docs_keep_the_rules, all_fields_come_in_natural_order,
          resources_are_found_by_their_word)
