#include "config.h"

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/queryfields.h"

static const struct {
    enum qfield_flags flag;
    const char *word;
} flag_words[] = {
    {QF_HOSTNAME, "hostname"},
    {QF_SPLIT_TIMESTAMP, "split_timestamp"},
    {QF_JOB_ID, "job_id"},
};

static void dump_flags(struct json_writer *w, unsigned flags)
{
    json_write_key(w, "flags");
    json_write_array_begin(w);
    for (size_t i = 0; i < G_N_ELEMENTS(flag_words); i++) {
        if ((flags & flag_words[i].flag) != 0) {
            json_write_string(w, flag_words[i].word);
        }
    }
    json_write_array_end(w);
}

static void dump_fields(struct json_writer *w, enum query_kind kind)
{
    size_t n;
    const struct qfield *fields = query_fields(kind, &n);

    json_write_object_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_write_key(w, fields[i].name);
        json_write_object_begin(w);
        dump_text(w, "title", fields[i].title);
        dump_text(w, "kind", qfield_type_word(fields[i].type));
        json_write_key(w, "pos");
        json_write_int(w, (int64_t)i);
        dump_flags(w, fields[i].row->flags);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

static void dump_via(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        dump_text(w, query_word((enum query_kind)i),
                  query_rows[i].via == QUERY_VIA_LUXI ? "luxi" : "job");
    }
    json_write_object_end(w);
}

void dump_query_fields(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "fields");
    json_write_object_begin(w);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        json_write_key(w, query_word((enum query_kind)i));
        dump_fields(w, (enum query_kind)i);
    }
    json_write_object_end(w);
    json_write_key(w, "via");
    dump_via(w);
    json_write_object_end(w);
}
