"""What is drawn beside the form: the data, the network, its functions, and the course of a run."""
