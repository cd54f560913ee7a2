"""The pages of the microscope: an answer of the inspector to lines of text."""
