"""What shows several runs beside each other."""
