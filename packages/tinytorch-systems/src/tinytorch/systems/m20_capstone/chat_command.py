"""Not yet."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No."""


def main(arguments, say) -> int:
    """No."""
    raise SystemExit("not yet")
