#include "config.h"

#include "base/json-writer.h"
#include "facts/cvcodes.h"
#include "facts/errors.h"
#include "facts/factdump.h"

static void dump_classes(struct json_writer *w)
{
    json_write_object_begin(w);
    for (enum err_class i = 0; i < ERR_CLASS_COUNT; i++) {
        enum err_class base = err_class_base(i);

        json_write_key(w, err_class_word(i));
        json_write_object_begin(w);
        dump_text(w, "base", base == i ? NULL : err_class_word(base));
        dump_text(w, "args", err_class_args(i));
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

static void dump_ecodes(struct json_writer *w)
{
    json_write_array_begin(w);
    for (enum err_ecode i = ECODE_NONE + 1; i < ECODE_COUNT; i++) {
        json_write_string(w, err_ecode_word(i));
    }
    json_write_array_end(w);
}

static void dump_cv_codes(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < fact_enum_cv_code.n; i++) {
        dump_text(w, fact_enum_cv_code.words[i], cv_kind_word(cv_code_kind((enum cv_code)i)));
    }
    json_write_object_end(w);
}

void dump_errors(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "classes");
    dump_classes(w);
    json_write_key(w, "ecodes");
    dump_ecodes(w);
    json_write_key(w, "cluster_verify_codes");
    dump_cv_codes(w);
    json_write_object_end(w);
}
