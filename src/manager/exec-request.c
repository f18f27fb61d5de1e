/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "environment.h"
#include "exec-request.h"
#include "parse.h"
#include "strv.h"

void exec_request_clear(ExecRequest *request) {
        strv_free(request->argv);
        strv_free(request->environment);
        free(request->directory);
        free(request->user);
        *request = (ExecRequest){};
}

static bool is_user_name(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n <= 32 && *s != '-' &&
               strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* Names are looked up by the container's own programs: its passwd is written by
 * the container, and its name service may be more than a file. */
int exec_request_resolve(ExecRequest *request, bool login, Error *error) {
        /* $1 is the user. su(1) makes a proper login (PAM, logind session); where
         * there is none, root gets a shell all the same. */
        static const char *const login_script = "if command -v su >/dev/null 2>&1; then exec su -l \"$1\"; "
                                                "elif [ \"$1\" = root ]; then cd; exec /bin/sh -l; "
                                                "else echo \"no su here: only root can have a shell\" >&2; exit 127; fi";
        static const char *const user_script = "u=$1; shift; exec su -s /bin/sh \"$u\" -c 'exec \"$0\" \"$@\"' -- \"$@\"";
        const char *user = request->user ?: "root";
        _cleanup_strv_ char **argv = NULL;
        uint32_t uid;
        int r;

        if (!login && *user && strspn(user, "0123456789") == strlen(user)) {
                if (parse_u32(user, &uid) < 0 || uid >= 65536)
                        return error_set(error, EINVAL, "InvalidArguments", "%.32s is no id of the container: it has 0 to 65535",
                                         user);
                request->uid = request->gid = uid;
                return 0;
        }
        if (!is_user_name(user))
                return error_set(error, EINVAL, "InvalidArguments", "\"%.64s\" is no user name", user);
        if (!login && streq(user, "root"))
                return 0;

        r = strv_extend(&argv, "/bin/sh");
        if (r >= 0)
                r = strv_extend(&argv, "-c");
        if (r >= 0)
                r = strv_extend(&argv, login ? login_script : user_script);
        if (r >= 0)
                r = strv_extend(&argv, "sh");
        if (r >= 0)
                r = strv_extend(&argv, user);
        STRV_FOREACH(a, request->argv)
                r = r < 0 ? r : strv_extend(&argv, *a);
        if (r < 0)
                return r;
        strv_free(request->argv);
        request->argv = TAKE_PTR(argv);
        return 0;
}

int exec_compile(const Launch *launch, const ExecRequest *request, json_t **ret) {
        _cleanup_strv_ char **environment = NULL;
        json_t *process;
        int r;

        r = environment_defaults(&environment, "xterm");
        if (r >= 0)
                r = strv_extend(&environment, request->uid == 0 ? "HOME=/root" : "HOME=/");
        if (r >= 0)
                r = environment_merge(&environment, request->environment);
        if (r < 0)
                return r;
        process = bundle_process(launch, request->argv, environment, request->directory ?: "/", request->uid, request->gid,
                                  request->terminal);
        if (!process)
                return -ENOMEM;
        if (request->terminal && request->columns > 0 && request->rows > 0)
                json_object_set_new(process, "consoleSize",
                                    json_pack("{s:I, s:I}", "width", (json_int_t) request->columns, "height",
                                              (json_int_t) request->rows));
        *ret = process;
        return 0;
}
