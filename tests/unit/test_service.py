"""The service: one job at a time, whole results or none, records that repeat."""

from __future__ import annotations

import threading

from syncedit_demo.service import DeviceQueue


def test_the_queue_serves_in_order_of_arrival_and_one_at_a_time() -> None:
    queue = DeviceQueue()
    tickets = [queue.join() for _ in range(3)]
    assert [queue.place(ticket, 0) for ticket in tickets] == [0, 1, 2]
    queue.leave(tickets[1])
    assert [queue.place(tickets[0], 0), queue.place(tickets[2], 0)] == [0, 1]
    queue.leave(tickets[0])
    assert queue.place(tickets[2], 0) == 0


def test_a_waiting_job_is_woken_when_its_turn_comes() -> None:
    queue = DeviceQueue()
    first, second = queue.join(), queue.join()
    places: list[int] = []
    waiting = threading.Thread(target=lambda: places.append(queue.place(second, 30)))
    waiting.start()
    queue.leave(first)
    waiting.join(30)
    assert places == [0]
