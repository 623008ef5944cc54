/* Mirrored disks with new storage or another secondary node. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N2 "00000002-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

#define REPLACE                                                                                    \
    "{\"OP_ID\": \"OP_INSTANCE_REPLACE_DISKS\", \"instance_name\": \"web.a\", \"mode\": "
#define PRIMARY   REPLACE "\"replace_on_primary\""
#define SECONDARY REPLACE "\"replace_on_secondary\""
#define AUTO      REPLACE "\"replace_auto\""
#define CHANGE    REPLACE "\"replace_new_secondary\""
#define TO_N3     CHANGE ", \"remote_node\": \"n3\""
#define WHOLE     "{\"dev_path\": \"/dev/x\", \"is_degraded\": false, \"ldisk_status\": 1}"
#define DEGRADED  "{\"dev_path\": \"/dev/x\", \"is_degraded\": true, \"ldisk_status\": 1}"
#define STATUS(s) "{\"sync_percent\": null, \"is_degraded\": false, \"ldisk_status\": " s "}"

static struct lu_harness *h;

static void set_up(void)
{
    static const char *const fine[] = {
        "blockdev_create",         "blockdev_remove", "blockdev_shutdown",
        "blockdev_removechildren", "blockdev_rename", "blockdev_addchildren",
        "drbd_disconnect_net",     "drbd_attach_net", "instance_shutdown",
    };
    h = lu_harness_new("cluster-drbd.json");
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
        lu_harness_answer(h, fine[i], NULL, "null");
    }
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "blockdev_find", NULL, WHOLE);
    lu_harness_answer(h, "vg_list", NULL, "{\"xenvg\": 1000.0}");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL, "[" STATUS("1") ", " STATUS("1") "]");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct disk *disk(size_t index)
{
    const struct cfg *cfg = lu_harness_cfg(h);
    return cfg_instance_disks(cfg, cfg_instance_named(cfg, "web.a.example")).v[index];
}

/* The calls that change something, as "CALL NODE ". */
static char *changes(void)
{
    return lu_harness_call_names(h, 2, ' ', "blockdev_find");
}

/* The body of the nth call of this name. */
static char *body(const char *call, size_t nth)
{
    g_auto(GStrv) lines = g_strsplit(lu_harness_calls(h), "\n", -1);
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);
        if (strcmp(words[0], call) == 0 && nth-- == 0) {
            return g_strdup(words[2]);
        }
    }
    return NULL;
}

START_TEST(on_secondary)
{
    lu_harness_ok(h, SECONDARY ", \"disks\": [0]}");
    g_autofree char *made = changes();
    ck_assert_str_eq(made, "vg_list n1 vg_list n2 "
                           "blockdev_create n2 blockdev_create n2 "
                           "blockdev_removechildren n2 "
                           "blockdev_rename n2 blockdev_rename n2 "
                           "blockdev_addchildren n2 "
                           "blockdev_getmirrorstatus n1 "
                           "blockdev_remove n2 blockdev_remove n2 ");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.a.example exclusive\n"
                                          "node-res/" N1 " exclusive\nnode-res/" N2 " exclusive\n"
                                          "node/" N1 " exclusive\nnode/" N2 " exclusive\n");
    /* The new volumes take the names of the old ones, which are removed. */
    const char *lv = disk(0)->children.v[0].logical_id.v[1].text;
    g_autofree char *away = body("blockdev_rename", 0), *in = body("blockdev_rename", 1);
    g_autofree char *added = body("blockdev_addchildren", 0), *gone = body("blockdev_remove", 0);
    g_autofree char *replaced = g_strdup_printf("%s_replaced-", lv);
    g_autofree char *quoted = g_strdup_printf("\"%s\"]", lv);
    ck_assert_ptr_nonnull(strstr(away, replaced));
    ck_assert_ptr_nonnull(strstr(in, quoted));
    ck_assert_ptr_nonnull(strstr(added, quoted));
    ck_assert_ptr_nonnull(strstr(gone, replaced));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Removing old storage"));
}
END_TEST

START_TEST(on_primary)
{
    lu_harness_ok(h, PRIMARY ", \"early_release\": true}");
    g_autofree char *made = changes();
    ck_assert_str_eq(made, "vg_list n2 vg_list n1 "
                           "blockdev_create n1 blockdev_create n1 "
                           "blockdev_create n1 blockdev_create n1 "
                           "blockdev_removechildren n1 "
                           "blockdev_rename n1 blockdev_rename n1 blockdev_addchildren n1 "
                           "blockdev_removechildren n1 "
                           "blockdev_rename n1 blockdev_rename n1 blockdev_addchildren n1 "
                           "blockdev_remove n1 blockdev_remove n1 "
                           "blockdev_remove n1 blockdev_remove n1 "
                           "blockdev_getmirrorstatus n1 ");
}
END_TEST

START_TEST(new_secondary)
{
    lu_harness_ok(h, TO_N3 "}");
    g_autofree char *made = changes();
    ck_assert_str_eq(made, "vg_list n1 "
                           "blockdev_create n3 blockdev_create n3 "
                           "blockdev_create n3 blockdev_create n3 "
                           "blockdev_create n3 blockdev_create n3 "
                           "blockdev_shutdown n2 blockdev_shutdown n2 "
                           "drbd_disconnect_net n1 "
                           "drbd_attach_net n1 drbd_attach_net n3 "
                           "blockdev_getmirrorstatus n1 "
                           "blockdev_remove n2 blockdev_remove n2 "
                           "blockdev_remove n2 blockdev_remove n2 ");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.a.example exclusive\n"
                                          "node-res/" N1 " exclusive\nnode-res/" N2 " exclusive\n"
                                          "node-res/" N3 " exclusive\nnode/" N1 " exclusive\n"
                                          "node/" N2 " exclusive\nnode/" N3 " exclusive\n");
    for (size_t i = 0; i < 2; i++) {
        ck_assert_str_eq(disk(i)->logical_id.v[0].text, N1);
        ck_assert_str_eq(disk(i)->logical_id.v[1].text, N3);
        ck_assert_int_eq(disk(i)->logical_id.v[2].integer, i == 0 ? 11000 : 11001);
        /* The second disk had its nodes the other way round. */
        ck_assert_int_eq(disk(i)->logical_id.v[3].integer, i == 0 ? 4 : 7);
        ck_assert_str_eq(disk(i)->nodes.v[1], N3);
    }
    /* The mirror is made without a port: it shall not connect yet. */
    g_autofree char *alone = body("blockdev_create", 4);
    ck_assert_ptr_nonnull(strstr(alone, "\"" N1 "\", \"" N3 "\", null, 4, "));
    ck_assert_ptr_nonnull(strstr(alone, "\"local-minor\""));
}
END_TEST

START_TEST(allocated)
{
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [{\"type\": \"lvm-vg\", \"name\": \"xenvg\", \"storage_free\":"
                      " 90000, \"storage_size\": 100000}], [{\"memory_free\": 4096,"
                      " \"memory_total\": 8192, \"memory_dom0\": 100, \"cpu_total\": 4,"
                      " \"cpu_nodes\": 1, \"cpu_sockets\": 1, \"cpu_dom0\": 1}]]");
    lu_harness_answer(h, "all_instances_info", NULL, "{}");
    lu_harness_answer(h, "iallocator_runner", NULL,
                      "\"{\\\"success\\\": true, \\\"info\\\": \\\"\\\","
                      " \\\"result\\\": [\\\"n3.example\\\"]}\"");
    lu_harness_ok(h, CHANGE ", \"iallocator\": \"hail\"}");
    ck_assert_str_eq(disk(0)->logical_id.v[1].text, N3);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Selected new secondary"));
}
END_TEST

START_TEST(by_itself)
{
    lu_harness_ok(h, AUTO "}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "No disks need replacement"));
    lu_harness_answer(h, "blockdev_getmirrorstatus", "n2.example",
                      "[" STATUS("1") ", " STATUS("4") "]");
    lu_harness_ok(h, AUTO "}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Replacing disk(s) 1 for"));
    g_autofree char *made = changes();
    ck_assert_ptr_nonnull(strstr(made, "blockdev_addchildren n2"));
    lu_harness_answer(h, "blockdev_getmirrorstatus", "n1.example",
                      "[" STATUS("4") ", " STATUS("1") "]");
    lu_harness_fails(h, AUTO "}", ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_answer(h, "blockdev_find", "n2.example", "null");
    lu_harness_fails(h, AUTO "}", ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

/* The disks of an instance that is down are active only for a while. */
START_TEST(down)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"web.a\"}");
    lu_harness_ok(h, SECONDARY "}");
    const struct cfg *cfg = lu_harness_cfg(h);
    ck_assert(!cfg_instance_named(cfg, "web.a.example")->disks_active);
    g_autofree char *made = changes();
    ck_assert_ptr_nonnull(strstr(made, "blockdev_assemble n1"));
    ck_assert_ptr_nonnull(strstr(made, "blockdev_shutdown n2"));
}
END_TEST

START_TEST(refused)
{
    lu_harness_fails(h, CHANGE "}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, TO_N3 ", \"iallocator\": \"hail\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, PRIMARY ", \"remote_node\": \"n3\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, CHANGE ", \"remote_node\": \"n1\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, CHANGE ", \"remote_node\": \"n2\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, CHANGE ", \"remote_node\": \"n9\"}", ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, TO_N3 ", \"disks\": [0]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, AUTO ", \"disks\": [0]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, PRIMARY ", \"disks\": [5]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_REPLACE_DISKS\", \"instance_name\": \"web.b\","
                     " \"mode\": \"replace_on_primary\"}",
                     ERR_OP_PREREQ, ECODE_FAULT);
}
END_TEST

START_TEST(degraded)
{
    lu_harness_answer(h, "blockdev_find", "n1.example", DEGRADED);
    lu_harness_fails(h, SECONDARY "}", ERR_OP_EXEC, ECODE_NONE);
    g_autofree char *made = changes();
    ck_assert_ptr_null(strstr(made, "blockdev_create"));
    lu_harness_fails(h, TO_N3 "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(disk(0)->logical_id.v[1].text, N2);
}
END_TEST

/* Until the record is changed, what was made goes again. */
START_TEST(undone)
{
    lu_harness_failure(h, "drbd_disconnect_net", NULL, "busy");
    lu_harness_fails(h, TO_N3 "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(disk(0)->logical_id.v[1].text, N2);
    g_autofree char *made = changes();
    ck_assert(g_str_has_suffix(made, "drbd_disconnect_net n1 "
                                     "blockdev_remove n3 blockdev_remove n3 "));
    lu_harness_failure(h, "blockdev_create", NULL, "no space");
    lu_harness_answer(h, "blockdev_find", "n2.example", WHOLE);
    lu_harness_fails(h, SECONDARY "}", ERR_OP_EXEC, ECODE_NONE);
    g_autofree char *none = changes();
    ck_assert_ptr_null(strstr(none, "blockdev_removechildren"));
}
END_TEST

/* A volume that an attempt before has left on the new node is in the way. */
START_TEST(leftover)
{
    lu_harness_failure(h, "blockdev_create", "n3.example", "exists");
    lu_harness_fails(h, TO_N3 "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "attempt before"));
}
END_TEST

START_TEST(attach_fails)
{
    lu_harness_failure(h, "blockdev_addchildren", NULL, "busy");
    lu_harness_fails(h, SECONDARY ", \"disks\": [1]}", ERR_OP_EXEC, ECODE_NONE);
    g_autofree char *made = changes();
    ck_assert(g_str_has_suffix(made, "blockdev_addchildren n2 "
                                     "blockdev_remove n2 blockdev_remove n2 "));
}
END_TEST

/* The volumes of a lost disk are not there to be renamed. */
START_TEST(lost)
{
    lu_harness_ok(h, SECONDARY ", \"disks\": [1]}");
    g_autofree char *hooks = body("hooks_runner", 0);
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_NEW_SECONDARY\": \"None\""));
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_OLD_SECONDARY\": \"n2.example\""));
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_MODE\": \"replace_on_secondary\""));
}
END_TEST

UNIT_MAIN_FIXTURE("instance-replace", set_up, tear_down, on_secondary, on_primary, new_secondary,
                  allocated, by_itself, down, refused, degraded, undone, leftover, attach_fails,
                  lost)
