"""Streams of randomness: one for each purpose and epoch, none like another, the same everywhere."""

import torch

from dlcore.training.seeds import derive, generator


def test_a_purpose_and_an_epoch_have_a_stream_of_their_own() -> None:
    streams = {
        derive(seed, purpose, epoch)
        for seed in (0, 1, 2**63 - 1)
        for purpose in ("samples", "order", "dropout")
        for epoch in range(50)
    }
    assert len(streams) == 3 * 3 * 50
    assert all(0 <= stream < 2**63 for stream in streams)


def test_streams_are_the_same_on_every_machine() -> None:
    """Blake2b of "0/order/1", eight bytes, halved: a change here changes every run ever made."""
    assert derive(0, "order", 1) == 2961819992523135983
    assert torch.equal(
        torch.rand(3, generator=generator(0, "order", 1)), torch.rand(3, generator=generator(0, "order", 1))
    )
