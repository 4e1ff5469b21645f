"""`mien serve`, as a process: started, killed, started again."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.media import picture, speech, talk


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(environment, port, *options, scheme="http"):
    """The process, once it answers."""
    command = [sys.executable, "-m", "mien", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not _answers(f"{scheme}://127.0.0.1:{port}/healthz"):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(url):
    try:
        return httpx.get(url, verify=False).is_success  # noqa: S501  # a certificate made on the spot
    except httpx.TransportError:
        return False


def post(port, path):
    request = '{"models": {"prosody": {}, "language": {}}, "text": ["Good!", "Bad."]}'
    files = {"file": (path.name, path.read_bytes())}
    url = f"http://127.0.0.1:{port}/v0/batch/jobs"
    return httpx.post(url, data={"json": request}, files=files).json()["job_id"]


def state(port, job_id):
    return httpx.get(f"http://127.0.0.1:{port}/v0/batch/jobs/{job_id}").json()["state"]


def ended(port, job_id):
    until = time.monotonic() + 200
    while (now := state(port, job_id))["status"] not in {"COMPLETED", "FAILED"}:
        assert time.monotonic() < until, now
        time.sleep(0.05)
    return now


def test_a_server_killed_at_work_goes_on_where_it_was(environment, port, tmp_path):
    path = talk(tmp_path / "a.flac", speech(*[1.0] * 30))
    with serving(environment, port) as server:
        jobs = [post(port, path) for _ in range(4)]
        server.send_signal(signal.SIGKILL)
        server.wait()

    with serving(environment, port):
        states = [ended(port, job_id) for job_id in jobs]

    assert [(s["status"], s["num_predictions"], s["num_errors"]) for s in states] == [("COMPLETED", 3, 0)] * 4


@pytest.mark.skipif(not shutil.which("ps"), reason="ps, which finds the workers, is not here")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_server_told_to_end_takes_its_workers_along(environment, port, how):
    with serving(environment, port) as server:
        workers = _children(server.pid)
        assert workers
        server.send_signal(how)
        assert server.wait(20) in {0, 130}

    assert not [pid for pid in workers if _alive(pid)]


@pytest.mark.skipif(not shutil.which("ps"), reason="ps, which finds the decoders, is not here")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_server_that_ends_leaves_no_decoder(how, environment, port, tmp_path):
    shot = b64encode(picture(tmp_path / "a.png", 128).read_bytes()).decode()
    with serving(environment, port, "--workers", "0") as server:
        with connect(f"ws://127.0.0.1:{port}/v0/stream/models") as client:
            client.send(json.dumps({"data": shot, "models": {"face": {}}}))
            assert "face" in json.loads(client.recv(timeout=60))
        (decoder,) = _children(server.pid)
        server.send_signal(how)
        assert server.wait(20) in {0, 130, -signal.SIGKILL}
        until = time.monotonic() + 20
        while _alive(decoder):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_open_address_without_keys_is_refused(environment, port):
    command = [sys.executable, "-m", "mien", "serve", "--host", "0.0.0.0", "--port", str(port)]
    environment = os.environ | environment
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert ran.returncode == 2
    assert "mien keys create" in ran.stderr


def test_the_address_that_is_told_is_one(environment, port):
    command = [sys.executable, "-m", "mien", "serve", "--host", "::1", "--port", str(port), "--workers", "0"]
    environment = os.environ | environment
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        told = next(line for line in process.stderr if "HumeClient" in line)
        process.kill()

    assert f"base_url='http://[::1]:{port}'" in told


def test_who_wants_keys_everywhere_is_not_told_where_none_is_needed(run, environment):
    environment["MIEN_REQUIRE_KEY"] = "1"

    message = str(run("serve").exception)

    assert "mien keys create" in message
    assert "127.0.0.1 only" not in message


def test_an_address_where_somebody_listens_is_said_in_one_line(run, port):
    with socket.create_server(("127.0.0.1", port)):
        ran = run("serve", "--port", port)

    assert str(ran.exception) == (
        f"cannot listen on 127.0.0.1, port {port}: Address already in use; choose others by --host and --port"
    )


def test_tls_is_spoken_where_there_is_a_certificate(environment, port, certificate):
    with serving(environment, port, "--ssl-certfile", str(certificate), scheme="https"):
        context = ssl._create_unverified_context()  # noqa: S323  # made on the spot
        with connect(f"wss://127.0.0.1:{port}/v0/stream/models", ssl=context) as socket:
            socket.send('{"job_details": true}')
            assert "job_details" in socket.recv()


def test_a_certificate_that_cannot_be_used_is_said_in_one_line(environment, port, tmp_path):
    (tmp_path / "bad.pem").write_text("nonsense")
    for bad in ("bad.pem", "missing.pem"):
        command = [
            sys.executable,
            "-m",
            "mien",
            "serve",
            "--port",
            str(port),
            "--ssl-certfile",
            tmp_path / bad,
        ]
        ran = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
        )

        assert ran.returncode == 2
        assert bad in ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not shutil.which("ps"), reason="ps, which finds the workers, is not here")
def test_workers_stand_back_behind_the_server(environment, port):
    with serving(environment, port) as server:
        ours = os.getpriority(os.PRIO_PROCESS, server.pid)
        until = time.monotonic() + 60
        while not (workers := _children(server.pid)) or _priority(workers[0]) <= ours:
            assert time.monotonic() < until
            time.sleep(0.05)


def _priority(pid):
    return os.getpriority(os.PRIO_PROCESS, pid)


def _children(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in listed.stdout.split()]


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_setting_that_cannot_be_is_said_in_one_line(environment):
    command = [sys.executable, "-m", "mien", "doctor"]
    environment = os.environ | environment | {"MIEN_PORT": "abc"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "abc" in ran.stderr


@contextmanager
def at_a_terminal(environment, *command):
    """A process that Ctrl-C can be sent to as a terminal does, with all that it starts; what it says."""
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        # whoever runs these tests in the background has Ctrl-C ignored, and its children with it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _interrupted_once_it_says(process, words):
    """What it says after Ctrl-C."""
    assert any(words in line for line in process.stderr)
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)[1]


@pytest.mark.parametrize("imported", ["dataclasses", "numpy", "mien.cli.doctor"])
@pytest.mark.parametrize("start", [[sys.executable, "-m", "mien"], [Path(sys.executable).with_name("mien")]])
def test_ctrl_c_while_the_program_is_imported_ends_it_without_a_traceback(environment, port, start, imported):
    if not shutil.which(start[0]):
        pytest.skip("the script `mien` is not installed beside this Python (pip install -e .)")
    environment = environment | {"PYTHONPROFILEIMPORTTIME": "1"}  # each module is told once it is imported
    with at_a_terminal(environment, *start, "serve", "--port", str(port)) as process:
        said = _interrupted_once_it_says(process, f" {imported}\n")

    assert process.returncode == 130
    assert "Traceback" not in said


def test_ctrl_c_while_the_workers_of_a_server_start_ends_them_without_a_traceback(environment, port):
    command = [sys.executable, "-m", "mien", "serve", "--port", str(port), "--workers", "2"]
    with at_a_terminal(environment, *command) as process:
        said = _interrupted_once_it_says(process, "Uvicorn running")  # they are still imported

    assert process.returncode in {0, 130}
    assert "Traceback" not in said
    assert "starting another" not in said


def test_what_was_measured_before_ctrl_c_is_written(environment, tmp_path):
    short, long = talk(tmp_path / "a.wav"), talk(tmp_path / "b.wav", speech(*[0.5] * 4000))
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "mien", "measure", short, long, "--models", "prosody", "--json", out]
    with at_a_terminal(environment, *command) as process:
        assert any("a.wav" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode != 0
    first = json.loads(out.read_text())[0]
    assert [file["file"] for file in first["results"]["predictions"]] == ["a.wav"]
