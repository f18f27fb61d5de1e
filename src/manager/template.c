/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "name.h"
#include "parse.h"
#include "paths.h"
#include "strv.h"
#include "template.h"
#include "utf8.h"

void template_info_clear(TemplateInfo *info) {
        free(info->name);
        free(info->description);
        free(info->default_variant);
        strv_free(info->variants);
        *info = (TemplateInfo){};
}

static bool is_template(int dir, const char *name) {
        return name_is_image_id(name) && !strchr(name, '.') && faccessat(dir, name, X_OK, 0) >= 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int template_list(char ***ret) {
        _cleanup_strv_ char **names = calloc(1, sizeof(char *));
        DIR *dir;
        int r = 0;

        if (!names)
                return -ENOMEM;
        dir = opendir(PATH_TEMPLATES);
        if (dir) {
                for (struct dirent *de; r >= 0 && (de = readdir(dir));)
                        if (de->d_type == DT_REG && is_template(dirfd(dir), de->d_name))
                                r = strv_extend(&names, de->d_name);
                closedir(dir);
        } else if (errno != ENOENT)
                r = -errno;
        if (r < 0)
                return r;
        qsort(names, strv_length(names), sizeof(char *), compare_names);
        *ret = TAKE_PTR(names);
        return 0;
}

int template_find(const char *name, char **ret_path, Error *error) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *known = NULL;
        int r;

        r = template_list(&names);
        if (r < 0)
                return error_set_errno(error, r, "cannot read %s", PATH_TEMPLATES);
        if (strv_contains(names, name))
                return asprintf(ret_path, PATH_TEMPLATES "/%s", name) < 0 ? -ENOMEM : 0;

        known = strv_join(names, ", ");
        return error_set(error, ENOENT, "NoSuchTemplate", "there is no template or image \"%s\": templates are %s", name,
                         isempty(known) ? "not installed" : known);
}

static int copy_value(char **field, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

/* Those that could be built: others would be refused when asked for. */
static int parse_variants(const char *value, char ***ret) {
        _cleanup_strv_ char **words = NULL, **variants = NULL;
        int r;

        r = strv_split(value, " ", &words);
        STRV_FOREACH(w, words)
                if (r >= 0 && name_is_image_id(*w))
                        r = strv_extend(&variants, *w);
        if (r < 0)
                return r;
        strv_free(*ret);
        *ret = TAKE_PTR(variants);
        return 0;
}

int template_parse_description(const char *name, const char *text, TemplateInfo *ret) {
        _cleanup_(template_info_clear) TemplateInfo info = { .network = true };
        _cleanup_strv_ char **lines = NULL;
        int r;

        r = strv_split(text, "\n", &lines);
        if (r >= 0)
                r = copy_value(&info.name, name);
        if (r >= 0)
                r = copy_value(&info.description, "");
        if (r < 0)
                return r;

        STRV_FOREACH(line, lines) {
                const char *v;

                utf8_make_printable(*line);
                if ((v = startswith(*line, "DESCRIPTION=")))
                        r = copy_value(&info.description, v);
                else if ((v = startswith(*line, "DEFAULT_VARIANT=")))
                        r = copy_value(&info.default_variant, v);
                else if ((v = startswith(*line, "VARIANTS=")))
                        r = parse_variants(v, &info.variants);
                else if ((v = startswith(*line, "NETWORK=")))
                        info.network = parse_bool(v) != 0;
                if (r < 0)
                        return r;
        }
        if (!info.default_variant || !name_is_image_id(info.default_variant))
                return -EBADMSG;
        *ret = info;
        info = (TemplateInfo){};
        return 0;
}

char *template_image_id(const char *template, const char *variant) {
        char *id;

        return asprintf(&id, "%s-%s", template, variant) < 0 ? NULL : id;
}
