/* Consoles, as all drivers tell them. */
#include "config.h"

#include "base/text.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/hypervisor/hv-common.h"

static void begin(const struct hv_console_args *args, const char *kind, struct console_info *ret)
{
    ret->instance = g_strdup(args->instance->name);
    ret->kind = g_strdup(kind);
    ret->has.instance = ret->has.kind = true;
}

static void set_host(struct console_info *ret, const char *host)
{
    ret->host = g_strdup(host);
    ret->has.host = true;
}

static void set_port(struct console_info *ret, int64_t port)
{
    ret->port = port;
    ret->has.port = true;
}

void hv_message_console(const struct hv_console_args *args, const char *message,
                        struct console_info *ret)
{
    begin(args, C_CONS_MESSAGE, ret);
    ret->message = g_strdup(message);
    ret->has.message = true;
}

void hv_port_console(const struct hv_console_args *args, const char *kind, const char *host,
                     struct console_info *ret)
{
    begin(args, kind, ret);
    set_host(ret, host);
    if (args->instance->has.network_port) {
        set_port(ret, args->instance->network_port);
    }
}

void hv_ssh_console(const struct hv_console_args *args, struct console_info *ret)
{
    const struct ndparams *own = &args->primary->ndparams, *group = &args->group->ndparams;

    begin(args, C_CONS_SSH, ret);
    set_host(ret, args->primary->name);
    ret->user = g_strdup(C_SSH_CONSOLE_USER);
    ret->has.user = ret->has.command = true;
    if (own->has.ssh_port || group->has.ssh_port) {
        set_port(ret, own->has.ssh_port ? own->ssh_port : group->ssh_port);
    }
}

void hv_console_word(struct console_info *ret, const char *word)
{
    *(char **)fact_list_add(&type_str_list, &ret->command) = g_strdup(word);
}

void hv_console_quoted(struct console_info *ret, const char *word)
{
    g_autofree char *quoted = text_shell_quote(word);

    hv_console_word(ret, quoted);
}

void hv_console_wordf(struct console_info *ret, const char *format, ...)
{
    g_autofree char *word = NULL;
    va_list args;

    va_start(args, format);
    word = g_strdup_vprintf(format, args);
    va_end(args);
    hv_console_word(ret, word);
}
