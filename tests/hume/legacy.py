"""What a program of 2023 does with the client of its time, hume 0.6; run by a Python that has it.

Does all of it against the server given, and prints as JSON what came of it.
"""

import json
import sys
import zipfile
from pathlib import Path

from hume import HumeBatchClient
from hume.error.hume_client_exception import HumeClientException
from hume.models.config import FaceConfig, LanguageConfig, ProsodyConfig

NOBODY = "00000000-0000-4000-8000-000000000000"


def main(url, idle, key, web, folder):
    client = HumeBatchClient(key, _api_http_base_url=url)
    prosody = [ProsodyConfig(granularity="sentence")]
    jobs = {
        "url": client.submit_job([f"{web}/talk.wav"], prosody),
        "file": client.submit_job([], prosody, files=[f"{folder}/talk.wav"]),
        "text": client.submit_job([], [LanguageConfig(granularity="sentence")], text=["Hello!", "Bye."]),
        "archive": client.submit_job([], [*prosody, FaceConfig()], files=[f"{folder}/all.zip"]),
    }
    told = {}
    for name, job in jobs.items():
        details = job.await_complete(timeout=60, raise_on_failed=True)
        job.download_predictions(f"{folder}/{name}.json")
        job.download_artifacts(f"{folder}/{name}.zip.got")
        told[name] = {
            "id": job.id,
            "status": details.get_status().value,
            "models": sorted(str(model.value) for model in details.configs),
            "run_time_ms": details.get_run_time_ms(),
            "callback_url": details.callback_url,
            "notify": details.notify,
            "predictions": json.loads(Path(f"{folder}/{name}.json").read_text()),
            "artifacts": zipfile.ZipFile(f"{folder}/{name}.zip.got").namelist(),
        }
    stranger = HumeBatchClient("wrong", _api_http_base_url=url)
    waiting = HumeBatchClient(key, _api_http_base_url=idle).submit_job([], prosody, text=["a"])
    told["wrong key, start"] = said(lambda: stranger.submit_job([], prosody, text=["a"]))
    told["wrong key, details"] = said(lambda: stranger.get_job_details(NOBODY))
    told["unknown job, details"] = said(lambda: client.get_job_details(NOBODY))
    told["unknown job, predictions"] = said(lambda: client.get_job_predictions(NOBODY))
    told["not ready"] = waiting.get_predictions()
    told["not ready, status"] = waiting.get_status().value
    told["refused"] = said(lambda: client.submit_job(["file:///etc/passwd"], prosody))
    print(json.dumps(told))


def said(call):
    try:
        return f"no error: {call()}"
    except HumeClientException as error:
        return str(error)


main(*sys.argv[1:])
