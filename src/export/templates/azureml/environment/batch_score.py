"""Entry script of a batch deployment: CSV files with the header image,text."""
from medimageinsight.azureml import init_batch as init
from medimageinsight.azureml import run_batch as run

__all__ = ["init", "run"]
