/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-metrics: answers GET /metrics over HTTP with what ctrd says, in the OpenMetrics
 * format. systemd listens and starts it (ctr-metrics.socket); it ends when nobody has
 * asked for a while. It may do no more than any user: ctrd asks polkit.
 */

#include <microhttpd.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "bus.h"
#include "clock.h"
#include "ctl.h"
#include "metrics.h"

#define IDLE_USEC (60 * USEC_PER_SEC)
#define CONNECTIONS_MAX 16
#define CONNECTION_SECONDS 30 /* that one may be idle */
#define CONNECTION_MEMORY (16 * 1024)

const Verb *const verbs[] = { NULL };

typedef struct Server {
        Ctl ctl;
        struct MHD_Daemon *http;
        sd_event *event;
        sd_event_source *timer; /* what the HTTP library wants to be woken for */
        sd_event_source *idle;
} Server;

/* One call after the other, each with a short limit in time; requests that come
 * meanwhile wait. */
static int collect(Server *s, char **ret, size_t *ret_size, Error *error) {
        _cleanup_(object_list_clear) ObjectList containers = {}, jobs = {};
        _cleanup_(usage_list_clear) UsageList usage = {};
        _cleanup_(object_clear) Object manager = {};
        FILE *f;
        int r;

        r = object_read(&s->ctl, BUS_ROOT, BUS_MANAGER, &manager, error);
        if (r >= 0)
                r = object_list_read(&s->ctl, BUS_CONTAINER, &containers, error);
        if (r >= 0)
                r = object_list_read(&s->ctl, BUS_JOB, &jobs, error);
        if (r >= 0)
                r = usage_list_read(&s->ctl, &usage, error);
        if (r < 0)
                return r;
        f = open_memstream(ret, ret_size);
        if (!f)
                return -errno;
        metrics_write(f, object_text(&manager, "Version"), &containers, &jobs, &usage);
        r = ferror(f) ? -ENOMEM : 0;
        if (fclose(f) != 0)
                r = -errno;
        if (r < 0) {
                free(*ret);
                *ret = NULL;
        }
        return r;
}

/* Takes the text. */
static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type, char *text, size_t size) {
        struct MHD_Response *response = text ? MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE) : NULL;
        enum MHD_Result r = MHD_NO;

        if (!response) {
                free(text);
                return MHD_NO;
        }
        if (MHD_add_response_header(response, "Content-Type", type) == MHD_YES &&
            (status != MHD_HTTP_METHOD_NOT_ALLOWED || MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_YES))
                r = MHD_queue_response(c, status, response);
        MHD_destroy_response(response);
        return r;
}

static enum MHD_Result answer_sentence(struct MHD_Connection *c, unsigned status, const char *sentence) {
        char *text;
        int n = asprintf(&text, "%s\n", sentence);

        return n < 0 ? MHD_NO : answer(c, status, "text/plain; charset=utf-8", text, (size_t) n);
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        static char seen;
        Server *s = userdata;
        char *text = NULL;
        size_t n = 0;

        /* First the head, then perhaps a body, which nobody wants. */
        if (!*state) {
                *state = &seen;
                return MHD_YES;
        }
        if (*size > 0) {
                *size = 0;
                return MHD_YES;
        }
        if (!streq(method, MHD_HTTP_METHOD_GET) && !streq(method, MHD_HTTP_METHOD_HEAD))
                return answer_sentence(c, MHD_HTTP_METHOD_NOT_ALLOWED, "This can be read, and no more: GET /metrics");
        if (!streq(url, "/metrics"))
                return answer_sentence(c, MHD_HTTP_NOT_FOUND, "There is nothing here: GET /metrics");
        if (collect(s, &text, &n, &error) < 0) {
                /* ctrd may have gone with the bus: the next one connects anew. */
                ctl_bus_close(&s->ctl);
                return answer_sentence(c, MHD_HTTP_SERVICE_UNAVAILABLE, error_message(&error));
        }
        return answer(c, MHD_HTTP_OK, METRICS_TYPE, text, n);
}

/* The library works off what there is, and says when it wants to be asked again. */
static int work(Server *s) {
        MHD_UNSIGNED_LONG_LONG msec;
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        int r;

        if (MHD_run(s->http) == MHD_NO)
                return -EIO;
        r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r >= 0 && MHD_get_timeout(s->http, &msec) == MHD_YES) {
                r = sd_event_source_set_time(s->timer, now + msec * USEC_PER_MSEC);
                if (r >= 0)
                        r = sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
        }
        if (r >= 0)
                r = sd_event_source_set_time(s->idle, now + IDLE_USEC);
        return r;
}

static int on_http(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        return work(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        return work(userdata);
}

/* Between two questions of a collector it stays; systemd starts it again else. */
static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        Server *s = userdata;
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

        if (info && info->num_connections > 0) {
                int r = sd_event_source_set_time(source, usec + IDLE_USEC);

                return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        return sd_event_exit(s->event, 0);
}

static int serve(Server *s, int socket) {
        const union MHD_DaemonInfo *info;
        int r;

        s->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s,
                                   MHD_OPTION_LISTEN_SOCKET, socket,
                                   MHD_OPTION_CONNECTION_LIMIT, (unsigned) CONNECTIONS_MAX,
                                   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned) CONNECTION_SECONDS,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
                                   MHD_OPTION_END);
        info = s->http ? MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
        if (!info)
                return -EIO;
        r = sd_event_default(&s->event);
        if (r >= 0)
                r = sd_event_add_io(s->event, NULL, info->epoll_fd, EPOLLIN, on_http, s);
        if (r >= 0)
                r = sd_event_add_time(s->event, &s->timer, CLOCK_MONOTONIC, 0, 0, on_timer, s);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &s->idle, CLOCK_MONOTONIC, IDLE_USEC, 0, on_idle, s);
        if (r >= 0)
                r = sd_notify(false, "READY=1");
        return r < 0 ? r : sd_event_loop(s->event);
}

int main(int argc, char **argv) {
        Server s = { .ctl = { .unattended = true } };
        int r;

        if (sd_listen_fds(true) != 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
                fprintf(stderr, "ctr-metrics: systemd starts this, with one socket: see ctr-metrics.socket\n");
                return EXIT_FAILURE;
        }
        r = serve(&s, SD_LISTEN_FDS_START);
        if (r < 0)
                fprintf(stderr, "ctr-metrics: %s\n", strerror(-r));
        sd_event_source_unref(s.timer);
        sd_event_source_unref(s.idle);
        if (s.http)
                MHD_stop_daemon(s.http);
        sd_event_unref(s.event);
        ctl_bus_close(&s.ctl);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
