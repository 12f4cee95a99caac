/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_loop: work that goes on from turn to turn keeps the loop from nothing else.
 */
#include "testing.h"

#include <unistd.h>

#include "daemon/daemon_loop.h"
#include "util/util_fd.h"

enum { N_WORKERS = 3, TURNS = 1000, FEW = 3 };

typedef struct {
    sd_event_source *turn;
    unsigned int n_turns;
} Worker;

typedef struct {
    sd_event *loop;
    Worker workers[N_WORKERS];
} Scene;

static int
on_turn(sd_event_source *source, uint64_t at_us, void *data)
{
    Worker *worker = data;

    (void)at_us;
    if (++worker->n_turns < TURNS)
        daemon_loop_take_turn(source);
    return 0;
}

static int
on_event(sd_event_source *source, int fd, uint32_t events, void *data)
{
    unsigned int *n_events = data;

    (void)fd;
    (void)events;
    (*n_events)++;
    return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int
on_idle(sd_event_source *source, void *data)
{
    unsigned int *n_events = data;

    (void)source;
    (*n_events)++;
    return 0;
}

static void
begin(Scene *scene)
{
    *scene = (Scene){0};
    assert_true(sd_event_new(&scene->loop) >= 0);
    for (unsigned int i = 0; i < N_WORKERS; i++) {
        Worker *worker = &scene->workers[i];

        assert_true(daemon_loop_add_timer(scene->loop, &worker->turn, on_turn, worker) >= 0);
        daemon_loop_take_turn(worker->turn);
    }
}

static void
run(const Scene *scene, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        assert_true(sd_event_run(scene->loop, 0) >= 0);
}

static void
end(Scene *scene)
{
    for (unsigned int i = 0; i < N_WORKERS; i++)
        sd_event_source_disable_unref(scene->workers[i].turn);
    sd_event_unref(scene->loop);
}

static void
what_comes_later_has_its_turn(void **state)
{
    Scene scene = {0};
    UtilFd fds[2] = {-1, -1};
    sd_event_source *io = NULL;
    unsigned int n_events = 0;

    (void)state;
    begin(&scene);
    run(&scene, TURNS / 2);
    assert_int_equal(pipe(fds), 0);
    assert_true(sd_event_add_io(scene.loop, &io, fds[0], EPOLLIN, on_event, &n_events) >= 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    run(&scene, N_WORKERS + FEW);
    assert_int_equal(n_events, 1);
    sd_event_source_disable_unref(io);
    util_fd_clear(&fds[0]);
    util_fd_clear(&fds[1]);
    end(&scene);
}

static void
all_have_as_many_turns(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    run(&scene, TURNS);
    for (unsigned int i = 0; i < N_WORKERS; i++)
        testing_assert_in_range(scene.workers[i].n_turns, TURNS / N_WORKERS - FEW,
                                TURNS / N_WORKERS + FEW);
    end(&scene);
}

static void
one_that_is_asked_again_keeps_its_place(void **state)
{
    Scene scene = {0};

    (void)state;
    begin(&scene);
    for (unsigned int i = 0; i < TURNS; i++) {
        daemon_loop_take_turn(scene.workers[0].turn);
        run(&scene, 1);
    }
    testing_assert_in_range(scene.workers[0].n_turns, TURNS / N_WORKERS - FEW,
                            TURNS / N_WORKERS + FEW);
    end(&scene);
}

static void
idle_work_comes_last(void **state)
{
    Scene scene = {0};
    sd_event_source *idle = NULL;
    unsigned int n_idle = 0;

    (void)state;
    begin(&scene);
    assert_true(daemon_loop_add_idle(scene.loop, &idle, on_idle, &n_idle) >= 0);
    run(&scene, FEW);
    assert_int_equal(n_idle, 0); /* it is switched off */
    assert_true(sd_event_source_set_enabled(idle, SD_EVENT_ONESHOT) >= 0);
    while (n_idle == 0)
        run(&scene, 1);
    for (unsigned int i = 0; i < N_WORKERS; i++)
        assert_int_equal(scene.workers[i].n_turns, TURNS);
    sd_event_source_disable_unref(idle);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_later_has_its_turn),
        cmocka_unit_test(all_have_as_many_turns),
        cmocka_unit_test(one_that_is_asked_again_keeps_its_place),
        cmocka_unit_test(idle_work_comes_last),
    };

    return cmocka_run_group_tests_name("daemon_loop", tests, NULL, NULL);
}
