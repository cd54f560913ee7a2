"""Faults on purpose: what dltui promises, and what is done to it to find out.

The quick tier is a part of all tests; `make torture` runs the full one and writes down what came of it.
"""
