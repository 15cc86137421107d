"""`python -m youworker.appliance.model_files NAME FILE SOCKET`: llama.cpp with one model file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from youworker.appliance.model_files.program import Program
from youworker.upstream.model_files.files import ModelFile


def main() -> None:
    """Serve one model file until a signal; its state file says how that goes."""
    parser = argparse.ArgumentParser(prog="model_files")
    parser.add_argument("name")
    parser.add_argument("file", type=Path)
    parser.add_argument("socket", type=Path)
    parser.add_argument("--embedding", action="store_true")
    parser.add_argument("--may-sleep", action="store_true")
    given = parser.parse_args()
    # Nobody else's programs have anything to ask here.
    os.umask(0o177)
    file = ModelFile(given.name, given.file, given.socket, given.embedding, given.may_sleep)
    sys.exit(Program(file).run())


if __name__ == "__main__":
    main()
