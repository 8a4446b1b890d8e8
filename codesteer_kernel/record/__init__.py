"""The record: what a run was, as data.

Events (:mod:`.events`) are the only thing the engine emits; a pure reducer (:mod:`.reducer`) folds them into one
:class:`Record` (:mod:`.document`), the only thing a front end draws, a journal keeps and an export writes; :func:`retell` goes the
other way. Records of older schema versions are read through :mod:`.migrations`. The JSON Schema beside this file is
generated from the types (:mod:`.schema`), the TypeScript types from the schema.
"""

from codesteer_kernel.record.bounds import bounded, cut_middle
from codesteer_kernel.record.charts import safe_chart
from codesteer_kernel.record.document import (
    MIME_TYPE,
    SCHEMA_VERSION,
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    InputSummary,
    Models,
    Output,
    Question,
    Record,
    Round,
    RunConfig,
    SelfAnswer,
    Support,
    Symbolic,
    Timing,
    Usage,
    decode_record,
    encode_record,
)
from codesteer_kernel.record.reducer import OutOfOrder, fold, reduce
from codesteer_kernel.record.retelling import retell

__all__ = [
    "MIME_TYPE",
    "SCHEMA_VERSION",
    "Answer",
    "Bound",
    "Budget",
    "Decision",
    "Execution",
    "Failure",
    "FinalAnswer",
    "InputSummary",
    "Models",
    "OutOfOrder",
    "Output",
    "Question",
    "Record",
    "Round",
    "RunConfig",
    "SelfAnswer",
    "Support",
    "Symbolic",
    "Timing",
    "Usage",
    "bounded",
    "cut_middle",
    "decode_record",
    "encode_record",
    "fold",
    "reduce",
    "retell",
    "safe_chart",
]
