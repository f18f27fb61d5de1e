/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "authority.h"
#include "clock.h"
#include "departure.h"
#include "message-size.h"
#include "strv.h"

#define QUERIES_MAX 1024 /* under way at once; UserQueriesMax= and UserBytesMax= are one user's share */
#define ROOTS_MAX 16    /* connections known to be root's */
#define NAME_MAX_SIZE 32

typedef struct Query {
        Authority *authority;
        struct Query *next;
        uid_t uid;               /* who asks */
        sd_bus_message *message; /* owned: what is asked for */
        size_t size;             /* of it */
        AuthorityWay ways[AUTHORITY_WAYS_MAX]; /* their actions are owned: what had them may go */
        size_t n_ways, way;
        char **details;
        sd_bus_slot *slot;
        char id[24]; /* by which polkit is told that nobody waits */
        bool answered, allowed, challenge;
        uint64_t answered_usec; /* CLOCK_MONOTONIC */
} Query;

struct Authority {
        sd_bus *bus;
        const ManagerSettings *limits;
        Query *queries;
        size_t n_queries;
        uint64_t last_id;
        sd_bus_slot *departures; /* while there are queries: who leaves the bus */
        /* Unique names: a bus gives none of them twice, and who has one stays who
         * connected. The oldest is forgotten first. */
        char roots[ROOTS_MAX][NAME_MAX_SIZE];
        size_t next_root;
};

int authority_new(sd_bus *bus, const ManagerSettings *limits, Authority **ret) {
        Authority *authority = calloc(1, sizeof(*authority));

        if (!authority)
                return -ENOMEM;
        authority->bus = sd_bus_ref(bus);
        authority->limits = limits;
        *ret = authority;
        return 0;
}

static int new_call(sd_bus *bus, const char *member, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(bus, ret, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                                              "org.freedesktop.PolicyKit1.Authority", member);
}

/* Takes the dialogue away from a person who would be asked for nothing. */
static void query_cancel(Query *query) {
        sd_bus_message *m = NULL;
        int r;

        query->slot = sd_bus_slot_unref(query->slot);
        r = new_call(query->authority->bus, "CancelCheckAuthorization", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", query->id);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                (void) sd_bus_send(query->authority->bus, m, NULL);
        sd_bus_message_unref(m);
}

static void query_free(Query *query) {
        Authority *authority = query->authority;

        for (Query **p = &authority->queries; *p; p = &(*p)->next)
                if (*p == query) {
                        *p = query->next;
                        authority->n_queries--;
                        break;
                }
        if (query->slot && !query->answered)
                query_cancel(query);
        if (!authority->queries)
                authority->departures = sd_bus_slot_unref(authority->departures);
        sd_bus_slot_unref(query->slot);
        sd_bus_message_unref(query->message);
        strv_free(query->details);
        for (size_t i = 0; i < query->n_ways; i++)
                free((char *) query->ways[i].action);
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

static int query_send(Query *query);

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Query *query = userdata;
        int allowed, challenge;

        if (sd_bus_message_get_error(reply))
                query_cancel(query); /* it may be that only we have given up */
        else if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") > 0 &&
            sd_bus_message_read(reply, "bb", &allowed, &challenge) >= 0) {
                query->allowed = allowed;
                query->challenge = challenge;
        }
        query->slot = sd_bus_slot_unref(query->slot);
        if (!query->allowed && query->way + 1 < query->n_ways) {
                query->way++;
                if (query_send(query) >= 0)
                        return 0;
        }

        query->answered = true;
        query->answered_usec = now_usec(CLOCK_MONOTONIC);
        if (sd_bus_message_rewind(query->message, true) < 0 ||
            sd_bus_enqueue_for_read(query->authority->bus, query->message) < 0) {
                (void) sd_bus_reply_method_errno(query->message, -ENOMEM, NULL);
                query_free(query);
        }
        return 0;
}

static int query_send(Query *query) {
        const AuthorityWay *way = &query->ways[query->way];
        bool interactive = !way->quiet && sd_bus_message_get_allow_interactive_authorization(query->message) > 0;
        sd_bus_message *m = NULL;
        int r;

        query->challenge = false;
        snprintf(query->id, sizeof(query->id), "%llu", (unsigned long long) ++query->authority->last_id);
        r = new_call(query->authority->bus, "CheckAuthorization", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(query->message), way->action);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (char **d = query->details; r >= 0 && d && d[0]; d += 2)
                r = sd_bus_message_append(m, "{ss}", d[0], d[1]);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", (uint32_t) interactive, query->id);
        if (r >= 0)
                /* A person may have to type a password. */
                r = sd_bus_call_async(query->authority->bus, &query->slot, m, on_answer, query, 5 * 60 * USEC_PER_SEC);
        sd_bus_message_unref(m);
        return r;
}

static int on_departure(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Authority *authority = userdata;
        const char *name = departure_read(m);

        if (!name)
                return 0;
        for (Query *q = authority->queries, *next; q; q = next) {
                next = q->next;
                /* What is answered is on its way to its handler, which sees for itself. */
                if (!q->answered && streq_ptr(sd_bus_message_get_sender(q->message), name))
                        query_free(q);
        }
        return 0;
}

static void remember_root(Authority *authority, const char *name) {
        if (strlen(name) >= NAME_MAX_SIZE)
                return;
        strcpy(authority->roots[authority->next_root], name);
        authority->next_root = (authority->next_root + 1) % ROOTS_MAX;
}

static int ask_user(sd_bus_message *m, uid_t *ret) {
        sd_bus_creds *creds = NULL;
        int r;

        r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_euid(creds, ret);
        sd_bus_creds_unref(creds);
        return r;
}

/* Who the sender is. One question to the bus itself, for root the first time only,
 * which answers from what the kernel told it when the sender connected. */
int authority_user(Authority *authority, sd_bus_message *m, uid_t *ret) {
        const char *name = sd_bus_message_get_sender(m);
        uid_t uid;
        int r;

        if (!name || name[0] != ':')
                return -EINVAL;
        for (size_t i = 0; i < ROOTS_MAX; i++)
                if (streq(authority->roots[i], name)) {
                        *ret = 0;
                        return 0;
                }
        for (const Query *q = authority->queries; q; q = q->next)
                if (q->message == m) {
                        *ret = q->uid;
                        return 0;
                }
        r = ask_user(m, &uid);
        if (r < 0)
                return r;
        if (uid == 0)
                remember_root(authority, name);
        *ret = uid;
        return 0;
}

/* From now on we hear of who leaves, and the sender is there now: so no end of it is missed. */
static int watch_sender(Authority *authority, sd_bus_message *m) {
        uid_t uid;
        int r;

        if (authority->departures)
                return 0;
        r = departure_watch(authority->bus, &authority->departures, on_departure, authority);
        if (r >= 0)
                r = ask_user(m, &uid);
        if (r < 0)
                authority->departures = sd_bus_slot_unref(authority->departures);
        return r;
}

/* A path may be as long as all the rest, and is kept twice: in what rules see, too. */
static size_t query_size(sd_bus_message *m, const char *const *details, uint64_t max) {
        const char *const header[] = { sd_bus_message_get_path(m), sd_bus_message_get_interface(m), sd_bus_message_get_member(m) };
        size_t size = message_size(m, max);

        for (size_t i = 0; i < ELEMENTSOF(header); i++)
                size += strlen(strempty(header[i]));
        for (; details && details[0]; details += 2)
                size += strlen(details[0]) + strlen(strempty(details[1]));
        return size;
}

static int check_room(const Authority *authority, uid_t uid, size_t size, sd_bus_error *error) {
        size_t n = 0, bytes = size;

        for (const Query *q = authority->queries; q; q = q->next)
                if (q->uid == uid) {
                        n++;
                        bytes += q->size;
                }
        /* One user's agent that lets them wait is no other's loss. */
        if (authority->n_queries >= QUERIES_MAX || n >= authority->limits->user_queries_max ||
            bytes > authority->limits->user_bytes_max)
                return sd_bus_error_setf(error, "org.ctrd1.Error.LimitsExceeded",
                                         "too many requests, or too long ones, wait for an authorisation: try again later");
        return 0;
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

static int query_new(Authority *authority, sd_bus_message *m, uid_t uid, size_t size, const AuthorityWay *ways, size_t n_ways,
                     const char *const *details) {
        Query *query = calloc(1, sizeof(*query));
        int r = 0;

        if (!query)
                return -ENOMEM;
        *query = (Query){
                .authority = authority,
                .next = authority->queries,
                .uid = uid,
                .message = sd_bus_message_ref(m),
                .size = size,
        };
        authority->queries = query;
        authority->n_queries++;
        for (size_t i = 0; i < n_ways && r >= 0; i++) {
                char *action = strdup(ways[i].action);

                if (!action)
                        r = -ENOMEM;
                else
                        query->ways[query->n_ways++] = (AuthorityWay){ action, ways[i].quiet };
        }
        for (; r >= 0 && details && details[0]; details += 2) {
                r = strv_extend(&query->details, details[0]);
                if (r >= 0)
                        r = strv_extend(&query->details, strempty(details[1]));
        }
        if (r >= 0)
                r = query_send(query);
        if (r < 0) {
                query_free(query);
                return r;
        }
        return 0; /* and nothing else, which would be a yes */
}

/* What polkit said; that way may be none any more. */
static int query_take(Query *query, const AuthorityWay *ways, size_t n_ways, sd_bus_error *error) {
        bool challenge = query->challenge;
        size_t granted = n_ways;

        for (size_t i = 0; i < n_ways && query->allowed && granted == n_ways; i++)
                if (streq(ways[i].action, query->ways[query->way].action))
                        granted = i;
        query_free(query);
        if (granted < n_ways)
                return (int) granted + 1;
        return sd_bus_error_setf(error, challenge ? SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED : SD_BUS_ERROR_ACCESS_DENIED,
                                 "you are not allowed to do this: it needs the polkit action %s", ways[n_ways - 1].action);
}

int authority_check(Authority *authority, sd_bus_message *m, const AuthorityWay *ways, size_t n_ways,
                    const char *const *details, sd_bus_error *error) {
        size_t size;
        uid_t uid;
        int r;

        for (Query *q = authority->queries; q; q = q->next)
                if (q->message == m && streq(q->ways[q->n_ways - 1].action, ways[n_ways - 1].action))
                        return q->answered ? query_take(q, ways, n_ways, error) : 0;

        r = authority_user(authority, m, &uid);
        if (r < 0)
                return r;
        if (uid == 0)
                return 1;

        drop_stale(authority);
        size = query_size(m, details, authority->limits->user_bytes_max);
        r = check_room(authority, uid, size, error);
        if (r >= 0)
                r = watch_sender(authority, m);
        return r < 0 ? r : query_new(authority, m, uid, size, ways, n_ways, details);
}
