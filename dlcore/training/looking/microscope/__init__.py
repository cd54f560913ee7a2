"""One batch of a run under the microscope: forward, loss, backward, step and a check, with their numbers."""
