"""What the documentation says is true."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from mien.settings import Settings

ROOT = Path(__file__).parent.parent


def test_the_reference_is_current():
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = module_from_spec(spec)
    spec.loader.exec_module(generate)

    made = generate.pages()

    assert {name: (generate.REFERENCE / name).read_text() for name in made} == made
    assert all(field.description for field in Settings.model_fields.values())


def test_links_between_pages_lead_somewhere():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert broken == []
