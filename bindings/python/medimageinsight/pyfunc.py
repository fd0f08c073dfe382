"""The loader module of MLflow models that ``mi2 package mlflow`` writes.

MLflow calls :func:`_load_pyfunc`; people call ``mlflow.pyfunc.load_model(folder)``.
"""
from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ._inputs import is_missing
from ._scoring import Scorer

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 64
"""Rows scored at once: what is in memory stays small however long the table is."""


class PyfuncModel:
    """Answers as POST /score does."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> list[Any]:
        """One object per row: {"image_features": [[..]], "text_features": [[..]], "scaling_factor": 4.51}.

        :param model_input: columns image (base64, or bytes) and text; one of them may be absent, cells may be null, and
            numbers are read as text, as POST /score does.
        :param params: image_standardization_jpeg_compression_ratio, image_standardization_image_size,
            get_scaling_factor.
        :raises mlflow.exceptions.MlflowException: INVALID_PARAMETER_VALUE for a bad row, naming it; counted from 1.
        """
        answers: list[Any] = []
        for begin in range(0, len(model_input), _ROWS):
            answers += self._score(model_input.iloc[begin:begin + _ROWS], begin, params)
        return answers

    def _score(self, rows: pd.DataFrame, begin: int, params: dict[str, Any] | None) -> list[Any]:
        columns = [str(column) for column in rows.columns]
        table = {"columns": columns,
                 "data": [[_cell(value, column, number) for column, value in zip(columns, row)]
                          for number, row in enumerate(rows.itertuples(index=False, name=None), begin + 1)]}
        request = json.dumps({"input_data": table, "params": params or {}}).encode()
        answer = self._scorer.answer("POST", "/score", request)
        body = json.loads(answer.body)
        if answer.status != 200:
            message = str(body.get("message", ""))
            _refuse(answer.status, re.sub(r"^row (\d+)", lambda row: f"row {int(row[1]) + begin}", message))
        return list(body)


def _cell(value: Any, column: str, row: int) -> Any:
    """A cell as JSON has it; what it is worth is for the scorer to judge."""
    if is_missing(value) or column not in ("image", "text"):
        return None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (str, int, float)):
        _refuse(400, f"row {row}: {column}: {type(value).__name__} is neither a text nor bytes")
    if isinstance(value, float) and not np.isfinite(value):
        _refuse(400, f"row {row}: {column}: {value} is no number that JSON has")
    return value


def _refuse(status: int, message: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE

    raise MlflowException(message, INVALID_PARAMETER_VALUE if status < 500 else INTERNAL_ERROR)


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> PyfuncModel:
    """What MLflow calls. model_config: dtype, device, profile, threads."""
    config = model_config or {}
    return PyfuncModel(Scorer(path, dtype=config.get("dtype") or "", device=config.get("device") or "cpu",
                              profile=config.get("profile") or "azure", threads=int(config.get("threads") or 0)))
