/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <systemd/sd-journal.h>

#include "configuration.h"
#include "fragment.h"
#include "paths.h"
#include "strv.h"

static void complain(const Error *error, void *userdata) {
        sd_journal_print(LOG_WARNING, "%s", error_message(error));
}

/* Whether there is such a file. */
static bool load_file(ManagerSettings *settings, const char *path) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *text = NULL;
        int r = fragment_read(path, true, &text, &error);

        if (r >= 0 && text)
                r = manager_settings_parse(settings, text, path, complain, NULL);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "%s does not count: %s", path, error_is_set(&error) ? error_message(&error) : strerror(-r));
        return r < 0 || text;
}

void configuration_load(ManagerSettings *ret) {
        static const char *const directories[] = { "/etc/ctrd", "/run/ctrd", CTRD_PKGDATA_DIR };
        _cleanup_strv_ char **dropins = NULL, **fragments = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        bool found = false;
        int r = 0;

        manager_settings_reset(ret);
        for (size_t i = 0; i < ELEMENTSOF(directories) && r >= 0; i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s/ctrd.conf", directories[i]);
                found = found || load_file(ret, path);
                r = strv_extendf(&dropins, "%s.d", path);
        }
        if (r >= 0)
                r = fragment_list(dropins, NULL, &fragments, &error);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Not all of ctrd.conf.d counts: %s", error_is_set(&error) ? error_message(&error) : strerror(-r));
        STRV_FOREACH(f, fragments)
                (void) load_file(ret, *f);
}
