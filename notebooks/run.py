"""Runs notebooks without a browser, and fails on any error (run.sh installs what this needs).

A Rust cell that panics, or returns an error with `?`, is no error to Jupyter: it only prints to standard error. Here,
whatever is printed there is an error, a warning too; so is a cell that does not come to its end.
"""

import argparse
import copy
import re
import sys
import time
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import run_sync

FOLDER = Path(__file__).resolve().parent
LARGEST = 400_000  # bytes of a notebook with its outputs
LATE = 0.3  # seconds to wait for what comes late
SECONDS = 3600  # the longest that a cell may take; the first one may compile for some minutes


class Failed(Exception):
    """A cell went wrong: its number, and what it said."""


def check(cell, number):
    """Fails if a cell that was run said anything that is no result."""
    if cell.execution_count is None:
        raise Failed(f"cell {number} was not run")
    for output in cell.outputs:
        if output.output_type == "error":
            raise Failed(f"cell {number}: " + "\n".join(output.traceback))
        if output.output_type == "stream" and output.name == "stderr":
            raise Failed(f"cell {number}: {output.text.strip()}")


def check_late(client, number):
    """Fails if anything on standard error comes after the result: the kernel forwards the two apart from each other."""
    while True:
        try:
            message = run_sync(client.kc.get_iopub_msg)(timeout=LATE)
        except Empty:
            return
        if message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
            raise Failed(f"cell {number}: {message['content']['text'].strip()}")


def run(notebook, quiet=False):
    """Runs every cell of a notebook; each is checked before the next."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    started = time.monotonic()

    def executed(cell, **_):
        if cell in cells and not quiet:
            number = cells.index(cell) + 1
            print(f"  cell {number} of {len(cells)}: {time.monotonic() - started:.0f} s", flush=True)

    client = NotebookClient(
        notebook,
        kernel_name="rust",
        timeout=SECONDS,
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
        on_cell_executed=executed,
    )
    try:
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    number = cells.index(cell) + 1
                    client.execute_cell(cell, index, execution_count=number)
                    check(cell, number)
                    check_late(client, number)
            # What is still on its way shows in one more cell.
            last = nbformat.v4.new_code_cell("()")
            notebook.cells.append(last)
            client.execute_cell(last, len(notebook.cells) - 1)
            notebook.cells.pop()
            check(last, "that is last")
    except (CellExecutionError, DeadKernelError) as error:
        raise Failed(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()) from error


def write(path, notebook):
    """Keeps a notebook with its outputs, without what differs from machine to machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Rust", "language": "rust", "name": "rust"},
        "language_info": {"file_extension": ".rs", "mimetype": "text/rust", "name": "Rust"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell["id"] = {}, f"cell-{number}"
    text = nbformat.writes(notebook, indent=1) + "\n"
    for private in {str(FOLDER.parent), str(Path.home())}:
        if private in text:
            raise Failed(f"the outputs name {private}")
    if len(text.encode()) > LARGEST:
        raise Failed(f"{len(text.encode())} bytes are too many")
    path.write_text(text)


def self_test():
    """Runs each cell of a notebook that is made to fail as a notebook of its own."""
    whole = nbformat.read(FOLDER / "tests" / "fails.ipynb", as_version=4)
    missed = 0
    for cell in [cell for cell in whole.cells if cell.cell_type == "code"]:
        alone = copy.deepcopy(whole)
        alone.cells = [copy.deepcopy(cell)]
        title, *_ = cell.source.splitlines()
        expected = "fails" if "fails" in title else "passes"
        try:
            run(alone, quiet=True)
            found = "passes"
        except Failed as failure:
            found = "fails"
            assert "cell" in str(failure) or "kernel" in str(failure).lower(), failure
        missed += found != expected
        print(f"{title.lstrip('/ ')}: {'as it should' if found == expected else 'NOT SO'}", flush=True)
    return missed


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description="Runs notebooks from top to bottom.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 1-quick-start; all if none is given")
    parser.add_argument("--write", action="store_true", help="keep the outputs in the notebooks")
    parser.add_argument("--self-test", action="store_true", help="check that a cell that goes wrong is found")
    args = parser.parse_args()
    if args.self_test:
        return 1 if self_test() else 0
    known = sorted(FOLDER.glob("*.ipynb"))
    paths = [FOLDER / f"{Path(name).stem}.ipynb" for name in args.names] or known
    for path in paths:
        if path not in known:
            parser.error(f"there is no {path.name}; there are {', '.join(one.stem for one in known)}")
    failed = 0
    for path in paths:
        print(path.stem, flush=True)
        started = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        try:
            run(notebook)
            if args.write:
                write(path, notebook)
            print(f"  done in {time.monotonic() - started:.0f} s", flush=True)
        except Failed as failure:
            failed += 1
            print(f"  FAILED: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
