"""Send messages to connections: each has a bounded queue, and all share a bounded number of sender slots.

A slot is occupied from the send to the acknowledgement or its deadline, so slow clients occupy slots that others wait
for, and the others' queues fill. Connections are served first come, first served. A timer wheel drives the hub: each
connection is in one of its segments and gets one message per turn.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SEGMENTS = 50
Revert = Callable[[], None]
Send = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """Capacities and deadlines of a hub."""

    sender_slots: int
    send_queue: int
    backpressure_threshold: float
    ack_deadline_s: float

    @property
    def full_at(self) -> float:
        """The queue length from which new messages are dropped."""
        return self.send_queue * self.backpressure_threshold


@dataclass(eq=False)
class Member:
    """One connection of the hub."""

    name: str
    send: Send
    segment: int
    heard_at: float
    seq: int = 0
    queue: deque[int] = field(default_factory=deque)
    in_flight: int | None = None
    in_line: bool = False


class Hub:
    """Queues and sends messages, without awaiting; call `step` SEGMENTS times per message interval."""

    def __init__(self, limits: Limits, dropped: Callable[[Member], None]) -> None:
        self._limits, self._dropped = limits, dropped
        self._lost = 0
        self._line: deque[Member] = deque()
        self._ring: list[set[Member]] = [set() for _ in range(SEGMENTS)]
        self._at = 0
        self._next_segment = 0
        self._sent: deque[tuple[float, Member, int]] = deque()
        self.members: set[Member] = set()
        self.busy = 0
        self.messages = self.drops = self.late_acks = 0

    @property
    def slots(self) -> int:
        return max(0, self._limits.sender_slots - self._lost)

    @property
    def in_line(self) -> int:
        """The number of connections that wait for a sender slot."""
        return len(self._line)

    def remove(self, slots: int) -> Revert:
        """Remove sender slots until the revert."""
        self._lost += slots

        def restore() -> None:
            self._lost -= slots
            self._send_all()

        return restore

    def join(self, name: str, send: Send) -> Member:
        """Add a connection, in the next segment, so that sends are spread over the interval."""
        member = Member(name, send, self._next_segment, time.monotonic())
        self._next_segment = (self._next_segment + 7) % SEGMENTS
        self._ring[member.segment].add(member)
        self.members.add(member)
        return member

    def leave(self, member: Member) -> None:
        """Remove a connection and free its slot."""
        self.members.discard(member)
        self._ring[member.segment].discard(member)
        member.queue.clear()
        self._free(member)

    def acknowledge(self, member: Member, acked: int) -> None:
        """Note that the client acknowledged message `acked`."""
        member.heard_at = time.monotonic()
        if member.in_flight == acked:
            self._free(member)

    def step(self) -> None:
        """Expire overdue acknowledgements, then queue one message for each member of the next segment."""
        self._expire(time.monotonic())
        self._at = (self._at + 1) % SEGMENTS
        for member in self._ring[self._at]:
            self._offer(member)
        self._send_all()

    def silent(self, for_s: float) -> Iterable[Member]:
        """Return the members that sent nothing for `for_s` seconds."""
        before = time.monotonic() - for_s
        return [member for member in self.members if member.heard_at < before]

    def _offer(self, member: Member) -> None:
        member.seq += 1
        if len(member.queue) >= self._limits.full_at:
            self.drops += 1
            self._dropped(member)
            return
        member.queue.append(member.seq)
        self._get_in_line(member)

    def _get_in_line(self, member: Member) -> None:
        if member.queue and member.in_flight is None and not member.in_line:
            member.in_line = True
            self._line.append(member)

    def _send_all(self) -> None:
        while self._line and self.busy < self.slots:
            member = self._line.popleft()
            member.in_line = False
            if member.queue:  # empty: it has left
                self._send(member, member.queue.popleft())

    def _send(self, member: Member, seq: int) -> None:
        self.busy += 1
        self.messages += 1
        member.in_flight = seq
        self._sent.append((time.monotonic() + self._limits.ack_deadline_s, member, seq))
        member.send(f'{{"type": "message", "seq": {seq}, "sent_ms": {time.time() * 1000:.0f}}}')

    def _free(self, member: Member) -> None:
        if member.in_flight is not None:
            member.in_flight = None
            self.busy -= 1
            self._get_in_line(member)
            self._send_all()

    def _expire(self, now: float) -> None:
        while self._sent and (self._sent[0][1].in_flight != self._sent[0][2] or self._sent[0][0] <= now):
            _, member, seq = self._sent.popleft()
            if member.in_flight == seq:
                self.late_acks += 1
                self._free(member)
