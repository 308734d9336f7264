"""The Dockerfile of an environment: short where nothing private is told, and none where something would stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cynthus.agent import dockerfile, image_settings
from cynthus.agent.dockerfile import Recipe
from cynthus.agent.image_build import Build
from tests.agent.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLAIN = """\
FROM python:3.12-slim
RUN \\
  --mount=type=cache,id=cynthus-pip,target=/cynthus/cache \\
  --mount=type=bind,source=requirements.txt,target=/cynthus/settings/requirements/requirements.txt \\
  PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore python -m pip install --cache-dir /cynthus/cache \
--disable-pip-version-check --no-input -r /cynthus/settings/requirements/requirements.txt
LABEL cynthus-deployment="weather-0a1b2c"
LABEL org.opencontainers.image.title="weather"
LABEL org.opencontainers.image.version="beef"
LABEL org.opencontainers.image.base.name="python:3.12-slim"
USER 1000:1000
"""


def recipe(
    file: Path, environment: Mapping[str, str], *, user: str | None = None, of_docker: Mapping[str, str] | None = None
) -> Recipe | str:
    own = {"HOME": str(file.parent / "home"), "PIP_CONFIG_FILE": "/dev/null", **environment}
    build = Build("weather-0a1b2c", "python:3.12-slim", file, "cynthus/weather-0a1b2c:beef", "weather")
    return dockerfile.recipe(build, image_settings.collect(own, {}, file.parent), of_docker or {}, user=user)


def text(file: Path, environment: Mapping[str, str] | None = None, user: str | None = None) -> str:
    made = recipe(file, environment or {}, user=user)
    assert isinstance(made, Recipe), made
    return made.text


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("numpy\n")
    return path


def test_where_pip_was_told_nothing_it_is_short(file: Path) -> None:
    assert text(file) == PLAIN


def test_what_pip_was_told_is_mounted_and_not_written(file: Path) -> None:
    written = text(file, {"PIP_INDEX_URL": "https://me:pass-word@pypi.example.org/simple"})
    assert "--mount=type=secret,id=pip.conf" in written
    assert "--mount=type=secret,id=netrc" in written
    assert "pass-word" not in written


def test_other_settings_of_pip_are_another_step_and_another_password_is_not(file: Path) -> None:
    def install(address: str) -> str:
        return next(line for line in text(file, {"PIP_INDEX_URL": address}).splitlines() if "pip install" in line)

    first = install("https://me:one@pypi.example.org/simple")
    assert install("https://me:other@pypi.example.org/simple") == first
    assert install("https://me:one@pypi.example.org/cuda") != first


def test_the_user_of_an_ssh_address_is_no_password(file: Path) -> None:
    file.write_text("tool @ git+ssh://git@example.org/me/tool.git\n")
    assert "pip install" in text(file)


def test_an_included_file_is_mounted_too(file: Path) -> None:
    (file.parent / "base.txt").write_text("scipy\n")
    file.write_text("-r base.txt\n")
    assert "--mount=type=bind,source=base.txt,target=/cynthus/settings/requirements/base.txt" in text(file)


def test_a_package_that_lies_beside_it_is_copied_and_meant_from_there(file: Path) -> None:
    wheel(file.parent / "wheels", "tiny")
    file.write_text("./wheels/tiny-1.0-py3-none-any.whl\n")
    written = text(file)
    name = "wheels/tiny-1.0-py3-none-any.whl"
    assert f'COPY ["{name}", "/cynthus/requirements/{name}"]' in written
    assert "mkdir -p /cynthus/requirements && cd /cynthus/requirements && " in written


def test_a_base_that_is_for_somebody_stays_for_them(file: Path) -> None:
    written = text(file, user="app")
    assert (written.count("USER 0\n"), written.splitlines()[-1]) == (1, "USER app")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("--index-url https://me:pw@pypi.example.org/simple", "holds the password"),
        ("-r 'odd name.txt'", "has no place in a Dockerfile"),
        ("./", "is itself among the packages"),
    ],
)
def test_what_would_stay_or_has_no_place_is_not_for_a_dockerfile(file: Path, line: str, reason: str) -> None:
    (file.parent / "odd name.txt").write_text("numpy\n")
    file.write_text(f"{line}\n")
    assert reason in str(recipe(file, {}))


def test_a_folder_of_packages_is_not_for_a_dockerfile(file: Path, tmp_path: Path) -> None:
    assert "folder of packages" in str(recipe(file, {"PIP_FIND_LINKS": str(tmp_path)}))


def test_proxies_of_docker_are_not_for_buildkit(file: Path) -> None:
    assert "keeps on record" in str(recipe(file, {}, of_docker={"HTTP_PROXY": "http://me:pw@proxy"}))


def test_a_file_that_is_too_large_for_buildkit_is_not_for_it(file: Path, tmp_path: Path) -> None:
    large = tmp_path / "certificates.pem"
    large.write_bytes(b"x" * 600_000)
    assert "too large" in str(recipe(file, {"PIP_CERT": str(large)}))
