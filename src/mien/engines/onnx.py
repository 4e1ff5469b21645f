"""How networks in ONNX are opened: on the CPU, without spinning, and with errors that are ours."""

from pathlib import Path

from onnxruntime import InferenceSession, SessionOptions

from mien.errors import EngineError


def opened(network: Path | bytes, threads: int, name: str = "") -> InferenceSession:
    """A session that uses so many threads; 0 means one a core. `name` is what bytes are called.

    Raises:
        EngineError: the file is damaged, or of a kind that this onnxruntime cannot run.
    """
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that wait for work must not burn the cores of the other workers
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors alone: the rest is of no use to whoever measures
    try:
        return InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common kind of their own
        called = network.name if isinstance(network, Path) else name
        raise EngineError(f"the network {called} cannot be opened: {error}") from error
