/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "file.h"
#include "identity.h"
#include "json-text.h"
#include "name.h"
#include "paths.h"

void identity_clear(Identity *identity) {
        free(identity->machine_id);
        free(identity->image);
        free(identity->template);
        *identity = (Identity){};
}

static bool has_mac(const Identity *identity) {
        static const uint8_t none[ADDRESS_MAC_SIZE];

        return memcmp(identity->mac, none, sizeof(none)) != 0;
}

void identity_mac(const Identity *identity, const char *name, uint8_t ret[static ADDRESS_MAC_SIZE]) {
        if (has_mac(identity))
                memcpy(ret, identity->mac, ADDRESS_MAC_SIZE);
        else
                name_mac_address(name, "container", ret);
}

static void identity_path(const char *name, char path[static PATH_MAX]) {
        snprintf(path, PATH_MAX, PATH_CONTAINERS "/%s/identity.json", name);
}

int identity_load(const char *name, Identity *ret, Error *error) {
        const char *machine_id, *image, *template = NULL, *mac = NULL;
        json_int_t base, count, created, low = 0, high = 0;
        uint8_t address[ADDRESS_MAC_SIZE] = {};
        char path[PATH_MAX];
        json_error_t je;
        json_t *j;
        int r = 0;

        identity_path(name, path);
        j = json_load_file(path, JSON_REJECT_DUPLICATES, &je);
        if (!j)
                return error_set(error, EIO, NULL, "cannot read %s: %s", path, je.text);

        if (json_unpack_ex(j, &je, 0, "{s:s, s:s, s?s, s:I, s:I, s?[I, I], s?s, s:I}", "machine_id", &machine_id, "image", &image,
                           "template", &template, "uid_base", &base, "uid_count", &count, "categories", &low, &high, "mac", &mac,
                           "created_usec", &created) < 0)
                r = error_set(error, EIO, NULL, "%s is damaged: %s", path, je.text);
        else if (!name_is_machine_id(machine_id) || !name_is_image_id(image) || base < 0 || base > UINT32_MAX ||
                 count < 0 || count > UINT32_MAX - base || created < 0 || low < 0 || high < 0 || high >= MCS_CATEGORIES ||
                 ((low > 0 || high > 0) && low >= high) || (mac && address_parse_mac(mac, address) < 0))
                r = error_set(error, EIO, NULL, "%s is damaged: a value is out of its range", path);
        else {
                Identity i = {
                        .machine_id = strdup(machine_id),
                        .image = strdup(image),
                        .template = template ? strdup(template) : NULL,
                        .uid_base = (uint32_t) base,
                        .uid_count = (uint32_t) count,
                        .mcs = { (uint32_t) low, (uint32_t) high },
                        .created_usec = (uint64_t) created,
                };

                memcpy(i.mac, address, sizeof(i.mac));
                if (!i.machine_id || !i.image || (template && !i.template)) {
                        identity_clear(&i);
                        r = -ENOMEM;
                } else
                        *ret = i;
        }

        json_decref(j);
        return r;
}

int identity_save(const char *name, const Identity *identity, Error *error) {
        char path[PATH_MAX];
        char mac[ADDRESS_MAC_TEXT_MAX];
        json_t *j, *categories = NULL;
        char *text;
        int r;

        identity_path(name, path);
        if (mcs_pair_is_valid(identity->mcs))
                categories = json_pack("[i, i]", (int) identity->mcs.low, (int) identity->mcs.high);
        j = json_pack("{s:s, s:s, s:s*, s:I, s:I, s:o*, s:s*, s:I}", "machine_id", identity->machine_id, "image", identity->image,
                      "template", identity->template, "uid_base", (json_int_t) identity->uid_base, "uid_count",
                      (json_int_t) identity->uid_count, "categories", categories, "mac",
                      has_mac(identity) ? address_format_mac(identity->mac, mac) : NULL, "created_usec", (json_int_t) identity->created_usec);
        /* Without memory for it there would be a file without it. */
        if (mcs_pair_is_valid(identity->mcs) && !categories) {
                json_decref(j);
                return -ENOMEM;
        }
        text = j ? json_text(j, JSON_INDENT(2)) : NULL;
        json_decref(j);
        if (!text)
                return -ENOMEM;

        r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        free(text);
        if (r < 0)
                return error_set_errno(error, r, "cannot write %s", path);
        return 0;
}
