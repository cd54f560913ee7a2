"""What dltui is measured against: one program a peer, written the way the peer's own documentation does.

Each is `python -m benchmarks.scripts.NAME FOLDER EPOCHS`, with the MNIST of torchvision's layout in FOLDER,
and ends by printing what `measured.Epochs` has noted.
"""
