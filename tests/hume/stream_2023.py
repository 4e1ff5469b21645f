"""What a program of 2023 does on the socket with the client of its time, hume 0.6; run by a Python that
has it. Prints as JSON what came of it."""

import asyncio
import json
import sys

from hume import HumeStreamClient
from hume.error.hume_client_exception import HumeClientException
from hume.models.config import BurstConfig, FaceConfig, FacemeshConfig, LanguageConfig, ProsodyConfig


async def main(url, key, folder, faces):
    client = HumeStreamClient(key, _api_ws_base_uri=url)
    told = {}
    sound = [ProsodyConfig(), BurstConfig()]
    async with client.connect(sound, stream_window_ms=3000) as socket:
        told["talk"] = await socket.send_file(f"{folder}/talk.wav")
        face = [FaceConfig(facs={}, descriptions={})]
        told["film"] = await socket.send_file(f"{folder}/film.mp4", configs=face)
        told["wall"] = await socket.send_file(f"{folder}/wall.png", configs=[FaceConfig()])
        language = [LanguageConfig(granularity="sentence", sentiment={}, toxicity={})]
        told["text"] = await socket.send_text("Hello! Bye.", configs=language)
        whole = [LanguageConfig(granularity="passage")]
        told["passage"] = await socket.send_text("Hello! Bye.", configs=whole)
        told["file"] = await socket.send_file(f"{folder}/words.txt", configs=[LanguageConfig()])
        told["facemesh"] = await socket.send_facemesh(json.loads(faces), configs=[FacemeshConfig()])
        told["mismatch"] = await said(socket.send_file(f"{folder}/wall.png", configs=[ProsodyConfig()]))
        told["hello"] = await socket.send_file(f"{folder}/hello.mp3", configs=[ProsodyConfig()])
        told["again"] = await socket.send_file(f"{folder}/hello.mp3", configs=[ProsodyConfig()])
        told["reset"] = await socket.reset_stream()
        told["afresh"] = await socket.send_file(f"{folder}/hello.mp3", configs=[ProsodyConfig()])
        told["details"] = [await socket.get_job_details() for _ in range(2)]
    told["wrong key"] = await said(connected(HumeStreamClient("wrong", _api_ws_base_uri=url)))
    print(json.dumps(told))


async def connected(client):
    async with client.connect([ProsodyConfig()]):
        return "let in"


async def said(call):
    try:
        return f"no error: {await call}"
    except HumeClientException as error:
        return str(error)


asyncio.run(main(*sys.argv[1:]))
