"""What a program of early 2025 does on the socket with hume 0.12; run by a Python that has it. Prints as
JSON what came of it."""

import asyncio
import json
import sys

from hume import AsyncHumeClient
from hume.core.api_error import ApiError
from hume.expression_measurement.stream import Config, StreamFace, StreamLanguage
from hume.expression_measurement.stream.socket_client import StreamConnectOptions


async def main(url, key, folder, faces):
    stream = AsyncHumeClient(api_key=key, base_url=url).expression_measurement.stream
    told = {}
    options = StreamConnectOptions(config=Config(prosody={}, burst={}))
    async with stream.connect(options=options, stream_window_ms=3000) as socket:
        told["talk"] = plain(await socket.send_file(f"{folder}/talk.wav"))
        face = Config(face=StreamFace(facs={}, descriptions={}))
        told["film"] = plain(await socket.send_file(f"{folder}/film.mp4", config=face))
        told["wall"] = plain(await socket.send_file(f"{folder}/wall.png", config=Config(face=StreamFace())))
        language = Config(language=StreamLanguage(granularity="sentence", sentiment={}, toxicity={}))
        told["text"] = plain(await socket.send_text("Hello! Bye.", config=language))
        whole = Config(language=StreamLanguage(granularity="passage"))
        told["passage"] = plain(await socket.send_text("Hello! Bye.", config=whole))
        told["file"] = plain(
            await socket.send_file(f"{folder}/words.txt", config=Config(language=StreamLanguage()))
        )
        told["facemesh"] = plain(await socket.send_facemesh(json.loads(faces), config=Config(facemesh={})))
        told["mismatch"] = plain(await socket.send_file(f"{folder}/wall.png", config=Config(prosody={})))
        told["hello"] = plain(await socket.send_file(f"{folder}/hello.mp3"))  # the config is remembered
        told["again"] = plain(await socket.send_file(f"{folder}/hello.mp3"))
        told["reset"] = plain(await socket.reset())
        told["afresh"] = plain(await socket.send_file(f"{folder}/hello.mp3"))
        told["details"] = [plain(await socket.get_job_details()) for _ in range(2)]
        told["named"] = plain(await socket.send_text("Hi", config=whole, payload_id="mine"))
    try:
        async with AsyncHumeClient(api_key="wrong", base_url=url).expression_measurement.stream.connect():
            told["wrong key"] = "let in"
    except ApiError as error:
        told["wrong key"] = [error.status_code, error.body]
    print(json.dumps(told))


def plain(parsed):
    """What the client's own types hold, and which type it was taken for."""
    return {"type": type(parsed).__name__, **json.loads(parsed.json())}


asyncio.run(main(*sys.argv[1:]))
