"""Any network of dltui on any device, without dltui's loop: `python -m benchmarks.scripts.on_device`.

`… limit|loop DEVICE EPOCHS LINE`: `limit` takes a PyTorch script's step on one resident batch, again and
again, with the fused optimizer; `loop` is the plain script's loop over a DataLoader, with the same samples in
memory and the same network. LINE is a run in one line; what it says of its device does not count.
"""

import sys
from typing import cast

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks import plain_script
from benchmarks.scripts.measured import Epochs
from dlcore import rundir
from dlcore.config import RunConfig, plan
from dlcore.datasets.examine import settled
from dlcore.oneline import parse
from dlcore.training.data import AnySplit, Data, Split, load
from dlcore.training.models import build_model
from dlcore.training.sources import read


def prepared(line: str, device: torch.device) -> tuple[RunConfig, Data, nn.Module]:
    """Return configuration, data and network of a run, both on the device."""
    config = parse(line)
    source = read(config, rundir.home(), lambda *_: None)
    config = settled(config, source.facts)
    data = load(config, source, device)
    torch.manual_seed(config.seed)
    return config, data, build_model(config, source.facts).to(device)


def limit(line: str, device: torch.device, epochs: int) -> None:
    """Take as many steps an epoch as the run would, all of them on its first batch."""
    config, data, network = prepared(line, device)
    steps = plan(config, data.facts)
    criterion, optimizer = (
        nn.CrossEntropyLoss(),
        optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=True),
    )
    inputs, targets = data.first(data.training, steps.batch_size)
    network.train()
    clock = Epochs()
    for _ in range(epochs):
        clock.begin()
        for _ in range(steps.training // steps.batch_size):
            optimizer.zero_grad()
            criterion(network(inputs), targets).backward()
            optimizer.step()
        finish(device)
        clock.end()
    network.eval()
    with torch.no_grad():
        right = (network(inputs).argmax(1) == targets).double().mean()
    clock.tell(float(right), torch.get_num_threads())


def loop(line: str, device: torch.device, epochs: int) -> None:
    """Train as a plain script does, which finds its samples normalized and in memory."""
    config, data, network = prepared(line, torch.device("cpu"))
    batch_size = plan(config, data.facts).batch_size
    training = loader(data, data.training, batch_size, shuffle=True)
    test = loader(data, data.test, 1000, shuffle=False)
    network = network.to(memory_format=torch.contiguous_format).to(device)
    optimizer = optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    clock = Epochs()
    for _ in range(epochs):
        clock.begin()
        plain_script.train(network, training, nn.CrossEntropyLoss(), optimizer, str(device))
        finish(device)
        clock.end()
    clock.tell(plain_script.test(network, test, str(device)), torch.get_num_threads())


def loader(data: Data, split: AnySplit, batch_size: int, *, shuffle: bool) -> plain_script.Batches:
    """Return the batches of a split whose samples lie normalized in memory."""
    assert isinstance(split, Split)
    samples = cast(
        Dataset[tuple[torch.Tensor, torch.Tensor]],  # torch says `tuple[Tensor, ...]`
        TensorDataset(data.normalized(split.inputs).contiguous(), split.targets),
    )
    return DataLoader(samples, batch_size=batch_size, shuffle=shuffle)


def finish(device: torch.device) -> None:
    """Wait until a GPU has done all that it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main(which: str, device: str, epochs: int, line: str) -> None:
    """Take the steps, and say how long they took."""
    (limit if which == "limit" else loop)(line, torch.device(device), epochs)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
