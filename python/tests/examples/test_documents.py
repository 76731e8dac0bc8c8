"""Documents say what is so: their code runs, lists are complete, generated pages are fresh."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest

import ovenbird as ob

ROOT = pathlib.Path(__file__).parents[3]
README = ROOT / "README.md"
sys.path.insert(0, str(ROOT / "tools"))

import model_pages  # noqa: E402


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_code_in_the_readme_runs(number, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "agg")
    script = tmp_path / "block.py"
    script.write_text(blocks("python")[number])
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", script],
        capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d", done.stdout)


def test_the_readme_shows_both_python_interfaces():
    first, second = blocks("python")
    assert "import ovenbird.nest as nest" in first and "import ovenbird as ob" in second


def test_rust_code_in_the_readme_is_a_tested_example():
    (code,) = blocks("rust")
    source = (ROOT / "crates" / "ovenbird" / "src" / "lib.rs").read_text()
    lines = [line[4:] for line in source.splitlines() if line.startswith("/// ")]
    shown = [line for line in lines if not line.startswith("# ")]
    assert "\n".join(line for line in code.splitlines() if line) in "\n".join(shown)


def test_the_readme_lists_every_model_and_rule():
    text = README.read_text(encoding="utf-8")
    linked = re.findall(r"\[`(\w+)`\]\(docs/models/(\w+)\.md\)", text)
    assert sorted(name for name, _ in linked) == model_pages.documented()
    assert all(name == page for name, page in linked)
    rules = ob.models.catalogue().get_status()["connection_rules"]
    assert all(f"`{rule}`" in text for rule in rules)


@pytest.mark.parametrize(
    "path", [README, *sorted(model_pages.PAGES.glob("*.md"))], ids=lambda path: path.name
)
def test_links_to_models_and_images_exist(path):
    links = re.findall(
        r"\]\(((?:docs/)?(?:models/|images/)?[\w/]+\.(?:md|png))\)", path.read_text()
    )
    for link in links:
        if path != README or link.startswith(("docs/models", "docs/images")):
            assert (path.parent / link).exists(), link


def test_the_pages_of_the_models_are_fresh():
    assert model_pages.stale() == [], "run python tools/model_pages.py"


def test_stale_pages_are_found(tmp_path):
    wanted = model_pages.pages()
    for name, text in wanted.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert model_pages.stale(tmp_path) == []
    (tmp_path / "voltmeter.md").write_text("# voltmeter\n")
    (tmp_path / "gone.md").write_text("# gone\n")
    (tmp_path / "README.md").unlink()
    assert model_pages.stale(tmp_path) == ["README.md", "gone.md", "voltmeter.md"]


def test_no_mark_waits_to_be_filled_in():
    """A mark such as @FIGURE@ stands for something that is known only later."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        marks = re.findall(r"@[A-Z][A-Z0-9_]*@|\{\{.*?\}\}|\bX{3,}\b|\?{3,}", text)
        assert not marks, f"{page.name}: {marks}"
