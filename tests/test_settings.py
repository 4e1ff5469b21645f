"""Settings as an environment gives them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from mien.settings import Settings, unknown


@pytest.fixture
def settings(monkeypatch):
    """Settings in an environment."""

    def settings(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Settings()

    return settings


@pytest.mark.parametrize("word", ["none", "None", "null", "NULL"])
def test_none_is_a_value_where_there_may_be_none(word, settings):
    found = settings(MIEN_RETENTION_DAYS=word, MIEN_MAX_DISK_GB=word, MIEN_SSL_CERTFILE=word)

    assert (found.retention_days, found.max_disk_gb, found.ssl_certfile) == (None, None, None)


def test_none_is_no_value_elsewhere(settings):
    assert settings(MIEN_HOME="none").home == Path("none")
    with pytest.raises(ValidationError, match="workers"):
        settings(MIEN_WORKERS="none")


def test_no_number_is_without_end(settings):
    """Jobs older than for ever are older than any date."""
    with pytest.raises(ValidationError, match="retention_days"):
        settings(MIEN_RETENTION_DAYS="inf")


def test_what_is_empty_is_as_if_it_were_not_set(settings, monkeypatch):
    """Compose files hand on variables that nobody has set as empty ones."""
    variables = [f"MIEN_{name.upper()}" for name in Settings.model_fields]
    for variable in variables:
        monkeypatch.delenv(variable, raising=False)
    usual = settings()
    found = settings(**dict.fromkeys(variables, ""))
    engines = {name for name in Settings.model_fields if getattr(found, name) != getattr(usual, name)}

    assert engines == {
        "voice_activity", "transcriber", "diarizer", "voice", "face_finder", "face_reader", "face_identity",
        "mesh_reader", "text_reader", "multilingual_reader", "language_detector",
    }  # fmt: skip


def test_an_engine_that_is_empty_is_switched_off(settings):
    assert settings(MIEN_DIARIZER="").diarizer == ""


def test_days_that_are_set_are_kept(settings):
    assert settings(MIEN_RETENTION_DAYS="7").retention_days == 7


def test_what_is_no_setting_is_found_with_what_it_may_be_meant_for():
    assert [*unknown(["MIEN_PROT", "MIEN_PORT", "MIEN_NO_PAGE", "MIEN_XYZ", "PROT"])] == [
        ("MIEN_PROT", "MIEN_PORT"),
        ("MIEN_XYZ", ""),
    ]
