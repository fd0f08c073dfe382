"""Embeddings of medical images and texts with MedImageInsight, on your own machine.

>>> import medimageinsight
>>> model = medimageinsight.load("models/starter")
>>> images = model.embed_images(["scan.dcm", "photo.png"])      # float32 [2, dimensions]
>>> texts = model.embed_texts(["chest x-ray", "brain MRI"])     # float32 [2, dimensions]
>>> similarity = images @ texts.T

:class:`Client` has the same methods for a model behind a URL; :class:`Archive` searches an archive of images. See
docs/python.md.
"""
from ._archive import Archive
from ._archive_adding import Labelled, Reembedded
from ._archive_cards import Card, Difference, Replay
from ._archive_types import (Added, BackedUp, DoubtfulTag, Drift, DriftGroup, Item, Items, ItemVectors, Moved, Outlier,
                             Outliers, Removed, Result, Results, Tags, ValueCount, Verified)
from ._archive_whole import (Compacted, Duplicate, DuplicateGroup, Duplicates, Map, Overlap, OverlapShare, Refused,
                             RefusedFile)
from ._client import Client
from ._core import supported_dtypes
from ._core import version as __version__
from ._errors import (BadArgument, BadFile, Error, Internal, NotFound, NotInstalled, Overloaded, TooLarge, Unauthorized,
                      Unsupported, WrongType)
from ._model import Model, load, tokenize
from ._tables import to_frame, to_parquet
from ._types import Frames, FrameVectors, ImageLike, LabelScore, Provenance, TileVectors, TokenVectors, Vectors

__all__ = ["Added", "Archive", "BackedUp", "BadArgument", "BadFile", "Card", "Client", "Compacted", "Difference",
           "DoubtfulTag", "Drift", "DriftGroup", "Duplicate", "DuplicateGroup", "Duplicates", "Error", "FrameVectors", "Frames",
           "ImageLike", "Internal", "Item", "ItemVectors", "Items", "LabelScore", "Labelled", "Map", "Model", "Moved", "NotFound",
           "NotInstalled", "Outlier", "Outliers", "Overlap", "OverlapShare", "Overloaded", "Provenance", "Reembedded", "Refused",
           "RefusedFile", "Removed", "Replay", "Result", "Results", "Tags", "TileVectors", "TokenVectors", "TooLarge",
           "Unauthorized", "Unsupported", "ValueCount",
           "Vectors", "Verified", "WrongType", "__version__", "load", "supported_dtypes", "to_frame", "to_parquet", "tokenize"]
