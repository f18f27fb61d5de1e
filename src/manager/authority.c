/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "authority.h"
#include "clock.h"

#define QUERIES_MAX 256          /* under way at once */
#define QUERIES_PER_USER_MAX 64  /* of them: one user's agent that lets them wait is no other's loss */
#define ROOTS_MAX 16    /* connections known to be root's */
#define NAME_MAX_SIZE 32

typedef struct Query {
        Authority *authority;
        struct Query *next;
        uid_t uid;               /* who asks */
        sd_bus_message *message; /* owned: what is asked for */
        char *action;
        sd_bus_slot *slot;
        bool answered, allowed, challenge;
        uint64_t answered_usec; /* CLOCK_MONOTONIC */
} Query;

struct Authority {
        sd_bus *bus;
        Query *queries;
        size_t n_queries;
        /* Unique names: a bus gives none of them twice, and who has one stays who
         * connected. The oldest is forgotten first. */
        char roots[ROOTS_MAX][NAME_MAX_SIZE];
        size_t next_root;
};

int authority_new(sd_bus *bus, Authority **ret) {
        Authority *authority = calloc(1, sizeof(*authority));

        if (!authority)
                return -ENOMEM;
        authority->bus = sd_bus_ref(bus);
        *ret = authority;
        return 0;
}

static void query_free(Query *query) {
        for (Query **p = &query->authority->queries; *p; p = &(*p)->next)
                if (*p == query) {
                        *p = query->next;
                        query->authority->n_queries--;
                        break;
                }
        sd_bus_slot_unref(query->slot);
        sd_bus_message_unref(query->message);
        free(query->action);
        free(query);
}

Authority *authority_free(Authority *authority) {
        if (!authority)
                return NULL;
        while (authority->queries)
                query_free(authority->queries);
        sd_bus_unref(authority->bus);
        free(authority);
        return NULL;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Query *query = userdata;
        int allowed, challenge;

        query->answered = true;
        query->answered_usec = now_usec(CLOCK_MONOTONIC);
        if (!sd_bus_message_get_error(reply) && sd_bus_message_enter_container(reply, 'r', "bba{ss}") > 0 &&
            sd_bus_message_read(reply, "bb", &allowed, &challenge) >= 0) {
                query->allowed = allowed;
                query->challenge = challenge;
        }

        if (sd_bus_message_rewind(query->message, true) < 0 ||
            sd_bus_enqueue_for_read(query->authority->bus, query->message) < 0)
                query_free(query);
        return 0;
}

static void remember_root(Authority *authority, const char *name) {
        if (strlen(name) >= NAME_MAX_SIZE)
                return;
        strcpy(authority->roots[authority->next_root], name);
        authority->next_root = (authority->next_root + 1) % ROOTS_MAX;
}

/* Who the sender is. One question to the bus itself, for root the first time only,
 * which answers from what the kernel told it when the sender connected. */
int authority_user(Authority *authority, sd_bus_message *m, uid_t *ret) {
        const char *name = sd_bus_message_get_sender(m);
        sd_bus_creds *creds = NULL;
        uid_t uid;
        int r;

        if (!name || name[0] != ':')
                return -EINVAL;
        for (size_t i = 0; i < ROOTS_MAX; i++)
                if (streq(authority->roots[i], name)) {
                        *ret = 0;
                        return 0;
                }
        r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
        if (r < 0)
                return r;
        r = sd_bus_creds_get_euid(creds, &uid);
        sd_bus_creds_unref(creds);
        if (r < 0)
                return r;
        if (uid == 0)
                remember_root(authority, name);
        *ret = uid;
        return 0;
}

static size_t queries_of(const Authority *authority, uid_t uid) {
        size_t n = 0;

        for (const Query *q = authority->queries; q; q = q->next)
                n += q->uid == uid;
        return n;
}

static int send_query(Query *query, const char *const *details) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(query->authority->bus, &m, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority",
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(query->message), query->action);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (; r >= 0 && details && details[0]; details += 2)
                r = sd_bus_message_append(m, "{ss}", details[0], strempty(details[1]));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(
                        m, "us", (uint32_t) (sd_bus_message_get_allow_interactive_authorization(query->message) > 0), "");
        if (r >= 0)
                /* A person may have to type a password. */
                r = sd_bus_call_async(query->authority->bus, &query->slot, m, on_answer, query, 5 * 60 * USEC_PER_SEC);
        sd_bus_message_unref(m);
        return r;
}

/* An answer is fetched when its message is dispatched again. Where the object of
 * the message has gone meanwhile, nobody fetches it: such are thrown away here. */
static void drop_stale(Authority *authority) {
        uint64_t now = now_usec(CLOCK_MONOTONIC);

        for (Query *q = authority->queries, *next; q; q = next) {
                next = q->next;
                if (q->answered && q->answered_usec + 60 * USEC_PER_SEC < now)
                        query_free(q);
        }
}

int authority_check(Authority *authority, sd_bus_message *m, const char *action, const char *const *details,
                    sd_bus_error *error) {
        Query *query;
        uid_t uid;
        int r;

        for (query = authority->queries; query; query = query->next)
                if (query->message == m && streq(query->action, action))
                        break;
        if (query) {
                bool allowed = query->allowed, challenge = query->challenge;

                if (!query->answered)
                        return 0;
                query_free(query);
                if (allowed)
                        return 1;
                return sd_bus_error_setf(error,
                                         challenge ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED : SD_BUS_ERROR_ACCESS_DENIED,
                                         "you are not allowed to do this: it needs the polkit action %s", action);
        }

        r = authority_user(authority, m, &uid);
        if (r < 0)
                return r;
        if (uid == 0)
                return 1;

        drop_stale(authority);
        if (authority->n_queries >= QUERIES_MAX || queries_of(authority, uid) >= QUERIES_PER_USER_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                         "too many requests wait for an authorisation: try again later");

        query = calloc(1, sizeof(*query));
        if (!query)
                return -ENOMEM;
        query->authority = authority;
        query->uid = uid;
        query->message = sd_bus_message_ref(m);
        query->next = authority->queries;
        authority->queries = query;
        authority->n_queries++;
        query->action = strdup(action);
        r = query->action ? send_query(query, details) : -ENOMEM;
        if (r < 0) {
                query_free(query);
                return r;
        }
        return 0;
}
