"""The classic MNIST script, as PyTorch's tutorials write it: torchvision, transforms, DataLoader, a loop.

`python -m benchmarks.plain_script FOLDER EPOCHS [NETWORK [IMAGES [DEVICE [BATCH [SEED]]]]]` trains on the
MNIST in FOLDER (torchvision's layout, no download) and prints a line after each epoch. It is what dltui is
measured against, so nothing here is slower than the tutorials have it: the time of an epoch is that of its
loop alone. NETWORK is `classic`, `cnn` or `deep`; IMAGES leaves all but the first so many training images
out; batches go to DEVICE as they come.
"""

import sys
import time

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision import datasets, transforms

BATCH_SIZE = 64

Batches = DataLoader[tuple[torch.Tensor, torch.Tensor]]


class Net(nn.Module):
    """784-128-64-10, with ReLU in between."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.layers = nn.Sequential(
            nn.Linear(28 * 28, 128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 10) for images (batch, 1, 28, 28)."""
        logits: torch.Tensor = self.layers(self.flatten(images))
        return logits


class Cnn(nn.Sequential):
    """Two convolutions of 3×3 with 16 and 32 filters, a pooling behind each, and a layer for the classes."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * 7 * 7, 10),
        )


class Deep(nn.Sequential):
    """Ten hidden layers of 64 units, with the sigmoid behind each."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs in (28 * 28, *[64] * 9):
            layers += [nn.Linear(inputs, 64), nn.Sigmoid()]
        super().__init__(*layers, nn.Linear(64, 10))


NETWORKS: dict[str, type[nn.Module]] = {"classic": Net, "cnn": Cnn, "deep": Deep}


def train(
    model: nn.Module, batches: Batches, criterion: nn.Module, optimizer: optim.Optimizer, device: str
) -> float:
    """Train for one epoch; return the mean of the batches' losses."""
    model.train()
    running_loss = 0.0
    for images, labels in batches:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    return running_loss / len(batches)


def test(model: nn.Module, batches: Batches, device: str) -> float:
    """Return the share of test images that are recognized."""
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for images, labels in batches:
            images, labels = images.to(device), labels.to(device)
            predicted = model(images).argmax(dim=1)
            correct += (predicted == labels).sum().item()
            total += len(labels)
    return correct / total


def main(
    folder: str,
    epochs: int,
    network: str = "classic",
    images: int = 0,
    device: str = "cpu",
    batch_size: int = BATCH_SIZE,
    seed: int = 0,
) -> None:
    """Train and test; print loss, accuracy and seconds of each epoch."""
    torch.manual_seed(seed)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    train_set: Dataset[tuple[torch.Tensor, torch.Tensor]] = datasets.MNIST(
        folder, train=True, transform=transform
    )
    if images:
        train_set = Subset(train_set, range(images))
    test_set = datasets.MNIST(folder, train=False, transform=transform)
    train_batches: Batches = DataLoader(train_set, batch_size=batch_size, shuffle=True)
    test_batches: Batches = DataLoader(test_set, batch_size=1000)

    model = NETWORKS[network]().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    print(f"threads {torch.get_num_threads()}", flush=True)
    for epoch in range(1, epochs + 1):
        began = time.perf_counter()
        loss = train(model, train_batches, criterion, optimizer, device)
        trained = time.perf_counter()
        accuracy = test(model, test_batches, device)
        tested = time.perf_counter()
        print(
            f"epoch {epoch}  loss {loss:.4f}  accuracy {accuracy:.4f}  training {trained - began:.4f} s  "
            f"testing {tested - trained:.4f} s",
            flush=True,
        )
    print(f"test accuracy {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    folder, epochs, *more = sys.argv[1:]
    usual = ("classic", "0", "cpu", str(BATCH_SIZE), "0")
    network, images, device, batch_size, seed = (*more, *usual[len(more) :])
    main(folder, int(epochs), network, int(images), device, int(batch_size), int(seed))
