"""Lightning Fabric as "Convert PyTorch code to Fabric" has it: `setup`, `setup_dataloaders`, `backward`.

The data is a TensorDataset of normalized floats.
"""

import sys

import torch
from lightning.fabric import Fabric
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.scripts import arrays, torch_network
from benchmarks.scripts.measured import Epochs


def main(folder: str, epochs: int) -> None:
    """Train, then say what was measured."""
    torch.manual_seed(0)
    images, labels = arrays.split(folder, "train")
    train_set = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))

    fabric = Fabric(accelerator="cpu", devices=1)
    fabric.launch()
    model = torch_network.classic()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    model, optimizer = fabric.setup(model, optimizer)
    batches = fabric.setup_dataloaders(DataLoader(train_set, batch_size=64, shuffle=True))

    watch = Epochs()
    model.train()
    for _ in range(epochs):
        watch.begin()
        running_loss = 0.0
        for images_, labels_ in batches:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images_), labels_)
            fabric.backward(loss)
            optimizer.step()
            running_loss += loss.item()
        watch.end()
        print(f"loss {running_loss / len(batches):.4f}")
    watch.tell(torch_network.accuracy(model, *arrays.split(folder, "t10k")), torch.get_num_threads())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
