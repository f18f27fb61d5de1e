/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "queue.h"

typedef struct TurnList {
        Turn *first, *last;
        size_t n;
} TurnList;

struct Turn {
        Queue *queue;
        TurnList *list; /* that it is in; NULL: it pauses */
        Turn *before, *after;
        uid_t uid;
        TurnCome come;
        void *userdata;
};

struct Queue {
        sd_event *event;
        const uint64_t *max;
        TurnList waiting, working;
        sd_event_source *look; /* somebody's turn may have come */
};

static void list_remove(Turn *turn) {
        TurnList *list = turn->list;

        if (!list)
                return;
        *(turn->before ? &turn->before->after : &list->first) = turn->after;
        *(turn->after ? &turn->after->before : &list->last) = turn->before;
        list->n--;
        turn->list = NULL;
}

static void list_append(TurnList *list, Turn *turn) {
        turn->list = list;
        turn->after = NULL;
        turn->before = list->last;
        *(list->last ? &list->last->after : &list->first) = turn;
        list->last = turn;
        list->n++;
}

int queue_new(sd_event *event, const uint64_t *max, Queue **ret) {
        Queue *queue = calloc(1, sizeof(*queue));

        if (!queue)
                return -ENOMEM;
        queue->event = sd_event_ref(event);
        queue->max = max;
        *ret = queue;
        return 0;
}

Queue *queue_free(Queue *queue) {
        if (!queue)
                return NULL;
        sd_event_source_disable_unref(queue->look);
        sd_event_unref(queue->event);
        free(queue);
        return NULL;
}

static size_t count_working(const Queue *queue, uid_t uid) {
        size_t n = 0;

        for (const Turn *t = queue->working.first; t; t = t->after)
                n += t->uid == uid;
        return n;
}

static bool has_room(const Queue *queue, uid_t uid, size_t own) {
        uint64_t max = *queue->max;

        if (uid == 0)
                return queue->working.n < max;
        return queue->working.n < max - max / 8 && own < max / 2 + max % 2;
}

static Turn *whose_turn(const Queue *queue) {
        size_t fewest = SIZE_MAX;
        Turn *next = NULL;

        for (Turn *t = queue->waiting.first; t && fewest > 0; t = t->after) {
                size_t own = count_working(queue, t->uid);

                if (own < fewest && has_room(queue, t->uid, own)) {
                        fewest = own;
                        next = t;
                }
        }
        return next;
}

static int on_look(sd_event_source *source, void *userdata) {
        Queue *queue = userdata;
        Turn *turn;

        while ((turn = whose_turn(queue))) {
                list_remove(turn);
                list_append(&queue->working, turn);
                turn->come(turn->userdata);
        }
        return 0;
}

/* From the loop: whoever leaves may be leaving with all others. */
void queue_look(Queue *queue) {
        queue->look = sd_event_source_disable_unref(queue->look);
        if (queue->waiting.n > 0)
                (void) sd_event_add_defer(queue->event, &queue->look, on_look, queue);
}

int queue_join(Queue *queue, uid_t uid, TurnCome come, void *userdata, Turn **ret) {
        Turn *turn = calloc(1, sizeof(*turn));
        /* Nobody overtakes those whose turn is about to come. */
        bool waits = !has_room(queue, uid, count_working(queue, uid)) || whose_turn(queue);

        if (!turn)
                return -ENOMEM;
        turn->queue = queue;
        turn->uid = uid;
        turn->come = come;
        turn->userdata = userdata;
        list_append(waits ? &queue->waiting : &queue->working, turn);
        if (waits)
                queue_look(queue);
        *ret = turn;
        return 0;
}

bool turn_is_waiting(const Turn *turn) {
        return turn && turn->list == &turn->queue->waiting;
}

void turn_pause(Turn *turn) {
        if (!turn || turn->list != &turn->queue->working)
                return;
        list_remove(turn);
        queue_look(turn->queue);
}

void turn_go_on(Turn *turn) {
        if (turn && !turn->list)
                list_append(&turn->queue->working, turn);
}

Turn *turn_free(Turn *turn) {
        if (!turn)
                return NULL;
        list_remove(turn);
        queue_look(turn->queue);
        free(turn);
        return NULL;
}
