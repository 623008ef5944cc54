#include "config.h"

#include "compat-config/model/pool.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/parse.h"
#include "facts/errors.h"

/* The rows have checked that network is ADDRESS/LENGTH (fact_check_ipv4_net). */
static unsigned prefix_length(const struct network *network)
{
    const char *slash = strchr(network->network, '/');
    uint64_t bits = 32;

    return slash != NULL && parse_uint64(slash + 1, 32, &bits, NULL) ? (unsigned)bits : 32;
}

static bool parse_address(const char *text, uint32_t *ret)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1) {
        return false;
    }
    *ret = ntohl(address.s_addr);
    return true;
}

static uint32_t base_address(const struct network *network)
{
    g_autofree char *text = g_strndup(network->network, strcspn(network->network, "/"));
    unsigned bits = prefix_length(network);
    uint32_t address = 0;

    (void)parse_address(text, &address);
    return bits == 0 ? 0 : address & (UINT32_MAX << (32 - bits));
}

uint32_t cfg_pool_size(const struct network *network)
{
    unsigned bits = prefix_length(network);

    return bits == 0 ? UINT32_MAX : UINT32_C(1) << (32 - bits);
}

static bool bit(const char *map, uint32_t index)
{
    return map != NULL && map[index] == '1';
}

/* How many addresses both maps speak of: a map that is missing stands for nothing reserved, and one
 * of the wrong length (which the check of the configuration reports) is not read beyond its end. */
static uint32_t mapped(const struct network *network)
{
    size_t length = cfg_pool_size(network);

    if (network->reservations != NULL) {
        length = MIN(length, strlen(network->reservations));
    }
    if (network->ext_reservations != NULL) {
        length = MIN(length, strlen(network->ext_reservations));
    }
    if (network->reservations == NULL && network->ext_reservations == NULL) {
        return 0;
    }
    return (uint32_t)length;
}

uint32_t cfg_pool_reserved(const struct network *network)
{
    uint32_t n = 0, end = mapped(network);

    for (uint32_t i = 0; i < end; i++) {
        n += bit(network->reservations, i) || bit(network->ext_reservations, i) ? 1 : 0;
    }
    return n;
}

uint32_t cfg_pool_free(const struct network *network)
{
    return mapped(network) - cfg_pool_reserved(network);
}

char *cfg_pool_map(const struct network *network)
{
    uint32_t end = mapped(network);
    char *map = g_malloc((gsize)end + 1);

    for (uint32_t i = 0; i < end; i++) {
        map[i] = bit(network->reservations, i) || bit(network->ext_reservations, i) ? 'X' : '.';
    }
    map[end] = '\0';
    return map;
}

char *cfg_pool_address(const struct network *network, uint32_t index)
{
    uint32_t address = base_address(network) + index;

    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

char *cfg_pool_external(const struct network *network)
{
    GString *out = g_string_new(NULL);

    for (uint32_t i = 0; network->ext_reservations != NULL && network->ext_reservations[i] != '\0';
         i++) {
        if (bit(network->ext_reservations, i)) {
            g_autofree char *address = cfg_pool_address(network, i);

            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", address);
        }
    }
    return g_string_free(out, FALSE);
}

bool cfg_pool_index(const struct network *network, const char *address, uint32_t *ret_index)
{
    uint32_t number, base = base_address(network);

    if (!parse_address(address, &number) || number < base ||
        number - base >= cfg_pool_size(network)) {
        return false;
    }
    *ret_index = number - base;
    return true;
}

bool cfg_pool_is_reserved(const struct network *network, uint32_t index, bool external_only)
{
    if (index >= mapped(network)) {
        return false;
    }
    return bit(network->ext_reservations, index) ||
           (!external_only && bit(network->reservations, index));
}

/* ---- changes ---- */

static bool check_size(const struct network *network, GError **errp)
{
    unsigned bits = prefix_length(network);

    if (bits < CFG_POOL_MIN_BITS) {
        return err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE,
                        "network %s is too big, at most a /%d can be managed", network->network,
                        CFG_POOL_MIN_BITS);
    }
    if (bits > CFG_POOL_MAX_BITS) {
        return err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE,
                        "network %s is too small, it must be at least a /%d", network->network,
                        CFG_POOL_MAX_BITS);
    }
    return true;
}

/* The map to change, made if it is missing. */
static char *writable(struct network *network, bool external, GError **errp)
{
    char **map = external ? &network->ext_reservations : &network->reservations;

    if (!check_size(network, errp)) {
        return NULL;
    }
    if (*map == NULL) {
        *map = g_strnfill(cfg_pool_size(network), '0');
        *(external ? &network->has.ext_reservations : &network->has.reservations) = true;
    }
    if (strlen(*map) != cfg_pool_size(network)) {
        (void)err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE,
                       "network %s has a map of %zu addresses instead of %u", network->network,
                       strlen(*map), cfg_pool_size(network));
        return NULL;
    }
    return *map;
}

/* Sets or clears one address, which must not be so already. */
static bool mark(struct network *network, const char *address, bool external, bool value,
                 GError **errp)
{
    char *map = writable(network, external, errp);
    uint32_t index;

    if (map == NULL) {
        return false;
    }
    if (!cfg_pool_index(network, address, &index)) {
        return err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE, "%s does not contain %s",
                        network->network, address);
    }
    if (bit(map, index) == value) {
        return err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE, "IP %s is %s %s", address,
                        value ? "already" : "not",
                        external ? "externally reserved" : "used by an instance");
    }
    map[index] = value ? '1' : '0';
    return true;
}

bool cfg_pool_reserve(struct network *network, const char *address, bool external, GError **errp)
{
    return mark(network, address, external, true, errp);
}

bool cfg_pool_release(struct network *network, const char *address, bool external, GError **errp)
{
    return mark(network, address, external, false, errp);
}

char *cfg_pool_take(struct network *network, GError **errp)
{
    char *map = writable(network, false, errp);

    if (map == NULL || writable(network, true, errp) == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; map[i] != '\0'; i++) {
        if (!bit(map, i) && !bit(network->ext_reservations, i)) {
            map[i] = '1';
            return cfg_pool_address(network, i);
        }
    }
    err_set(errp, ERR_ADDRESS_POOL, ECODE_NONE, "%s is full", network->network);
    return NULL;
}

bool cfg_pool_init(struct network *network, GError **errp)
{
    g_autofree char *first = NULL, *last = NULL;

    if (writable(network, false, errp) == NULL || writable(network, true, errp) == NULL) {
        return false;
    }
    first = cfg_pool_address(network, 0);
    last = cfg_pool_address(network, cfg_pool_size(network) - 1);
    return cfg_pool_reserve(network, first, true, errp) &&
           cfg_pool_reserve(network, last, true, errp) &&
           (network->gateway == NULL || cfg_pool_reserve(network, network->gateway, true, errp));
}
