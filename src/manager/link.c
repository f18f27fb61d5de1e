/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/epoll.h>

#include "fd.h"
#include "link.h"
#include "parse.h"

#define PENDING_MAX 64
/* Messages that are read before others get their turn: a guest may have much to
 * say. */
#define MESSAGES_PER_TURN 32

typedef struct Pending {
        char command[16];
        MonitorReply reply;
        void *userdata;
} Pending;

struct MonitorLink {
        int fd;
        sd_event_source *source;
        const MonitorLinkOps *ops;
        void *userdata;
        Pending pending[PENDING_MAX]; /* the oldest first */
        size_t n_pending;
        bool *freed; /* set when the link goes while it is being read */
};

/* Equal commands are answered in their order, but what takes long (create, start)
 * after what was said later. command: NULL for the oldest of all. */
static int answer_pending(MonitorLink *link, const char *command, const Error *error) {
        size_t i = 0;
        Pending p;

        while (i < link->n_pending && command && !streq(link->pending[i].command, command))
                i++;
        if (i >= link->n_pending)
                return -EBADMSG;
        p = link->pending[i];
        link->n_pending--;
        memmove(link->pending + i, link->pending + i + 1, (link->n_pending - i) * sizeof(Pending));
        if (p.reply)
                p.reply(error, p.userdata);
        return 0;
}

MonitorLink *monitor_link_free(MonitorLink *link) {
        if (!link)
                return NULL;
        if (link->freed)
                *link->freed = true;
        sd_event_source_disable_unref(link->source);
        link->fd = fd_close(link->fd); /* whom we tell now may try to send */

        _cleanup_error_ Error gone = ERROR_INIT;
        error_set(&gone, ECONNRESET, "NotRunning", "the container's monitor has gone");
        while (link->n_pending > 0)
                (void) answer_pending(link, NULL, &gone);
        free(link);
        return NULL;
}

typedef struct Message {
        const char *event, *command, *phase, *status, *message, *stage, *reason;
        const char *frozen, *addresses, *target, *host_stops;
        uint64_t extended, leader, started, ready, errnum, code, timestamp;
} Message;

static int message_parse(char *data, size_t size, Message *ret) {
        const char *key, *value;
        WireReader reader;
        Message m = {};
        int r;

        wire_read_begin(&reader, data, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                const struct {
                        const char *key;
                        const char **text;
                        uint64_t *number, max;
                } fields[] = {
                        { "EVENT", &m.event },
                        { "COMMAND", &m.command },
                        { "PHASE", &m.phase },
                        { "STATUS", &m.status },
                        { "MESSAGE", &m.message },
                        { "STAGE", &m.stage },
                        { "REASON", &m.reason },
                        { "FROZEN", &m.frozen },
                        { "ADDRESSES", &m.addresses },
                        { "TARGET", &m.target },
                        { "HOST_STOPS", &m.host_stops },
                        { "EXTENDED_USEC", NULL, &m.extended, UINT64_MAX },
                        { "LEADER", NULL, &m.leader, INT32_MAX },
                        { "STARTED_USEC", NULL, &m.started, UINT64_MAX },
                        { "READY_USEC", NULL, &m.ready, UINT64_MAX },
                        { "ERRNO", NULL, &m.errnum, INT32_MAX },
                        { "CODE", NULL, &m.code, INT32_MAX },
                        { "TIMESTAMP_USEC", NULL, &m.timestamp, UINT64_MAX },
                };

                /* A monitor of a later version may say more. */
                for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                        if (!streq(fields[i].key, key))
                                continue;
                        if (fields[i].text)
                                *fields[i].text = value;
                        else if (parse_uint_max(value, fields[i].max, fields[i].number) < 0)
                                return -EBADMSG;
                }
        }
        if (r < 0 || !m.event)
                return -EBADMSG;
        *ret = m;
        return 0;
}

/* What a monitor refuses by an errno has a name on the bus. */
static const char *refusal_name(int errnum) {
        switch (errnum) {
        case EBUSY:
        case EALREADY:
                return "Busy";
        case ECANCELED:
                return "Canceled";
        case EOPNOTSUPP:
                return "NotSupported";
        case ESRCH:
                return "NotRunning";
        case EUSERS:
                return "LimitsExceeded";
        case EINVAL:
        case ENOTDIR:
        case EISDIR:
        case ENOTBLK:
                return "InvalidSettings";
        default:
                return NULL;
        }
}

static int dispatch_message(MonitorLink *link, const Message *m) {
        const GuestWords guest = { .status = strempty(m->status), .target = strempty(m->target), .extended_usec = m->extended };
        _cleanup_error_ Error error = ERROR_INIT;

        if (streq(m->event, "reply")) {
                /* Of an older version than ours; what we say has the right form. */
                if (m->errnum != 0 && streq_ptr(m->command, ""))
                        error_set(&error, EOPNOTSUPP, "NotSupported",
                                  "the container's monitor is of an earlier version, which cannot do that: restart the container");
                else if (m->errnum != 0)
                        error_set(&error, (int) m->errnum, refusal_name((int) m->errnum), "%s",
                                  m->message ?: strerror((int) m->errnum));
                /* A command that the monitor could not read has no name. */
                return answer_pending(link, isempty(m->command) ? NULL : m->command, &error);
        } else if (streq(m->event, "snapshot") || streq(m->event, "phase")) {
                MonitorStatus status = {
                        .phase = monitor_phase_from_string(m->phase),
                        .leader = (pid_t) m->leader,
                        .guest = guest,
                        .addresses = m->addresses,
                        .started_usec = m->started,
                        .ready_usec = m->ready,
                        .frozen = streq_ptr(m->frozen, "yes"),
                        .host_stops = streq_ptr(m->host_stops, "yes"),
                };

                if (status.phase < 0)
                        return -EBADMSG;
                link->ops->phase(&status, streq(m->event, "snapshot"), link->userdata);
        } else if (streq(m->event, "status"))
                link->ops->guest(&guest, link->userdata);
        else if (streq(m->event, "addresses"))
                link->ops->addresses(m->addresses, link->userdata);
        else if (streq(m->event, "failed")) {
                error_set(&error, m->errnum ? (int) m->errnum : EIO, "StartFailed", "%s", m->message ?: strempty(m->stage));
                link->ops->failed(&error, link->userdata);
        } else if (streq(m->event, "exited")) {
                ExitReason reason = exit_reason_from_string(m->reason);

                if (reason < 0)
                        return -EBADMSG;
                link->ops->exited(reason, (int) m->code, m->timestamp, link->userdata);
        }
        return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        MonitorLink *link = userdata;
        char data[WIRE_MAX + 1];
        bool freed = false;

        link->freed = &freed;
        for (unsigned i = 0; i < MESSAGES_PER_TURN; i++) {
                ssize_t n = fd_receive(fd, data, WIRE_MAX, NULL, 0, NULL);
                Message m;

                if (n == -EAGAIN)
                        break;
                /* A monitor that talks nonsense is as good as gone. */
                if (n <= 0 || message_parse(data, (size_t) n, &m) < 0 || dispatch_message(link, &m) < 0) {
                        if (!freed)
                                link->ops->closed(link->userdata);
                        break;
                }
                if (freed)
                        return 0;
        }
        if (!freed)
                link->freed = NULL;
        return 0;
}

int monitor_link_new(sd_event *event, int fd, const MonitorLinkOps *ops, void *userdata, MonitorLink **ret) {
        _cleanup_(monitor_link_freep) MonitorLink *link = calloc(1, sizeof(*link));
        int r;

        if (!link) {
                fd_close(fd);
                return -ENOMEM;
        }
        link->fd = fd;
        link->ops = ops;
        link->userdata = userdata;

        r = fd_set_nonblock(fd, true);
        if (r >= 0)
                r = sd_event_add_io(event, &link->source, fd, EPOLLIN, on_readable, link);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(link);
        return 0;
}

/* The word after COMMAND=, with which every command begins. */
static void command_name(const WireWriter *command, char ret[static sizeof((Pending){}.command)]) {
        const char *word = command->data + strlen("COMMAND=");
        size_t n = 0;

        while (word + n < command->data + command->size && word[n] != '\n' && n + 1 < sizeof((Pending){}.command)) {
                ret[n] = word[n];
                n++;
        }
        ret[n] = 0;
}

int monitor_link_send(MonitorLink *link, const WireWriter *command, const int *fds, size_t n_fds, MonitorReply reply,
                      void *userdata) {
        int r;

        if (command->overflow)
                return -EMSGSIZE;
        if (link->n_pending >= PENDING_MAX)
                return -EBUSY;
        r = fd_send(link->fd, command->data, command->size, fds, n_fds);
        if (r < 0)
                return r;

        Pending *p = &link->pending[link->n_pending++];
        *p = (Pending){ .reply = reply, .userdata = userdata };
        command_name(command, p->command);
        return 0;
}

void monitor_link_forget(MonitorLink *link, const void *userdata) {
        for (size_t i = 0; i < link->n_pending; i++)
                if (link->pending[i].userdata == userdata)
                        link->pending[i].reply = NULL;
}

int monitor_link_command(MonitorLink *link, const char *command) {
        WireWriter w;

        wire_begin(&w);
        wire_put(&w, "COMMAND", command);
        return monitor_link_send(link, &w, NULL, 0, NULL, NULL);
}
