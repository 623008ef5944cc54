#include "htools/core/balance.h"

#include "base/tests/unit.h"
#include "htools/core/metrics.h"
#include "htools/core/moves.h"
#include "htools/core/score.h"
#include "htools/core/tests/model.h"

/* Every step of the balancer is compared with a full search inside (self_check). */
static void balance_checked(unsigned seed, enum model_kind kind, struct ht_algorithm algorithm)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = model_new(seed, kind, 8, 40, false);
    struct ht_view view = ht_view_all(cluster);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct ht_placement));
    double before = ht_score(cluster, &view);
    unsigned n;

    algorithm.self_check = true;
    n = ht_balance(cluster, &view, &algorithm, 30, 0, found);
    ck_assert_uint_eq(n, found->len);
    ck_assert(kind != MODEL_DRBD || n > 0);
    for (unsigned i = 0; i < n; i++) {
        double after = g_array_index(found, struct ht_placement, i).score;

        ck_assert(after < before);
        before = after;
    }
    ck_assert_double_eq(before, ht_score(cluster, &view));
    ht_view_clear(&view);
}

START_TEST(steps_are_those_of_a_full_search)
{
    for (unsigned seed = 1; seed <= 6; seed++) {
        struct ht_algorithm algorithm = ht_algorithm_default();

        balance_checked(seed, MODEL_DRBD, algorithm);
        balance_checked(seed, MODEL_MIXED, algorithm);
        algorithm.ignore_soft_errors = true;
        balance_checked(seed, MODEL_MIXED, algorithm);
    }
}
END_TEST

START_TEST(switches_restrict_moves)
{
    struct ht_algorithm algorithm = ht_algorithm_default();
    struct ht_placement placement;

    algorithm.disk_moves = false;
    for (unsigned seed = 1; seed <= 4; seed++) {
        CLEANUP(ht_cluster_freep)
        struct ht_cluster *cluster = model_new(seed, MODEL_DRBD, 6, 30, false);
        struct ht_view view = ht_view_all(cluster);
        struct ht_balancer *balancer = ht_balancer_new(cluster, &view, &algorithm);

        while (ht_balancer_step(balancer, &placement)) {
            ck_assert_int_eq(placement.move.kind, HT_MOVE_FAILOVER);
        }
        ht_balancer_free(balancer);
        ht_view_clear(&view);
    }
}
END_TEST

START_TEST(undo_restores_everything)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = model_new(3, MODEL_DRBD, 6, 30, false);
    struct ht_view view = ht_view_all(cluster);
    CLEANUP(ht_undo_freep) struct ht_undo *undo = ht_undo_new(cluster);
    double before = ht_score(cluster, &view);
    unsigned done = 0;

    for (int i = 0; i < 30; i++) {
        struct ht_move move = {HT_MOVE_FAILOVER, HT_NONE};

        done += ht_move_apply(cluster, i, move, true, undo) == HT_OK;
    }
    ck_assert_uint_gt(done, 0);
    ck_assert(ht_score(cluster, &view) != before);
    ht_undo_rollback(undo);
    ck_assert_double_eq(ht_score(cluster, &view), before);
    ht_view_clear(&view);
}
END_TEST

START_TEST(updated_statistics_stay_close_to_fresh_ones)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = model_new(5, MODEL_DRBD, 6, 30, false);
    struct ht_view view = ht_view_all(cluster);
    struct ht_node *node = &cluster->nodes[0];
    struct ht_load before = node->load;
    struct ht_stats stats;

    ht_stats_init(&stats, cluster, &view);
    ck_assert_double_eq(ht_stats_score(&stats), ht_score(cluster, &view));
    node->load.f_dsk -= 1024;
    node->load.u_cpu += 2;
    ht_stats_update(&stats, node, &before, &node->load);
    ck_assert_double_eq_tol(ht_stats_score(&stats), ht_score(cluster, &view), 1e-9);
    ht_stats_clear(&stats);
    ht_view_clear(&view);
}
END_TEST

/* A node whose memory is all reserved: 3.0 compares free memory as reported, and only "less". */
START_TEST(first_n1_flag_depends_on_the_level)
{
    for (int level_30 = 0; level_30 < 2; level_30++) {
        CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_new();
        struct ht_merge_options options = {.level_30 = level_30};
        struct ht_node_spec spec = {
            .t_mem = 2048, .f_mem = 2048, .t_dsk = 10000, .f_dsk = 9000, .t_cpu = 4, .n_cpu = 1};
        g_autoptr(GPtrArray) warnings = NULL;
        struct ht_instance *inst;

        ht_cluster_add_group(cluster, "default", "uuid-1");
        spec.name = "node1";
        ht_cluster_add_node(cluster, &spec);
        spec.name = "node2";
        ht_cluster_add_node(cluster, &spec);
        inst = ht_cluster_add_instance(cluster, "inst1", HT_DT_DRBD8);
        inst->mem = 2048;
        inst->pnode = 0;
        inst->snode = 1;
        ck_assert(ht_cluster_merge(cluster, &options, NULL));
        warnings = ht_cluster_update_memory(cluster, 0);
        ck_assert_int_eq(cluster->nodes[1].load.r_mem, 2048);
        ck_assert(cluster->nodes[1].load.fail_n1 == !level_30);
    }
}
END_TEST

UNIT_MAIN("balance", steps_are_those_of_a_full_search, switches_restrict_moves,
          undo_restores_everything, updated_statistics_stay_close_to_fresh_ones,
          first_n1_flag_depends_on_the_level)
