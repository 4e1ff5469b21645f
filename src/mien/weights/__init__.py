"""The networks trained in `training/`, one `.onnx` and one card (`.md`) each, and the pulling of others."""
