"""The HTTP server that the API is served by."""

import logging

import uvicorn
from fastapi import FastAPI

LONGEST_HEADERS = 65_536
"""Bytes of all headers of a request, the address included."""


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """A server that has not started yet; `run()` serves until the process is told to end."""
    logging.getLogger("uvicorn.access").disabled = True  # whoever listens: addresses can carry keys
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http="h11",  # the one that bounds headers
            h11_max_incomplete_event_size=LONGEST_HEADERS,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
    )
