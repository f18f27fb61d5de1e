/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/socket.h>

#include "console.h"
#include "fd.h"

/* Bytes handled before other events get their turn. */
#define CHUNK 4096
#define CHUNKS_PER_TURN 16
/* Of a client's socket, so that one that reads slowly is not seconds behind. */
#define CLIENT_BUFFER (32 * 1024)

static void client_event(void *userdata, uint32_t events);

void console_init(Console *console, Loop *loop) {
        *console = (Console){
                .loop = loop,
                .log = CONSOLE_LOG_INIT,
                .master = -EBADF,
                .pipe = -EBADF,
        };
}

static void client_detach(ConsoleClient *client) {
        source_remove(&client->source);
        fd_close(client->fd);
        fd_close(client->lease);
        *client = (ConsoleClient){ .fd = -EBADF, .lease = -EBADF };
}

/* What a client is watched for follows from its state alone. */
static void client_watch(ConsoleClient *client) {
        uint32_t events = 0;

        if (!client->finished && client->console->n_input == 0)
                events |= EPOLLIN;
        if (client->lost > 0)
                events |= EPOLLOUT;
        (void) source_set_events(&client->source, events);
}

static void client_send(ConsoleClient *client, const char *data, size_t n) {
        ssize_t k;

        if (client->lost > 0) {
                client->lost += n;
                return;
        }
        k = send(client->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k < 0) {
                if (errno != EAGAIN && errno != EINTR) {
                        client_detach(client);
                        return;
                }
                k = 0;
        }
        if ((size_t) k < n) {
                client->lost = n - (size_t) k;
                client_watch(client);
        }
}

/* Tells a client that reads again what it has missed. */
static void client_recover(ConsoleClient *client) {
        char text[80];
        int n;

        n = snprintf(text, sizeof(text), "\r\n[%llu bytes of output lost]\r\n", (unsigned long long) client->lost);
        if (send(client->fd, text, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL) != n)
                return;
        client->lost = 0;
        client_watch(client);
}

static void console_output(Console *console, const char *data, size_t n) {
        /* A full disk must not stop the container; what is lost is the log's. */
        (void) console_log_write(&console->log, data, n);

        for (size_t i = 0; i < n;) {
                size_t at = (size_t) (console->n_output % CONSOLE_HISTORY);
                size_t m = MIN(n - i, (size_t) CONSOLE_HISTORY - at);

                memcpy(console->history + at, data + i, m);
                console->n_output += m;
                i += m;
        }

        for (size_t i = 0; i < CONSOLE_CLIENTS_MAX; i++)
                if (console->clients[i].console)
                        client_send(&console->clients[i], data, n);
}

static void console_watch_clients(Console *console) {
        for (size_t i = 0; i < CONSOLE_CLIENTS_MAX; i++)
                if (console->clients[i].console)
                        client_watch(&console->clients[i]);
}

/* Hands the pty what it takes of the waiting input. */
static void console_flush_input(Console *console) {
        while (console->n_input > 0) {
                ssize_t k = console->master < 0 ? (ssize_t) console->n_input
                                                : write(console->master, console->input, console->n_input);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0 && errno == EAGAIN)
                        break;
                if (k < 0) /* nobody has the terminal open: typed into the void */
                        k = (ssize_t) console->n_input;
                console->n_input -= (size_t) k;
                memmove(console->input, console->input + k, console->n_input);
        }
        console_watch_clients(console);
}

static void client_read(ConsoleClient *client) {
        Console *console = client->console;
        ssize_t k;

        k = recv(client->fd, console->input, sizeof(console->input), MSG_DONTWAIT);
        if (k < 0) {
                if (errno != EAGAIN && errno != EINTR)
                        client_detach(client);
                return;
        }
        if (k == 0) {
                /* It may still want to read; a full hang-up is told apart. */
                client->finished = true;
                client_watch(client);
                return;
        }
        if (client->readonly)
                return;
        console->n_input = (size_t) k;
        console_flush_input(console);
}

static void client_event(void *userdata, uint32_t events) {
        ConsoleClient *client = userdata;

        if ((events & EPOLLIN) && client->console->n_input == 0)
                client_read(client);
        if (client->console && (events & (EPOLLHUP | EPOLLERR)))
                client_detach(client);
        if (client->console && (events & EPOLLOUT) && client->lost > 0)
                client_recover(client);
}

/* Reads at most a turn's worth. Returns whether there may be more. */
static bool console_drain(Console *console, int fd, bool *ret_ended) {
        char data[CHUNK];

        for (unsigned i = 0; i < CHUNKS_PER_TURN; i++) {
                ssize_t k = read(fd, data, sizeof(data));

                if (k > 0) {
                        console_output(console, data, (size_t) k);
                        continue;
                }
                if (k < 0 && errno == EINTR)
                        continue;
                /* EIO: no process has the terminal open, as when getty is
                 * about to be started again. */
                *ret_ended = k == 0;
                return false;
        }
        return true;
}

/* Edge-triggered: a pty whose other side nobody has open hangs up for as long
 * as that lasts, and a level would be a busy loop. The edge comes when it is
 * opened and written to again. So no slave needs to be kept open here, which
 * would pin the container's devpts. */
static void master_event(void *userdata, uint32_t events) {
        Console *console = userdata;
        bool ended = false;

        if (console->n_input > 0)
                console_flush_input(console);
        if (console_drain(console, console->master, &ended))
                (void) source_set_events(&console->master_source, EPOLLIN | EPOLLOUT | EPOLLET);
}

static void pipe_event(void *userdata, uint32_t events) {
        Console *console = userdata;
        bool ended = false;

        if (!console_drain(console, console->pipe, &ended) && ended) {
                source_remove(&console->pipe_source);
                console->pipe = fd_close(console->pipe);
        }
}

int console_set_master(Console *console, int master) {
        int r;

        source_remove(&console->master_source);
        fd_close(console->master);
        console->master = master;
        if (console->size.ws_col > 0)
                (void) ioctl(master, TIOCSWINSZ, &console->size);
        r = source_add(&console->master_source, console->loop, master, EPOLLIN | EPOLLOUT | EPOLLET, master_event,
                       console);
        if (r < 0)
                console->master = fd_close(console->master);
        return r;
}

int console_set_pipe(Console *console, int fd) {
        int r;

        source_remove(&console->pipe_source);
        fd_close(console->pipe);
        console->pipe = fd;
        r = source_add(&console->pipe_source, console->loop, fd, EPOLLIN, pipe_event, console);
        if (r < 0)
                console->pipe = fd_close(console->pipe);
        return r;
}

static void console_end_source(Console *console, Source *source, int *fd) {
        bool ended = false;

        source_remove(source);
        /* What lies in a pty or a pipe is less than a few turns; the bound is
         * for a stray process of the host that has it open as well. */
        for (unsigned i = 0; *fd >= 0 && i < 16; i++)
                if (!console_drain(console, *fd, &ended))
                        break;
        *fd = fd_close(*fd);
}

void console_end_container(Console *console) {
        console_end_source(console, &console->master_source, &console->master);
        console_end_source(console, &console->pipe_source, &console->pipe);
        console_flush_input(console);
}

static void client_show_history(ConsoleClient *client) {
        const Console *console = client->console;
        size_t at = (size_t) (console->n_output % CONSOLE_HISTORY);

        if (console->n_output >= CONSOLE_HISTORY)
                client_send(client, console->history + at, CONSOLE_HISTORY - at);
        if (client->console && at > 0)
                client_send(client, console->history, at);
}

int console_attach(Console *console, int fd, bool readonly, int lease) {
        size_t most = CONSOLE_CLIENTS_MAX - (lease >= 0 ? CONSOLE_CLIENTS_OF_ROOT : 0), used = 0;
        _cleanup_fd_ int owned = fd, owned_lease = lease;
        ConsoleClient *client = NULL;
        int type, buffer = CLIENT_BUFFER, r;
        socklen_t n = sizeof(type);

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM)
                return -EINVAL;
        for (size_t i = 0; i < CONSOLE_CLIENTS_MAX; i++)
                if (console->clients[i].console)
                        used++;
                else if (!client)
                        client = &console->clients[i];
        if (used >= most)
                return -EUSERS;

        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
        r = source_add(&client->source, console->loop, fd, 0, client_event, client);
        if (r < 0)
                return r;
        client->console = console;
        client->fd = TAKE_FD(owned);
        client->lease = TAKE_FD(owned_lease);
        client->readonly = readonly;
        client_watch(client);
        client_show_history(client);
        return 0;
}

int console_resize(Console *console, unsigned columns, unsigned rows) {
        if (columns == 0 || rows == 0 || columns > UINT16_MAX || rows > UINT16_MAX)
                return -EINVAL;
        console->size.ws_col = (unsigned short) columns;
        console->size.ws_row = (unsigned short) rows;
        if (console->master >= 0 && ioctl(console->master, TIOCSWINSZ, &console->size) < 0)
                return -errno;
        return 0;
}

void console_close(Console *console) {
        source_remove(&console->master_source);
        source_remove(&console->pipe_source);
        console->master = fd_close(console->master);
        console->pipe = fd_close(console->pipe);
        for (size_t i = 0; i < CONSOLE_CLIENTS_MAX; i++)
                if (console->clients[i].console)
                        client_detach(&console->clients[i]);
        console_log_close(&console->log);
}
