"""The README says what is so: its commands exist, its options too, its Python runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("#")[0].strip() for block in blocks("console") for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_two_commands_are_in_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for command in commands():
        if command.startswith("make "):
            assert command.split()[1] in targets


@pytest.mark.parametrize("command", [c for c in commands() if c.startswith("skyaccord")])
def test_a_command_has_the_options_it_is_shown_with(command: str) -> None:
    words = shlex.split(command)[1:]
    verbs = words[:2] if words[0] == "agreement" else words[:1]
    shown = subprocess.run(
        [sys.executable, "-m", "skyaccord", *verbs, "--help"], capture_output=True, text=True, check=True
    ).stdout
    for word in words:
        if word.startswith("--"):
            assert word in shown


def test_the_python_runs(tmp_path: Path) -> None:
    (registry,) = blocks("toml")
    (tmp_path / "sites.toml").write_text(registry, encoding="utf-8")
    (code,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "(0,", "6)", "(0,", "6,", "6)"]


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
