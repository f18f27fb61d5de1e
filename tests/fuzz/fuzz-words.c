/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers, times, signals, addresses, names and quoted words, a line each. */

#include "address.h"
#include "fuzz.h"
#include "name.h"
#include "parse.h"
#include "strv.h"

static void one_line(const char *line) {
        _cleanup_strv_ char **words = NULL, **again = NULL;
        _cleanup_free_ char *quoted = NULL, *template = NULL, *variant = NULL;
        uint8_t mac[ADDRESS_MAC_SIZE];
        char interface[NAME_INTERFACE_MAX];
        Address address;
        uint64_t u64;
        int sig;

        (void) parse_bool(line);
        (void) parse_u64(line, &u64);
        (void) address_parse(line, &address);
        if (address_parse_prefix(line, &address) >= 0)
                promise(address.prefix <= address_size(&address) * 8);
        if (address_parse_mac(line, mac) >= 0)
                promise(strlen(line) == 17 && !(mac[0] & 1));
        if (parse_usec(line, &u64) >= 0)
                promise((u64 == USEC_INFINITY) == streq(line, "infinity"));
        if (parse_size(line, &u64) >= 0)
                promise((u64 == UINT64_MAX) == streq(line, "infinity"));
        if (parse_signal(line, &sig) >= 0)
                promise(sig > 0 && signal_name(sig));
        if (name_is_valid(line))
                name_host_interface(line, interface);
        (void) name_split_template(line, &template, &variant, NULL);

        if (strv_split_quoted(line, &words) >= 0) {
                quoted = strv_join_quoted(words);
                promise(strv_split_quoted(quoted, &again) >= 0);
                promise(strv_equal(words, again));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_strv_ char **lines = NULL;

        one_line(text);
        promise(strv_split(text, "\n", &lines) >= 0);
        STRV_FOREACH(line, lines)
                one_line(*line);
        return 0;
}
