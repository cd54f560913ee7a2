"""What a history keeps of a run: bounded, however long the run is."""
