/* config.data from somewhere: what loads must come out again as something that loads to the same
 * text, and all that is computed from it must not stumble. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "compat-config/model/fill.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_everything(const struct cfg *cfg)
{
    GPtrArray *problems = cfg_verify(cfg);
    const struct cfg *upgraded = cfg_upgrade(cfg);

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        struct value_map filled = cfg_hvparams(cfg, cfg_instance_at(cfg, i), 0);

        cfg_filled_free(&filled);
    }
    cfg_unref(upgraded);
    g_ptr_array_unref(problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cfg *cfg = cfg_parse((const char *)data, size, NULL);
    const struct cfg *again;
    GString *text, *text_again;

    if (cfg == NULL) {
        return 0;
    }
    text = g_string_new(NULL);
    text_again = g_string_new(NULL);
    cfg_encode(cfg, text);
    again = cfg_parse(text->str, text->len, NULL);
    if (again == NULL) {
        abort();
    }
    cfg_encode(again, text_again);
    if (!g_string_equal(text, text_again)) {
        abort();
    }
    use_everything(cfg);
    cfg_unref(again);
    cfg_unref(cfg);
    (void)g_string_free(text, TRUE);
    (void)g_string_free(text_again, TRUE);
    return 0;
}
