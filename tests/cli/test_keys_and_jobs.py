"""`mien keys`, `mien jobs`, `mien models` and `mien doctor`."""

import json

import pytest

from mien.app import build
from mien.errors import JobNotFound, RequestError
from mien.settings import Settings
from mien.weights import shipped
from mien.wire.batch import Failed
from tests.conftest import ROLES
from tests.jobs.conftest import add, kept


@pytest.fixture
def mien(tmp_path):
    return build(Settings(home=tmp_path / "home", **dict.fromkeys(ROLES, "stub")))


def test_a_key_opens_until_it_is_revoked(run, mien):
    secret = run("keys", "create", "studio").stdout.strip().splitlines()[-1]
    (key,) = mien.keys.keys()
    assert mien.keys.admits(secret)
    listed = run("keys", "list").stdout
    assert "studio" in listed
    assert secret not in listed

    run("keys", "revoke", key.id)

    assert not mien.keys.admits(secret)


def test_others_on_the_machine_do_not_read_what_is_kept(run, tmp_path):
    run("keys", "list")

    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_the_name_of_a_key_is_no_markup(run, mien):
    name = "[/x] a [bold]key[/]"

    created = run("keys", "create", name)

    assert created.exit_code == 0
    assert name in created.stderr
    assert mien.keys.admits(created.stdout.strip())
    assert name in run("keys", "list").stdout


def test_a_key_that_is_not_there_cannot_be_revoked(run):
    assert isinstance(run("keys", "revoke", "nobody").exception, RequestError)


def test_jobs_are_listed_and_shown(run, mien):
    job_id = add(mien, texts=["Good!"], models=["language"])

    assert job_id in run("jobs", "list").stdout
    assert job_id in run("jobs", "list", "--status", "QUEUED").stdout
    assert job_id not in run("jobs", "list", "--status", "FAILED").stdout
    shown = run("jobs", "show", job_id)
    assert json.loads(shown.stdout)["state"]["status"] == "QUEUED"
    assert shown.stderr == "0 of 1 files done, 0% of all\n"


def test_a_job_can_be_cancelled_and_deleted(run, mien):
    job_id = add(mien, texts=["Good!"], models=["language"])

    assert run("jobs", "cancel", job_id).exit_code == 0
    state = mien.jobs.get(job_id).state
    assert isinstance(state, Failed)
    assert run("jobs", "delete", job_id, "--yes").exit_code == 0

    with pytest.raises(JobNotFound):
        mien.jobs.get(job_id)
    assert kept(mien, job_id) == []


def test_a_job_is_not_deleted_without_being_asked_for(run, mien):
    job_id = add(mien, texts=["Good!"], models=["language"])

    assert run("jobs", "delete", job_id, input="n\n").exit_code == 1

    assert mien.jobs.get(job_id)


def test_models_that_can_be_pulled_are_listed_with_licence_and_checksum(run):
    listed = run("models", "list").stdout

    assert "whisper-small   can be pulled" in listed
    assert "sha256 3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671" in listed


def test_every_file_of_a_network_in_the_package_is_listed_with_its_checksum(run):
    listed = run("models", "list").stdout

    for network in shipped():
        for digest in network.digests.values():
            assert f"sha256 {digest}" in listed


def test_unknown_weights_are_refused_with_those_known(run):
    ran = run("models", "pull", "whisper-huge")

    assert isinstance(ran.exception, RequestError)
    assert "whisper-small" in str(ran.exception)


def test_the_networks_of_the_package_are_what_their_cards_say(run):
    ran = run("models", "check")

    assert ran.exit_code == 0
    assert "voice" in ran.stdout


def test_the_doctor_finds_nothing_broken(run):
    ran = run("doctor")

    assert ran.exit_code == 0
    assert "✗" not in ran.stdout.splitlines()[0]
    assert "model prosody" in ran.stdout


def test_the_doctor_finds_what_is_broken(environment, run):
    environment["MIEN_TRANSCRIBER"] = "nobody"

    ran = run("doctor")

    assert ran.exit_code == 1
    assert "nobody" in ran.stdout
    assert "EngineMissing" not in ran.stdout  # the words for a person are enough


@pytest.mark.parametrize(
    "command", ["measure", "serve", "work", "doctor", "models", "jobs", "keys", "jobs list", "keys create"]
)
def test_every_command_explains_itself(run, command):
    ran = run(*command.split(), "--help")

    assert ran.exit_code == 0
    assert len(ran.stdout.splitlines()) > 5
