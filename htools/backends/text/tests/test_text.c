#include "htools/backends/text/text.h"

#include "base/tests/unit.h"

static const char full[] =
    "group-01|uuid-1|preferred|tag1,tag2|net1\n"
    "\n"
    "node1|1024|0|1024|95367|95367|4|M|uuid-1|1|power:a|N|0|1|1.0\n"
    "node2|1024|0|896|95367|94343|4|Y|uuid-1|1||Y|3|1|1.25\n"
    "\n"
    "inst1|128|1024|1|running|Y|node2|node1|drbd|t1,t2|1|-|N\n"
    "inst2|128|0|1|ADMIN_down|N|node2||diskless||1|2|Y\n"
    "\n"
    "htools:iextags:test\n"
    "\n"
    "|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|plain,drbd|4.0|32.0\n"
    "group-01|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|plain|2.5|1.0e-2\n";

static struct ht_cluster *parse(const char *text, GError **errp)
{
    return ht_text_parse(text, strlen(text), errp);
}

START_TEST(text_comes_back_as_it_was)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = parse(full, &error);
    g_autoptr(GString) out = g_string_new(NULL);

    ck_assert_msg(cluster != NULL, "%s", error == NULL ? "" : error->message);
    ht_text_serialize(cluster, NULL, out);
    ck_assert_str_eq(out->str, full);
}
END_TEST

START_TEST(old_files_have_fewer_columns)
{
    static const char old[] = "g|u|preferred|\n\n"
                              "node1|1024|0|1024|95367|95367|4|N|u\n"
                              "node2|?|0|1024|95367|95367|4|N|u\n\n"
                              "inst1|128|1024|1|running|Y|node1|node2|drbd|\n\n\n";
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = parse(old, NULL);

    ck_assert_ptr_nonnull(cluster);
    ck_assert_int_eq(cluster->nodes[0].t_spindles, 1);
    ck_assert_int_eq(cluster->nodes[0].n_cpu, 1);
    ck_assert(!cluster->nodes[0].offline);
    ck_assert(cluster->nodes[1].offline);
    ck_assert_int_eq(cluster->instances[0].spindle_use, 1);
    ck_assert_int_eq(cluster->instances[0].disks[0].spindles, HT_SPINDLES_UNKNOWN);
    ck_assert(!cluster->instances[0].forthcoming);
}
END_TEST

static const struct {
    const char *text, *line, *complaint;
} bad[] = {
    {"", "", "0 sections"},
    {"g|u|preferred|\n\n", "", "sections"},
    {"g|u|preferred\n\n\n\n", "line 1", "columns"},
    {"g|u|best|\n\n\n\n", "line 1", "allocation policy 'best'"},
    {"g|u|preferred|\n\nnode1|1024|0|1024|1|1|4|N|x\n\n\n", "line 3", "unknown group 'x'"},
    {"g|u|preferred|\n\nnode1|1024|y|1024|1|1|4|N|u\n\n\n", "line 3", "node memory"},
    {"g|u|preferred|\n\nnode1|1024|999999999999999999|1024|1|1|4|N|u\n\n\n", "line 3",
     "out of range"},
    {"g|u|preferred|\n\nn|1|0|1|1|1|4|N|u\n\ni|1|1|1|running|Y|n|n|drbd|\n\n", "line 5",
     "same primary and secondary"},
    {"g|u|preferred|\n\nn|1|0|1|1|1|4|N|u\n\ni|1|1|1|runs|Y|n||plain|\n\n", "line 5",
     "status 'runs'"},
    {"g|u|preferred|\n\n\n\n\n|1,1|1|plain|4|4\n", "line 6", "stdspec"},
    {"g|u|preferred|\n\n\n\n\nx|1,1,1,1,1,1||plain|4|4\n", "line 6", "'x'"},
    {"g|u|preferred|\n\xff\n\n\n", "", "UTF-8"},
};

START_TEST(errors_name_the_line)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = parse(bad[i].text, &error);

        ck_assert_ptr_null(cluster);
        ck_assert_ptr_nonnull(strstr(error->message, bad[i].line));
        ck_assert_msg(strstr(error->message, bad[i].complaint) != NULL, "%s", error->message);
    }
}
END_TEST

UNIT_MAIN("text", text_comes_back_as_it_was, old_files_have_fewer_columns, errors_name_the_line)
