"""A connection that keeps somebody waiting is ended from outside, and one that moves is not."""

import socket

from dlcore.datasets.patience import Patience


def test_a_silent_connection_is_ended() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Patience(0.05) as patience:
        patience.watch(ours)
        assert ours.recv(1) == b""  # returns because it was ended: nobody has sent anything
        assert patience.is_lost


def test_the_newest_connection_counts() -> None:
    first, second = socket.socketpair(), socket.socketpair()
    with first[0], first[1], second[0], second[1], Patience(0.05) as patience:
        patience.watch(first[0])
        patience.watch(second[0])
        assert second[0].recv(1) == b""
        first[1].sendall(b"x")
        assert first[0].recv(1) == b"x"


def test_one_that_moves_stays() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Patience(30.0) as patience:
        patience.watch(ours)
        for _ in range(10):
            theirs.sendall(b"x")
            assert ours.recv(1) == b"x"
            patience.renew()
        assert not patience.is_lost
