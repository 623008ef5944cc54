#include "config.h"

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/objects.h"

void dump_enums(struct json_writer *w)
{
    json_write_object_begin(w);
#define ENUM(name)                                                                                 \
    json_write_key(w, #name);                                                                      \
    dump_words(w, &fact_enum_##name);
#define WORD_V(name, enumerator, word, since, until, doc)
#define ENUM_END(name)
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END
    json_write_object_end(w);
}
