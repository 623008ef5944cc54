#include "config.h"

#include "htools/programs/cli.h"

#include <math.h>

#include "base/tests/unit.h"
#include "htools/core/read.h"
#include "htools/programs/program.h"

/* The programs of this test note what they were called with. */
static struct {
    const char *name;
    struct htools_options options;
    guint n_operands;
    void (*check)(const struct htools_options *options, const char *const *operands);
} called;

#define HTOOLS_PROGRAM(program, ...)                                                               \
    int program##_main(const struct htools_options *options, const char *const *operands)          \
    {                                                                                              \
        called.name = #program;                                                                    \
        called.options = *options;                                                                 \
        called.n_operands = g_strv_length((char **)operands);                                      \
        if (called.check != NULL) {                                                                \
            called.check(options, operands);                                                       \
        }                                                                                          \
        return 7;                                                                                  \
    }
#include "facts/htools-options.def"

static int run(const char *name, const char *line)
{
    g_auto(GStrv) words = cli_split(line, ' ');

    memset(&called, 0, sizeof(called.name) + sizeof(called.options) + sizeof(called.n_operands));
    return cli_program_run(cli_program_find(name), words);
}

START_TEST(finds_programs_by_name)
{
    ck_assert_ptr_nonnull(cli_program_find("hbal"));
    ck_assert_ptr_eq(cli_program_find("HBal"), cli_program_find("hbal"));
    ck_assert_ptr_null(cli_program_find("htools"));
    ck_assert_ptr_null(cli_program_find(""));
}
END_TEST

START_TEST(defaults_are_the_references)
{
    ck_assert_int_eq(run("hbal", ""), 7);
    ck_assert_str_eq(called.name, "hbal");
    ck_assert(called.options.disk_moves && called.options.instance_moves);
    ck_assert_int_eq(called.options.verbose, 1);
    ck_assert_int_eq(called.options.max_length, -1);
    ck_assert_int_eq(called.options.static_kvm_node_memory, 4096);
    ck_assert(called.options.min_score == 1e-9 && called.options.min_gain == 1e-2);
    ck_assert_ptr_null(called.options.print_nodes);
}
END_TEST

START_TEST(options_and_operands_mix)
{
    ck_assert_int_eq(run("hail", "one -v two -v -- -v"), 7);
    ck_assert_int_eq(called.options.verbose, 3);
    ck_assert_uint_eq(called.n_operands, 3);
    ck_assert_int_eq(run("hail", "-"), 7);
    ck_assert_uint_eq(called.n_operands, 1);
}
END_TEST

START_TEST(long_options_may_be_cut)
{
    ck_assert_int_eq(run("hbal", "--max-l=5 --min-gain-l .5"), 1);
    ck_assert_int_eq(run("hbal", "--max-l=5 --min-gain-l 0.5"), 7);
    ck_assert_int_eq(called.options.max_length, 5);
    ck_assert(called.options.min_gain_limit == 0.5);
    /* The whole name wins over longer ones. */
    ck_assert_int_eq(run("hbal", "--min-gain 3"), 7);
    ck_assert(called.options.min_gain == 3);
    ck_assert_int_eq(run("hbal", "--m 3"), 2);
}
END_TEST

START_TEST(short_options_join)
{
    ck_assert_int_eq(run("hbal", "-vvql5"), 7);
    ck_assert_int_eq(called.options.verbose, 2);
    ck_assert_int_eq(called.options.max_length, 5);
    /* What follows an option without argument is a word of its own to GetOpt. */
    ck_assert_int_eq(run("hail", "-v- -v"), 7);
    ck_assert_int_eq(called.options.verbose, 2);
    ck_assert_uint_eq(called.n_operands, 1);
    ck_assert_int_eq(run("hbal", "-v-max-length=4"), 7);
    ck_assert_int_eq(called.options.max_length, 4);
}
END_TEST

START_TEST(mistakes_have_the_references_status)
{
    ck_assert_int_eq(run("hbal", "--nothing"), 2);
    ck_assert_int_eq(run("hbal", "-y"), 2);
    ck_assert_int_eq(run("hbal", "-l"), 2);
    ck_assert_int_eq(run("hbal", "--evac-mode=3"), 2);
    ck_assert_int_eq(run("hail", "--evac-mode"), 2);
    ck_assert_int_eq(run("hbal", "-l x"), 1);
    ck_assert_int_eq(run("hbal", "--mond=maybe"), 1);
    ck_assert_int_eq(run("hbal", "--priority urgent"), 1);
    ck_assert_int_eq(run("hspace", "--max-cpu 0"), 1);
    ck_assert_int_eq(run("hspace", "--spindle-use=-1"), 1);
    ck_assert_int_eq(run("hspace", "--disk-template raid"), 1);
    ck_assert_int_eq(run("hspace", "--standard-alloc 1,2"), 1);
    ck_assert_int_eq(run("hspace", "--standard-alloc 1,2,3,4,5"), 1);
    ck_assert_ptr_null(called.name);
}
END_TEST

static void check_lists(const struct htools_options *options, const char *const *operands)
{
    (void)operands;
    ck_assert_uint_eq(g_strv_length(options->exclusion_tags), 2);
    ck_assert_str_eq(options->exclusion_tags[1], "");
    ck_assert_uint_eq(g_strv_length(options->select_instances), 0);
    ck_assert_str_eq(options->offline[0], "n2");
    ck_assert_str_eq(options->offline[1], "n1");
    ck_assert_str_eq(options->print_nodes[0], "+");
    ck_assert_str_eq(options->print_nodes[1], "name");
    ck_assert_str_eq(options->print_commands, "-");
}

START_TEST(lists_split_as_the_reference_splits)
{
    called.check = check_lists;
    ck_assert_int_eq(run("hbal", "--exclusion-tags=a, --select-instances= -O n1 -On2 -p+name -C"),
                     7);
    called.check = NULL;
}
END_TEST

START_TEST(specs_take_units)
{
    ck_assert_int_eq(run("hspace", "--standard-alloc 2g,1M,3 --tiered-alloc 1,2,3,4"), 7);
    ck_assert_int_eq(called.options.standard_alloc.disk, 2048);
    ck_assert_int_eq(called.options.standard_alloc.memory, 0);
    ck_assert_int_eq(called.options.standard_alloc.cpus, 3);
    ck_assert_int_eq(called.options.standard_alloc.spindles, 1);
    ck_assert_int_eq(called.options.tiered_alloc.spindles, 4);
}
END_TEST

START_TEST(help_and_version_do_not_run_the_program)
{
    ck_assert_int_eq(run("hroller", "--help"), 0);
    ck_assert_int_eq(run("hroller", "-V"), 0);
    ck_assert_int_eq(run("hspace", "--help-completion"), 0);
    ck_assert_ptr_null(called.name);
    /* A value that cannot be read is told even if help was asked for. */
    ck_assert_int_eq(run("hbal", "-h -lx"), 1);
}
END_TEST

/* What the reference's reads makes of a text; "-" for an error. */
static const struct {
    const char *text, *as_int, *as_double;
} numbers[] = {
    {"5", "5", "5"},          {" 5", "5", "5"},
    {"5 ", "-", "-"},         {"(5)", "5", "5"},
    {"( (5) )", "5", "5"},    {"(5", "-", "-"},
    {"-5", "-5", "-5"},       {"- 5", "-5", "-5"},
    {"--5", "-", "-"},        {"-(5)", "-", "-"},
    {"(-5)", "-5", "-5"},     {"+5", "-", "-"},
    {"", "-", "-"},           {"x", "-", "-"},
    {"5x", "-", "-"},         {"0x10", "16", "16"},
    {"0o17", "15", "15"},     {"0x", "-", "-"},
    {"1e2", "-", "100"},      {"1.5", "-", "1.5"},
    {"1.", "-", "-"},         {".5", "-", "-"},
    {"1e-2", "-", "0.01"},    {"1e", "-", "-"},
    {"Infinity", "-", "inf"}, {"-Infinity", "-", "-inf"},
    {"Infinityx", "-", "-"},  {"1_0", "-", "-"},
    {"0b1", "-", "-"},        {"99999999999999999999", "-", "1e+20"},
};

START_TEST(numbers_read_as_the_reference_reads)
{
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        int64_t integer;
        double real;
        g_autofree char *as_int = read_int("test", numbers[i].text, &integer, NULL)
                                      ? g_strdup_printf("%" G_GINT64_FORMAT, integer)
                                      : g_strdup("-");
        g_autofree char *as_double = read_double("test", numbers[i].text, &real, NULL)
                                         ? g_strdup_printf("%g", real)
                                         : g_strdup("-");

        ck_assert_msg(strcmp(as_int, numbers[i].as_int) == 0, "'%s' read as the integer %s",
                      numbers[i].text, as_int);
        ck_assert_msg(strcmp(as_double, numbers[i].as_double) == 0, "'%s' read as the double %s",
                      numbers[i].text, as_double);
    }
}
END_TEST

START_TEST(sizes_have_units)
{
    static const struct {
        const char *text;
        int64_t mib;
    } sizes[] = {
        {"3", 3},    {"3m", 3},     {"2 g", 2048},  {"1t", 1024 * 1024}, {"1048576M", 1000000},
        {"1G", 953}, {"1gb", 953},  {"1GiB", 1024}, {"-1G", -953},       {"0x10", 16},
        {"1mib", 1}, {"1T", 953674}};
    int64_t mib;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ck_assert(read_unit("test", sizes[i].text, &mib, NULL));
        ck_assert_msg(mib == sizes[i].mib, "%s is %" G_GINT64_FORMAT, sizes[i].text, mib);
    }
    ck_assert(!read_unit("test", "1z", &mib, NULL));
    ck_assert(!read_unit("test", "1.5g", &mib, NULL));
    ck_assert(!read_unit("test", "g", &mib, NULL));
    ck_assert(!read_unit("test", "9999999999999999t", &mib, NULL));
}
END_TEST

UNIT_MAIN("htools-cli", finds_programs_by_name, defaults_are_the_references,
          options_and_operands_mix, long_options_may_be_cut, short_options_join,
          mistakes_have_the_references_status, lists_split_as_the_reference_splits,
          specs_take_units, help_and_version_do_not_run_the_program,
          numbers_read_as_the_reference_reads, sizes_have_units)
