"""What the scoring scripts that ``mi2 package azureml`` writes are made of.

The environment says what is served: AZUREML_MODEL_DIR (a model, or a folder with one below it), MI2_DTYPE, MI2_DEVICE,
MI2_PROFILE.
"""
from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from .__main__ import PROGRAM
from ._scoring import Scorer, find_model, settings_of

_scorer: Scorer | None = None


def init() -> None:
    """Loads the model; called once by the inference server."""
    global _scorer
    _scorer = Scorer(_model(), **settings_of(os.environ))


def run(request: Any) -> Any:
    """Answers POST /score as the hosted model does, status and message of a bad request included."""
    from azureml_inference_server_http.api.aml_response import AMLResponse

    if _scorer is None:
        raise RuntimeError("init() was not called")
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    answer = _scorer.answer(request.method, "/score", request.get_data(), headers)
    return AMLResponse(answer.body, answer.status, {"Content-Type": answer.content_type, **dict(answer.headers)})


try:
    from azureml_inference_server_http.api.aml_request import rawhttp
except ImportError:
    pass  # a batch deployment has no such server
else:
    rawhttp(run)  # the request as it came, in place of its parsed JSON


def init_batch() -> None:
    """Looks for the model. :raises NotFound: none there. The program loads it for each file."""
    find_model(_model())


def run_batch(mini_batch: list[str]) -> list[str]:
    """Scores CSV files with the header image,text: one line of CSV a row, errors of single rows in place."""
    settings = settings_of(os.environ)
    command = [str(PROGRAM), "batch", "--model", str(find_model(_model())), "--profile", settings["profile"],
               "--device", settings["device"], "--format", "csv"]
    if settings["dtype"]:
        command += ["--dtype", settings["dtype"]]
    lines: list[str] = []
    for file in mini_batch:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "answers.csv"
            subprocess.run([*command, file, str(out)], check=False)
            if not out.is_file():
                raise RuntimeError(f"{file}: no answer; the reason is above")
            lines += out.read_text().splitlines()
    return lines


def _model() -> Path:
    folder = os.environ.get("AZUREML_MODEL_DIR")
    if not folder:
        raise RuntimeError("AZUREML_MODEL_DIR is not set: it names the model's folder")
    return Path(folder)
