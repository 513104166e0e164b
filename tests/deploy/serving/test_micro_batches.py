"""The batcher: what waits is answered together, one member fails no other, and the queue is bounded."""

import asyncio

import pytest

from fuseworthy.deploy.serving import batching
from fuseworthy.deploy.serving.batching import Batcher
from fuseworthy.deploy.serving.problem import Problem


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 20))


def test_what_waits_is_answered_together_and_in_order():
    sizes = []

    async def scenario():
        batcher = Batcher(lambda items: [i * 2 for i in items], most_rows=32, on_batch=sizes.append)
        batcher.start()
        found = await asyncio.gather(*(batcher.ask(i, 1) for i in range(100)))
        await batcher.stop()
        return found

    assert run(scenario) == [i * 2 for i in range(100)]
    assert sizes == [32, 32, 32, 4]


def test_a_quiet_batcher_answers_at_once():
    async def scenario():
        batcher = Batcher(lambda items: items, most_rows=32)
        batcher.start()
        loop = asyncio.get_running_loop()
        start = loop.time()
        for i in range(200):
            assert await batcher.ask(i, 1) == i
        await batcher.stop()
        return loop.time() - start

    assert run(scenario) < 1.0


def test_one_member_that_fails_fails_alone():
    asked = []

    def work(items):
        asked.append(list(items))
        if 13 in items:
            raise ValueError("thirteen")
        return items

    async def scenario():
        batcher = Batcher(work, most_rows=32)
        batcher.start()
        found = await asyncio.gather(*(batcher.ask(i, 1) for i in range(20)), return_exceptions=True)
        after = await batcher.ask(99, 1)
        await batcher.stop()
        return found, after

    found, after = run(scenario)
    assert [i for i, own in enumerate(found) if isinstance(own, Exception)] == [13]
    assert [own for own in found if not isinstance(own, Exception)] == [i for i in range(20) if i != 13]
    assert after == 99
    assert len(asked[0]) == 20


def test_too_much_in_the_queue_is_refused_with_when_to_come_back():
    async def scenario():
        batcher = Batcher(lambda items: items, most_rows=4, most_waiting=8)
        batcher.start()
        taken = [batcher.ask(i, 1) for i in range(8)]
        with pytest.raises(Problem) as refused:
            batcher.ask(8, 1)
        found = await asyncio.gather(*taken)
        again = await batcher.ask(9, 1)
        await batcher.stop()
        return refused.value, found, again, batcher.waiting

    problem, found, again, waiting = run(scenario)
    assert (problem.status, int(problem.headers["retry-after"]) >= 1) == (503, True)
    assert (found, again, waiting) == (list(range(8)), 9, 0)


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits():
    async def scenario():
        batcher = Batcher(lambda items: items, most_rows=4, most_waiting=8)
        batcher.start()
        found = await batcher.ask("large", 256)
        await batcher.stop()
        return found

    assert run(scenario) == "large"


def test_what_was_cancelled_or_waited_too_long_is_not_asked(monkeypatch):
    monkeypatch.setattr(batching, "PATIENCE", 0.05)
    asked = []

    async def work(items):
        asked.extend(items)
        await asyncio.sleep(0.1)
        return items

    async def scenario():
        batcher = Batcher(work, most_rows=1)
        batcher.start()
        first = batcher.ask("first", 1)
        await asyncio.sleep(0.01)
        gone, late = batcher.ask("gone", 1), batcher.ask("late", 1)
        gone.cancel()
        found = await asyncio.gather(first, late, return_exceptions=True)
        await batcher.stop()
        return found, batcher.waiting

    (first, late), waiting = run(scenario)
    assert (first, asked, waiting) == ("first", ["first"], 0)
    assert (late.status, late.headers["retry-after"]) == (503, "1")


def test_items_of_two_kinds_are_never_in_one_batch():
    batches = []

    def work(items):
        batches.append(items)
        return items

    async def scenario():
        old, new = object(), object()
        batcher = Batcher(work, most_rows=32)
        batcher.start()
        await asyncio.gather(*(batcher.ask(k, 1, old if k < 5 else new) for k in range(10)))
        await batcher.stop()

    run(scenario)
    assert batches == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
