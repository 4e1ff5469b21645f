"""What `/docs` and `/openapi.json` say beyond what FastAPI knows: the request comes from the options
of the models, the answers are shown by example."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from mien.wire.batch import Request

_REF = "#/components/schemas/{model}"
_REQUEST = {"$ref": _REF.format(model="Request")}

_SOURCE = {"type": "url", "url": "https://example.org/call.mp3"}
_JOB = {
    "type": "INFERENCE",
    "job_id": "3f2b3c1e-8a55-4a0e-9d57-0f6a3a0f1c2d",
    "request": {
        "models": {"prosody": {"granularity": "utterance", "window": None, "identify_speakers": False}},
        "transcription": {"language": None, "identify_speakers": False, "confidence_threshold": 0.5},
        "urls": ["https://example.org/call.mp3"],
        "text": [],
        "files": [],
        "callback_url": None,
        "notify": False,
        "registry_files": [],
    },
    "state": {
        "status": "COMPLETED",
        "created_timestamp_ms": 1_764_000_000_000,
        "started_timestamp_ms": 1_764_000_000_100,
        "ended_timestamp_ms": 1_764_000_012_000,
        "num_predictions": 1,
        "num_errors": 0,
    },
}
_RESULT = {
    "source": _SOURCE,
    "results": {
        "predictions": [
            {
                "file": "call.mp3",
                "file_type": "audio",
                "models": {
                    "prosody": {
                        "metadata": {"confidence": 0.93, "detected_language": "en"},
                        "grouped_predictions": [
                            {
                                "id": "unknown",
                                "predictions": [
                                    {
                                        "text": "Good morning.",
                                        "time": {"begin": 0.8, "end": 1.9},
                                        "confidence": 0.95,
                                        "speaker_confidence": None,
                                        "emotions": [{"name": "Calmness", "score": 0.41}],
                                    }
                                ],
                            }
                        ],
                    }
                },
            }
        ],
        "errors": [],
    },
}


def _answers(description: str, example: object) -> dict[int | str, Any]:
    return {200: {"description": description, "content": {"application/json": {"example": example}}}}


START: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": _REQUEST},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "json": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": _REQUEST,
                        },
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                },
                "encoding": {"json": {"contentType": "application/json"}},
            },
        }
    }
}
AGAIN: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": _REQUEST}}}}
"""FastAPI would read a body that it knows of whole, however much it is, before it asks for the key."""
STARTED = _answers("The job has been started.", {"job_id": _JOB["job_id"]})
JOBS = _answers("An array of jobs.", [_JOB])
JOB = _answers("The job.", _JOB)
PREDICTIONS = _answers("An array with one result a source.", [_RESULT])
ZIP: dict[int | str, Any] = {
    200: {
        "description": "A ZIP archive.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_ERROR = {
    "description": "What is wrong, in words.",
    "content": {"application/json": {"example": {"message": "job not found", "code": 404}}},
}


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    request = Request.model_json_schema(ref_template=_REF)
    schemas = request.pop("$defs") | {"Request": request}
    made["components"] = {
        "schemas": schemas,
        "securitySchemes": {
            "header": {"type": "apiKey", "in": "header", "name": "X-Hume-Api-Key"},
            "query": {"type": "apiKey", "in": "query", "name": "apikey"},
            "bearer": {"type": "http", "scheme": "bearer"},
        },
    }
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # FastAPI's guess; we say 400
            operation["responses"]["4XX"] = _ERROR
            operation["security"] = [{}, {"header": []}, {"query": []}, {"bearer": []}]
    return made
