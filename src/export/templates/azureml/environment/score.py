"""Entry script of azureml-inference-server-http: POST /score as the hosted model answers it."""
from medimageinsight.azureml import init, run

__all__ = ["init", "run"]
