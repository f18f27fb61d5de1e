/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>

#include "address.h"
#include "parse.h"

size_t address_size(const Address *a) {
        return a->family == AF_INET ? 4 : 16;
}

const char *address_to_string(const Address *a, char buffer[static ADDRESS_TEXT_MAX]) {
        char text[INET6_ADDRSTRLEN] = "";

        (void) inet_ntop(a->family, a->bytes, text, sizeof(text));
        snprintf(buffer, ADDRESS_TEXT_MAX, "%s/%u", text, a->prefix);
        return buffer;
}

int address_parse(const char *s, Address *ret) {
        Address a = {};

        if (inet_pton(AF_INET, s, a.bytes) == 1)
                a.family = AF_INET;
        else if (inet_pton(AF_INET6, s, a.bytes) == 1)
                a.family = AF_INET6;
        else
                return -EINVAL;

        a.prefix = (unsigned) address_size(&a) * 8;
        *ret = a;
        return 0;
}

int address_parse_prefix(const char *s, Address *ret) {
        const char *slash = strchr(s, '/');
        char text[INET6_ADDRSTRLEN];
        uint64_t prefix;
        Address a;
        int r;

        if (!slash || (size_t) (slash - s) >= sizeof(text))
                return -EINVAL;
        memcpy(text, s, (size_t) (slash - s));
        text[slash - s] = 0;

        r = address_parse(text, &a);
        if (r < 0)
                return r;
        if (parse_uint_max(slash + 1, address_size(&a) * 8, &prefix) < 0)
                return -EINVAL;
        a.prefix = (unsigned) prefix;
        *ret = a;
        return 0;
}

bool address_same_network(const Address *a, const Address *b) {
        if (a->family != b->family)
                return false;
        for (unsigned bit = 0; bit < a->prefix; bit += 8) {
                unsigned n = MIN(a->prefix - bit, 8u);
                uint8_t mask = (uint8_t) (0xff << (8 - n));

                if ((a->bytes[bit / 8] & mask) != (b->bytes[bit / 8] & mask))
                        return false;
        }
        return true;
}

int address_parse_mac(const char *s, uint8_t ret[static ADDRESS_MAC_SIZE]) {
        uint8_t mac[ADDRESS_MAC_SIZE];

        for (size_t i = 0; i < ADDRESS_MAC_SIZE; i++, s += 3) {
                const char digits[] = { s[0], s[0] ? s[1] : 0, 0 };

                if (!isxdigit((unsigned char) digits[0]) || !isxdigit((unsigned char) digits[1]) ||
                    s[2] != (i + 1 < ADDRESS_MAC_SIZE ? ':' : 0))
                        return -EINVAL;
                mac[i] = (uint8_t) strtoul(digits, NULL, 16);
        }
        if (mac[0] & 1)
                return -EINVAL;
        memcpy(ret, mac, sizeof(mac));
        return 0;
}

const char *address_format_mac(const uint8_t mac[static ADDRESS_MAC_SIZE], char buffer[static ADDRESS_MAC_TEXT_MAX]) {
        snprintf(buffer, ADDRESS_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
        return buffer;
}
