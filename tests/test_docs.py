"""What the documentation says is true."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from mien.settings import Settings
from mien.weights import shipped
from tests.conftest import ROLES

ROOT = Path(__file__).parent.parent


def test_the_reference_is_current():
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = module_from_spec(spec)
    spec.loader.exec_module(generate)

    made = generate.pages()

    assert {name: (generate.REFERENCE / name).read_text() for name in made} == made
    assert all(field.description for field in Settings.model_fields.values())


def test_the_first_program_of_the_python_page_runs(monkeypatch, tmp_path, capsys):
    for role in ROLES:
        monkeypatch.setenv(f"MIEN_{role.upper()}", "stub")
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    program = (ROOT / "docs/reference/python.md").read_text().split("```python\n")[1].split("```")[0]

    made = {}
    exec(program, made)  # noqa: S102  # it is ours

    assert capsys.readouterr().out == ""
    assert {row["model"] for row in made["rows"]} == {"prosody", "language"}
    assert all(row["begin"] <= row["end"] and 0 <= row["Joy"] <= 1 for row in made["rows"])


def test_links_between_pages_lead_somewhere():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_what_networks_were_made_from_is_named_in_the_notice():
    notice = (ROOT / "NOTICE").read_text()
    missing = {}
    for network in shipped():
        said = re.sub(r"\([^)]*\)", "", f"{network.card['source']}, {network.card['data']}")
        names = re.findall(r"[\w-]*[A-Z][\w-]*", said)
        missing[network.name] = [name for name in names if name not in notice]
        assert names

    assert not any(missing.values()), missing
