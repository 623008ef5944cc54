/* The command line of all htools programs: the rows of facts/htools-options.def read into one
 * struct. Options that a program does not have keep their defaults. */
#ifndef GANTRY_HTOOLS_PROGRAMS_CLI_H
#define GANTRY_HTOOLS_PROGRAMS_CLI_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct cli_maybe_int {
    bool set;
    int64_t value;
};

struct cli_maybe_double {
    bool set;
    double value;
};

/* Sizes of an instance to place; memory and disk in MiB. */
struct cli_spec {
    bool set;
    int64_t disk, memory, cpus, spindles;
};

/* Lists end with NULL; a list that was not given is NULL itself, "" gives an empty one. Texts point
 * into argv. */
struct htools_options {
    /* Where the cluster comes from. */
    const char *text_data;
    const char *master; /* "" : not given, as in the reference */
    const char *luxi;   /* the socket's path */
    const char *ialloc_src;
    char **simulate; /* the last one first, as the reference numbers the groups */
    const char *dynu_file;
    bool ignore_dynu;
    bool mond;
    const char *mond_data;
    bool mond_xen;
    bool exit_on_missing_mond_data;
    int64_t static_kvm_node_memory; /* MiB; 0: as reported */

    /* What may be done with it. */
    char **offline; /* node names */
    const char *group;
    char **node_tags;
    char **select_instances;
    char **exclude_instances;
    char **exclusion_tags;
    char **restrict_allocation_to;
    bool disk_moves;
    bool instance_moves;
    bool evac_mode;
    bool restricted_migration;
    bool ignore_soft_errors;
    bool capacity_checks;
    bool independent_groups;
    bool accept_existing_errors;
    int64_t max_length; /* -1: no limit */
    double min_score;
    double min_gain;
    double min_gain_limit;
    struct cli_maybe_double max_cpu;
    double min_disk;
    bool no_simulation;

    /* hspace, hsqueeze, hroller, harep. */
    const char *disk_template; /* a word of facts; NULL: not given */
    struct cli_maybe_int spindle_use;
    struct cli_spec standard_alloc;
    struct cli_spec tiered_alloc;
    double minimal_resources;
    double target_resources;
    bool offline_maintenance;
    bool full_evacuation;
    bool skip_non_redundant;
    bool ignore_non_redundant;
    bool one_step_only;
    bool force;
    double job_delay; /* seconds */

    /* What is shown, written and submitted. */
    char **print_nodes; /* field names; "+" first: in addition to the usual ones */
    bool print_instances;
    bool print_moves;
    const char *print_commands; /* "-": on standard output */
    bool machine_readable;
    bool no_headers;
    int64_t verbose; /* 1 unless -v or -q */
    const char *save;
    const char *output_dir;
    bool exec;
    bool dry_run;
    bool first_job_group;
    const char *reason;
    struct cli_maybe_int priority; /* an enum submit_priority */

    bool show_help, show_version, show_completion;

    GPtrArray *owned; /* private: what the lists above need freed */
};

struct cli_program; /* a row of HTOOLS_PROGRAM */

/* NULL if there is none of that name (compared without regard to case). */
const struct cli_program *cli_program_find(const char *name);
/* "name - summary" for every program, in lines of at most 79 columns. */
void cli_program_list(GString *out);

/* Reads the words behind the program's name and runs it; returns the exit status. What --help,
 * --version and --help-completion ask for is printed here, as are mistakes: 2 for a line that does
 * not fit the options, 1 for a value that does not fit its option (as parseOpts in
 * src/Ganeti/Common.hs). */
int cli_program_run(const struct cli_program *program, char *const *argv);

void htools_options_init(struct htools_options *options);
void htools_options_clear(struct htools_options *options);

/* The text split at every sep; "" gives an empty list ("a," gives two). Free with g_strfreev(). */
char **cli_split(const char *text, char sep);

/* The socket that -L and the programs that need one use when none is named. */
const char *cli_default_socket(void);

#endif
