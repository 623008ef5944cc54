#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/locking/locking.h"

/* ---- single rules ---- */

static struct locking *manager;
static GString *told; /* jobs that were granted, "7 8 " */

static struct client_id job(int64_t id)
{
    struct client_id owner = {0};

    owner.client = json_new_int(id);
    owner.lock_file = g_strdup_printf("/livelocks/job_%d", (int)id);
    owner.pid = 1000 + id;
    memset(&owner.has, true, sizeof(owner.has));
    return owner;
}

static void on_granted(const struct client_id *owner, void *data)
{
    (void)data;
    g_string_append_printf(told, "%d ", (int)json_int(owner->client));
}

static void setup(void)
{
    told = g_string_new(NULL);
    manager = locking_new(on_granted, NULL);
}

static void teardown(void)
{
    locking_free(manager);
    g_string_free(told, TRUE);
}

/* "LOCK MODE, LOCK MODE": mode is s, x or r. */
static struct lock_request *parse(const char *text, char ***ret_words, size_t *ret_n)
{
    char **words = g_strsplit_set(text, " ,", -1);
    struct lock_request *v = g_new0(struct lock_request, g_strv_length(words) + 1);
    size_t n = 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        if (words[i][0] == '\0') {
            continue;
        }
        if (words[i][1] != '\0') {
            v[n].lock = words[i];
        } else {
            v[n++].mode = words[i][0] == 's'   ? LOCK_SHARED
                          : words[i][0] == 'x' ? LOCK_EXCLUSIVE
                                               : LOCK_RELEASE;
        }
    }
    *ret_words = words;
    *ret_n = n;
    return v;
}

/* Result as a letter: d(one), b(locked), r(efused). */
static char ask(bool may_wait, int64_t priority, int64_t id, const char *text)
{
    struct client_id owner = job(id);
    char **words;
    size_t n;
    g_autofree struct lock_request *v = parse(text, &words, &n);
    g_autoptr(GError) error = NULL;
    enum locking_result result = may_wait
                                     ? locking_wait(manager, priority, &owner, v, n, NULL, &error)
                                     : locking_try(manager, &owner, v, n, NULL, &error);

    ck_assert((result == LOCKING_REFUSED) == (error != NULL));
    fact_object_clear(&fact_object_client_id, &owner);
    g_strfreev(words);
    return "dbr"[result];
}

static char try(int64_t id, const char *text)
{
    return ask(false, 0, id, text);
}

static char wait(int64_t id, const char *text)
{
    return ask(true, 0, id, text);
}

static void release(int64_t id)
{
    struct client_id owner = job(id);

    locking_free_all(manager, &owner);
    fact_object_clear(&fact_object_client_id, &owner);
}

static char *state(void)
{
    GString *text = g_string_new(NULL);

    locking_save(manager, text);
    return g_string_free(text, FALSE);
}

START_TEST(names_and_order)
{
    static const char *const in_order[] = {"cluster/[lockset]",
                                           "cluster/BGL",
                                           "instance/[lockset]",
                                           "instance/a",
                                           "nodegroup/[lockset]",
                                           "nodegroup/x",
                                           "node/[lockset]",
                                           "node/a",
                                           "node/b",
                                           "node-res/[lockset]",
                                           "node-res/a",
                                           "network/[lockset]",
                                           "network/n",
                                           "cluster/config"};
    static const char *const wrong[] = {"", "node", "cluster/x", "config/x", "nod/a", "nodes/a"};
    enum lock_level level;
    const char *name;

    for (size_t i = 1; i < G_N_ELEMENTS(in_order); i++) {
        ck_assert_int_lt(lock_name_compare(in_order[i - 1], in_order[i]), 0);
        ck_assert_int_gt(lock_name_compare(in_order[i], in_order[i - 1]), 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        ck_assert(!lock_name_parse(wrong[i], &level, NULL));
    }
    ck_assert(lock_name_parse("node-res/a/b", &level, &name));
    ck_assert_int_eq(level, LOCK_LEVEL_NODE_RES);
    ck_assert_str_eq(name, "a/b");
    ck_assert(lock_name_parse("cluster/config", &level, NULL) && level == LOCK_LEVEL_CONFIG);
}
END_TEST

START_TEST(sharing)
{
    ck_assert_int_eq(try(1, "node/a s"), 'd');
    ck_assert_int_eq(try(2, "node/a s"), 'd');
    ck_assert_int_eq(try(3, "node/a x"), 'b');
    ck_assert_int_eq(try(1, "node/a x"), 'b');
    release(2);
    ck_assert_int_eq(try(1, "node/a x"), 'd');
    ck_assert_int_eq(try(3, "node/a s"), 'b');
    ck_assert_int_eq(try(1, "node/a s"), 'd');
    ck_assert_int_eq(try(3, "node/a s"), 'd');
}
END_TEST

START_TEST(whole_levels)
{
    ck_assert_int_eq(try(1, "node/a s"), 'd');
    ck_assert_int_eq(try(2, "node/[lockset] s"), 'd');
    ck_assert_int_eq(try(3, "node/b x"), 'b');
    ck_assert_int_eq(try(3, "node/b s"), 'd');
    ck_assert_int_eq(try(4, "node/[lockset] x"), 'b');
    ck_assert_int_eq(try(2, "node/b x"), 'r'); /* shares the level */
    release(1);
    release(3);
    ck_assert_int_eq(try(2, "node/[lockset] x"), 'd');
    ck_assert_int_eq(try(2, "node/z x"), 'd');
    ck_assert_int_eq(try(1, "node/z s"), 'b');
    ck_assert_int_eq(try(1, "node-res/z s"), 'd');
}
END_TEST

START_TEST(order_is_kept)
{
    ck_assert_int_eq(try(1, "node/b x"), 'd');
    ck_assert_int_eq(try(1, "node/a s"), 'r');
    ck_assert_int_eq(try(1, "instance/i s"), 'r');
    ck_assert_int_eq(try(1, "node/b s"), 'd');
    ck_assert_int_eq(try(1, "node/c x, node/c s"), 'r');
    ck_assert_int_eq(try(1, "node/c x, node/c x"), 'd');
    ck_assert_int_eq(try(1, "node/a r"), 'd');
    ck_assert_int_eq(try(2, "cluster/config x"), 'd');
    ck_assert_int_eq(try(2, "cluster/BGL s"), 'r');
}
END_TEST

START_TEST(waiting_in_turn)
{
    ck_assert_int_eq(try(1, "node/a x"), 'd');
    ck_assert_int_eq(wait(2, "node/a x"), 'b');
    ck_assert_int_eq(wait(2, "node/a x"), 'b'); /* the same once more */
    ck_assert_int_eq(wait(2, "node/b x"), 'r');
    ck_assert_int_eq(ask(true, -10, 3, "node/a x"), 'b');
    release(1);
    ck_assert_str_eq(told->str, "3 ");
    ck_assert_int_eq(wait(4, "node/a s"), 'b');
    release(3);
    ck_assert_str_eq(told->str, "3 2 ");
    release(2);
    ck_assert_str_eq(told->str, "3 2 4 ");
}
END_TEST

/* Who shares does not keep an exclusive request from its turn for ever. */
START_TEST(no_starvation)
{
    ck_assert_int_eq(wait(1, "node/a s"), 'd');
    ck_assert_int_eq(wait(2, "node/a x"), 'b');
    ck_assert_int_eq(wait(3, "node/a s"), 'b');
    ck_assert_int_eq(ask(true, -1, 4, "node/a s"), 'd'); /* more urgent */
    release(4);
    release(1);
    ck_assert_str_eq(told->str, "2 ");
    release(2);
    ck_assert_str_eq(told->str, "2 3 ");
}
END_TEST

/* Turns give way where they would make a circle: 4 waits for 1, 1 for its turn behind 3, and 3 for
 * 4. */
START_TEST(no_circle)
{
    ck_assert_int_eq(wait(4, "instance/a x"), 'd');
    ck_assert_int_eq(wait(1, "node/a x"), 'd');
    ck_assert_int_eq(wait(3, "instance/a x, node/b x"), 'b');
    ck_assert_int_eq(wait(1, "node/b x"), 'b');
    ck_assert_int_eq(wait(4, "node/a x"), 'b');
    ck_assert_str_eq(told->str, "1 ");
    release(1);
    ck_assert_str_eq(told->str, "1 4 ");
    release(4);
    ck_assert_str_eq(told->str, "1 4 3 ");
}
END_TEST

START_TEST(levels_of_an_owner)
{
    struct client_id one = job(1);
    const char *const keep[] = {"cluster/BGL", "node/b"};
    g_autofree char *text = NULL;

    ck_assert_int_eq(try(1, "cluster/BGL s, node/a x, node/b x, node-res/a x"), 'd');
    ck_assert_int_eq(wait(2, "node/a s, node/b s"), 'b');
    locking_downgrade_level(manager, &one, LOCK_LEVEL_NODE);
    ck_assert_str_eq(told->str, "2 ");
    locking_free_level(manager, &one, LOCK_LEVEL_NODE_RES);
    ck_assert_int_eq(locking_mode(manager, &one, "node-res/a"), LOCK_RELEASE);
    ck_assert_int_eq(locking_mode(manager, &one, "node/a"), LOCK_SHARED);
    locking_intersect(manager, &one, keep, G_N_ELEMENTS(keep));
    release(2);
    text = state();
    ck_assert_str_eq(text, "[[[[1,\"/livelocks/job_1\",1001],"
                           "[[\"cluster/BGL\",\"shared\"],[\"node/b\",\"shared\"]]]],[]]");
    fact_object_clear(&fact_object_client_id, &one);
}
END_TEST

START_TEST(opportunism)
{
    static const struct lock_request wanted[] = {
        {"node/c", LOCK_EXCLUSIVE}, {"node/a", LOCK_EXCLUSIVE}, {"node/b", LOCK_EXCLUSIVE}};
    struct client_id one = job(1);
    GPtrArray *taken;

    ck_assert_int_eq(try(2, "node/b s"), 'd');
    taken = locking_opportunistic(manager, &one, wanted, 3, 3);
    ck_assert_uint_eq(taken->len, 0);
    g_ptr_array_free(taken, TRUE);
    ck_assert_int_eq(locking_mode(manager, &one, "node/a"), LOCK_RELEASE);
    taken = locking_opportunistic(manager, &one, wanted, 3, 2);
    ck_assert_uint_eq(taken->len, 2);
    ck_assert_str_eq(g_ptr_array_index(taken, 0), "node/c");
    ck_assert_str_eq(g_ptr_array_index(taken, 1), "node/a");
    g_ptr_array_free(taken, TRUE);
    fact_object_clear(&fact_object_client_id, &one);
}
END_TEST

START_TEST(text_and_back)
{
    struct locking *again = locking_new(NULL, NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *empty = state(), *first = NULL;

    ck_assert_str_eq(empty, "[[],[]]");
    ck_assert_int_eq(try(7, "cluster/BGL s, node/a x"), 'd');
    ck_assert_int_eq(try(6, "cluster/BGL s"), 'd');
    ck_assert_int_eq(wait(8, "node/[lockset] s"), 'b');
    ck_assert_int_eq(ask(true, -5, 9, "cluster/BGL x"), 'b');
    first = state();
    ck_assert(locking_load(again, first, strlen(first), &error));
    locking_save(again, second);
    ck_assert_str_eq(first, second->str);
    ck_assert(!locking_load(again, "[[],[[0]]]", 10, &error));
    ck_assert_str_ne(error->message, "");
    g_string_truncate(second, 0);
    locking_save(again, second);
    ck_assert_str_eq(second->str, "[[],[]]");
    locking_free(again);
}
END_TEST

/* ---- generated histories against a simple model ---- */

enum { OWNERS = 5, LEVELS = 2, PER_LEVEL = 3, LOCKS = LEVELS * PER_LEVEL, MAX_WANTS = 3 };
/* 100,000 histories in all. */
enum { HISTORIES = 10000, STEPS = 12 };

static const char *const lock_names[LOCKS] = {"instance/[lockset]", "instance/a", "instance/b",
                                              "node/[lockset]",     "node/a",     "node/b"};

struct model_request {
    bool waits;
    int priority, arrival;
    int n, lock[MAX_WANTS];
    enum lock_mode mode[MAX_WANTS];
};

static struct model {
    enum lock_mode held[OWNERS][LOCKS];
    struct model_request request[OWNERS];
    int arrivals;
} model;
static struct client_id owners[OWNERS];
static bool granted_now[OWNERS];

/* Check notes each assertion that holds, which takes longer than what is tested here. */
static void must(bool holds, const char *what)
{
    if (!holds) {
        ck_abort_msg("%s", what);
    }
}

static bool meet(int lock, enum lock_mode mode, int other, enum lock_mode other_mode)
{
    bool related = lock == other || (lock / PER_LEVEL == other / PER_LEVEL &&
                                     (lock % PER_LEVEL == 0 || other % PER_LEVEL == 0));

    return related && mode != LOCK_RELEASE && other_mode != LOCK_RELEASE &&
           (mode == LOCK_EXCLUSIVE || other_mode == LOCK_EXCLUSIVE);
}

/* Whether what `other` holds is in the way of the request of `owner`. */
static bool holder_in_way(int owner, const struct model_request *request, int other)
{
    for (int i = 0; owner != other && i < request->n; i++) {
        for (int lock = 0; lock < LOCKS; lock++) {
            if (meet(request->lock[i], request->mode[i], lock, model.held[other][lock])) {
                return true;
            }
        }
    }
    return false;
}

static bool is_held_back(int owner, const struct model_request *request)
{
    for (int other = 0; other < OWNERS; other++) {
        if (holder_in_way(owner, request, other)) {
            return true;
        }
    }
    return false;
}

static bool is_earlier(const struct model_request *a, const struct model_request *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->arrival < b->arrival;
}

/* Whether `other` waits, comes before, and would be kept waiting. */
static bool turn_in_way(int owner, const struct model_request *request, int other)
{
    const struct model_request *earlier = &model.request[other];

    if (other == owner || !earlier->waits || !is_earlier(earlier, request)) {
        return false;
    }
    for (int i = 0; i < request->n; i++) {
        for (int k = 0; k < earlier->n; k++) {
            if (model.held[owner][request->lock[i]] < request->mode[i] &&
                meet(request->lock[i], request->mode[i], earlier->lock[k], earlier->mode[k])) {
                return true;
            }
        }
    }
    return false;
}

/* Whether `from`, which waits, depends on `to` in the end; turns: by turns too. */
static bool depends(int from, int to, bool turns)
{
    bool reached[OWNERS] = {false};
    bool more = true;

    reached[from] = true;
    while (more) {
        more = false;
        for (int a = 0; a < OWNERS; a++) {
            for (int b = 0; reached[a] && model.request[a].waits && b < OWNERS; b++) {
                if (!reached[b] && (holder_in_way(a, &model.request[a], b) ||
                                    (turns && turn_in_way(a, &model.request[a], b)))) {
                    reached[b] = more = true;
                }
            }
        }
    }
    return reached[to];
}

static bool must_wait_for_turn(int owner, const struct model_request *request)
{
    for (int other = 0; other < OWNERS; other++) {
        if (turn_in_way(owner, request, other) && !depends(other, owner, true)) {
            return true;
        }
    }
    return false;
}

static void model_apply(int owner, const struct model_request *request)
{
    for (int i = 0; i < request->n; i++) {
        model.held[owner][request->lock[i]] = request->mode[i];
    }
}

static void on_history_granted(const struct client_id *owner, void *data)
{
    (void)data;
    granted_now[json_int(owner->client)] = true;
}

static void check_same(const struct locking *locking)
{
    for (int owner = 0; owner < OWNERS; owner++) {
        if (locking_is_waiting(locking, &owners[owner]) != model.request[owner].waits) {
            ck_abort_msg("owner %d waits or not", owner);
        }
        for (int lock = 0; lock < LOCKS; lock++) {
            if (locking_mode(locking, &owners[owner], lock_names[lock]) !=
                model.held[owner][lock]) {
                ck_abort_msg("owner %d, %s", owner, lock_names[lock]);
            }
        }
    }
}

static void check_rules(void)
{
    bool somebody_waits = false, somebody_works = false;

    for (int a = 0; a < OWNERS; a++) {
        bool holds = false;

        for (int lock = 0; lock < LOCKS; lock++) {
            holds = holds || model.held[a][lock] != LOCK_RELEASE;
            for (int b = 0; b < OWNERS; b++) {
                for (int other = 0; a != b && other < LOCKS; other++) {
                    if (meet(lock, model.held[a][lock], other, model.held[b][other])) {
                        ck_abort_msg("%d and %d hold what excludes each other", a, b);
                    }
                }
            }
        }
        somebody_waits = somebody_waits || model.request[a].waits;
        somebody_works = somebody_works || (holds && !model.request[a].waits);
        if (model.request[a].waits && !is_held_back(a, &model.request[a]) &&
            !must_wait_for_turn(a, &model.request[a])) {
            ck_abort_msg("%d waits for nothing", a);
        }
    }
    if (somebody_waits && !somebody_works) {
        ck_abort_msg("all wait: a circle");
    }
}

/* Brings the model to what the callback told, in whatever order that is possible. */
static void take_grants(void)
{
    for (int owner = 0; owner < OWNERS; owner++) {
        if (granted_now[owner]) {
            must(model.request[owner].waits, "waiting");
            model.request[owner].waits = false;
            model_apply(owner, &model.request[owner]);
            granted_now[owner] = false;
        }
    }
}

static struct model_request generate(GRand *rand)
{
    struct model_request request = {.priority = g_rand_int_range(rand, -1, 2)};

    request.n = g_rand_int_range(rand, 1, MAX_WANTS + 1);
    for (int i = 0; i < request.n; i++) {
        bool again = true;

        while (again) {
            request.lock[i] = g_rand_int_range(rand, 0, LOCKS);
            again = false;
            for (int k = 0; k < i; k++) {
                again = again || request.lock[k] == request.lock[i];
            }
        }
        request.mode[i] =
            g_rand_int_range(rand, 0, 5) == 0
                ? LOCK_RELEASE
                : (enum lock_mode)g_rand_int_range(rand, LOCK_SHARED, LOCK_EXCLUSIVE + 1);
    }
    return request;
}

static bool is_fulfilled(int owner, const struct model_request *request)
{
    for (int i = 0; i < request->n; i++) {
        if (model.held[owner][request->lock[i]] != request->mode[i]) {
            return false;
        }
    }
    return true;
}

static bool model_covered(int owner, int lock, enum lock_mode mode)
{
    return model.held[owner][lock] >= mode ||
           model.held[owner][lock / PER_LEVEL * PER_LEVEL] >= mode;
}

static bool breaks_order(int owner, const struct model_request *request)
{
    int highest = -1;

    for (int lock = 0; lock < LOCKS; lock++) {
        if (model.held[owner][lock] != LOCK_RELEASE) {
            highest = lock;
        }
    }
    for (int i = 0; i < request->n; i++) {
        int lock = request->lock[i];

        if (request->mode[i] != LOCK_RELEASE && lock < highest &&
            !model_covered(owner, lock, request->mode[i])) {
            return true;
        }
        if (request->mode[i] == LOCK_EXCLUSIVE && lock % PER_LEVEL != 0 &&
            model.held[owner][lock / PER_LEVEL * PER_LEVEL] == LOCK_SHARED) {
            return true;
        }
    }
    return false;
}

static bool model_circle(int owner, const struct model_request *request)
{
    for (int other = 0; other < OWNERS; other++) {
        if (holder_in_way(owner, request, other) && depends(other, owner, false)) {
            return true;
        }
    }
    return false;
}

static void step_request(struct locking *locking, GRand *rand, int owner, bool may_wait)
{
    struct model_request request = generate(rand);
    struct lock_request v[MAX_WANTS];
    bool fulfilled = !model.request[owner].waits && is_fulfilled(owner, &request);
    bool refused = !fulfilled && (model.request[owner].waits || breaks_order(owner, &request));
    bool held_back, turn;
    enum locking_result result;
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < request.n; i++) {
        v[i] = (struct lock_request){.lock = lock_names[request.lock[i]], .mode = request.mode[i]};
    }
    if (model.request[owner].waits) {
        request.priority = 9; /* surely not what it waits for already */
        v[0].mode = LOCK_RELEASE;
        v[0].lock = "network/none";
    }
    request.arrival = ++model.arrivals;
    held_back = is_held_back(owner, &request);
    turn = may_wait && must_wait_for_turn(owner, &request);
    if (may_wait) {
        result = locking_wait(locking, request.priority, &owners[owner], v, (size_t)request.n, NULL,
                              &error);
    } else {
        result = locking_try(locking, &owners[owner], v, (size_t)request.n, NULL, &error);
    }
    if (fulfilled) {
        must(result == LOCKING_DONE, "result");
    } else if (refused) {
        must(result == LOCKING_REFUSED, "result");
        return;
    } else if (may_wait && model_circle(owner, &request)) {
        must(result == LOCKING_REFUSED, "result");
    } else if (may_wait && (held_back || turn)) {
        model.request[owner] = request;
        model.request[owner].waits = true;
        /* Its coming may have freed others, and they it. */
        granted_now[owner] = result == LOCKING_DONE;
        must(result != LOCKING_REFUSED, "result");
    } else if (held_back) {
        must(result == LOCKING_BLOCKED, "result");
    } else {
        must(result == LOCKING_DONE, "result");
        model_apply(owner, &request);
    }
    take_grants();
}

static void step_give_up(struct locking *locking, int owner)
{
    locking_free_all(locking, &owners[owner]);
    memset(model.held[owner], 0, sizeof model.held[owner]);
    model.request[owner].waits = false;
    take_grants();
}

static void step_shrink(struct locking *locking, int owner, bool release_level)
{
    if (release_level) {
        locking_free_level(locking, &owners[owner], LOCK_LEVEL_NODE);
    } else {
        locking_downgrade_level(locking, &owners[owner], LOCK_LEVEL_NODE);
    }
    for (int lock = PER_LEVEL; lock < LOCKS; lock++) {
        model.held[owner][lock] =
            release_level ? LOCK_RELEASE : MIN(model.held[owner][lock], LOCK_SHARED);
    }
    model.request[owner].waits = false;
    take_grants();
}

static void step(struct locking *locking, GRand *rand)
{
    int owner = g_rand_int_range(rand, 0, OWNERS);

    switch (g_rand_int_range(rand, 0, 10)) {
    case 0:
        step_give_up(locking, owner);
        break;
    case 1:
        step_shrink(locking, owner, g_rand_boolean(rand));
        break;
    case 2:
        must(locking_stop_waiting(locking, &owners[owner]) == model.request[owner].waits,
             "waiting");
        model.request[owner].waits = false;
        take_grants();
        break;
    case 3:
        step_request(locking, rand, owner, false);
        break;
    default:
        step_request(locking, rand, owner, true);
        break;
    }
    check_rules();
}

/* Who works finishes, one after the other; then nobody may be left waiting. */
static void finish_all(struct locking *locking)
{
    for (int round = 0; round < 2 * OWNERS; round++) {
        for (int owner = 0; owner < OWNERS; owner++) {
            if (!model.request[owner].waits) {
                step_give_up(locking, owner);
            }
        }
    }
    for (int owner = 0; owner < OWNERS; owner++) {
        must(!model.request[owner].waits, "waiting");
    }
}

static void histories(guint32 seed)
{
    GRand *rand = g_rand_new_with_seed(seed);

    for (int owner = 0; owner < OWNERS; owner++) {
        owners[owner] = job(owner);
    }
    for (int i = 0; i < HISTORIES; i++) {
        struct locking *locking = locking_new(on_history_granted, NULL);

        memset(&model, 0, sizeof model);
        for (int k = 0; k < STEPS; k++) {
            step(locking, rand);
        }
        check_same(locking);
        finish_all(locking);
        locking_free(locking);
    }
    for (int owner = 0; owner < OWNERS; owner++) {
        fact_object_clear(&fact_object_client_id, &owners[owner]);
    }
    g_rand_free(rand);
}

#define HISTORY(seed)                                                                              \
    START_TEST(histories_##seed)                                                                   \
    {                                                                                              \
        histories(seed);                                                                           \
    }                                                                                              \
    END_TEST
HISTORY(1)
HISTORY(2)
HISTORY(3)
HISTORY(4)
HISTORY(5)
HISTORY(6)
HISTORY(7)
HISTORY(8)
HISTORY(9)
HISTORY(10)

UNIT_MAIN_FIXTURE("locking", setup, teardown, names_and_order, sharing, whole_levels, order_is_kept,
                  waiting_in_turn, no_starvation, no_circle, levels_of_an_owner, opportunism,
                  text_and_back, histories_1, histories_2, histories_3, histories_4, histories_5,
                  histories_6, histories_7, histories_8, histories_9, histories_10)
