"""What pip was told on this machine, and what of that a build of an image gets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cynthus.agent import docker_proxies, image_settings, pip_settings
from cynthus.agent.failure import Failure
from cynthus.agent.logins import Logins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def at(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has nothing but what is in `home`."""
    return {"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "none"), **more}


def config(home: Path, text: str, place: str = ".config/pip/pip.conf") -> Path:
    path = home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def index(environment: dict[str, str]) -> str | None:
    return pip_settings.read(environment).get("index-url")


def test_a_variable_is_a_setting(tmp_path: Path) -> None:
    assert index(at(tmp_path, PIP_INDEX_URL="https://x/simple")) == "https://x/simple"


@pytest.mark.parametrize("section", ["global", "install"])
def test_a_line_of_a_file_is_one(tmp_path: Path, section: str) -> None:
    config(tmp_path, f"[{section}]\nindex_url = https://x/100%25\n")
    assert index(at(tmp_path)) == "https://x/100%25"


def test_a_variable_overrules_a_file(tmp_path: Path) -> None:
    config(tmp_path, "[install]\nindex-url = https://file\n")
    assert index(at(tmp_path, PIP_INDEX_URL="https://variable")) == "https://variable"


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    config(tmp_path, "[global]\nindex-url = https://file\n")
    assert index(at(tmp_path, PIP_INDEX_URL="")) == "https://file"


def test_a_file_that_is_named_overrules_the_others(tmp_path: Path) -> None:
    config(tmp_path, "[global]\nindex-url = https://home\n")
    named = config(tmp_path, "[global]\nindex-url = https://named\n", "my pip.conf")
    assert index(at(tmp_path, PIP_CONFIG_FILE=str(named))) == "https://named"


def test_what_is_said_of_install_overrules_what_is_said_in_general(tmp_path: Path) -> None:
    config(tmp_path, "[install]\nindex-url = https://install\n", ".pip/pip.conf")
    config(tmp_path, "[global]\nindex-url = https://general\n")
    assert index(at(tmp_path)) == "https://install"


def test_files_can_be_switched_off(tmp_path: Path) -> None:
    config(tmp_path, "[global]\nindex-url = https://home\n")
    assert index(at(tmp_path, PIP_CONFIG_FILE=os.devnull)) is None


def test_what_says_where_to_install_is_left_out(tmp_path: Path) -> None:
    assert pip_settings.read(at(tmp_path, PIP_TARGET="/x", PIP_USER="1", PIP_CONFIG_FILE=os.devnull)) == {}


def test_a_file_that_cannot_be_read_is_an_error_that_does_not_repeat_it(tmp_path: Path) -> None:
    config(tmp_path, "[global\nindex-url = https://me:secret@x\n")
    with pytest.raises(Failure, match=r"pip\.conf cannot be read") as caught:
        pip_settings.read(at(tmp_path))
    assert "secret" not in caught.value.message + caught.value.hint


def test_where_pip_was_told_nothing_uv_counts(tmp_path: Path) -> None:
    told = at(tmp_path, UV_INDEX="https://a https://b", UV_DEFAULT_INDEX="https://c", UV_FIND_LINKS="/x,/y")
    found = pip_settings.read(told)
    assert (found["index-url"], found["extra-index-url"], found["find-links"]) == (
        "https://c", "https://a https://b", "/x /y"
    )


def test_pips_own_settings_come_before_uvs(tmp_path: Path) -> None:
    assert index(at(tmp_path, PIP_INDEX_URL="https://pip", UV_DEFAULT_INDEX="https://uv")) == "https://pip"


def test_the_login_of_an_index_of_uvs_is_in_its_address(tmp_path: Path) -> None:
    told = {"UV_INDEX": "my-own=https://x/simple", "UV_INDEX_MY_OWN_USERNAME": "me", "UV_INDEX_MY_OWN_PASSWORD": "a/b"}
    assert pip_settings.read(at(tmp_path, **told))["extra-index-url"] == "https://me:a%2Fb@x/simple"


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_that_all_programs_were_told_of_count(tmp_path: Path, name: str) -> None:
    assert pip_settings.read(at(tmp_path, PIP_CONFIG_FILE=os.devnull, **{name: "/ca.pem"})) == {"cert": "/ca.pem"}


def test_a_login_goes_from_the_address_to_the_netrc(tmp_path: Path) -> None:
    logins = Logins(at(tmp_path))
    assert logins.without("https://me:a%40b@x.org:8443/simple") == "https://x.org:8443/simple"
    assert logins.text == "machine x.org login me password a@b\n"


@pytest.mark.parametrize("address", ["https://token@x/simple", "https://me:a%20b@x", "https://me:p@[::1]/simple"])
def test_a_login_that_a_netrc_cannot_hold_stays_in_the_address(tmp_path: Path, address: str) -> None:
    logins = Logins(at(tmp_path))
    assert (logins.without(address), logins.text) == (address, "")


def test_a_second_login_for_a_host_stays_in_its_address(tmp_path: Path) -> None:
    logins = Logins(at(tmp_path))
    logins.without("https://me:one@x/a")
    assert logins.without("https://me:two@x/b") == "https://me:two@x/b"


def test_the_users_own_netrc_is_read_for_the_hosts_of_indices_only(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine x login me password p\nmachine other login me password q\n")
    logins = Logins(at(tmp_path))
    logins.without("https://x/simple")
    assert logins.text == "machine x login me password p\n"


def collected(home: Path, proxies: Mapping[str, str] | None = None, **told: str) -> image_settings.Settings:
    """What a build gets; of files, this machine's own among them, pip reads none."""
    return image_settings.collect(at(home, PIP_CONFIG_FILE=os.devnull, **told), proxies or {}, home)


def test_an_address_reaches_the_build_without_its_login(tmp_path: Path) -> None:
    found = collected(tmp_path, PIP_INDEX_URL="https://me:p@x/simple")
    assert "index-url = https://x/simple\n" in found.texts["pip.conf"]
    assert found.texts["netrc"] == "machine x login me password p\n"


@pytest.mark.parametrize("option", ["cert", "client-cert", "constraint"])
def test_a_file_that_is_named_goes_along(tmp_path: Path, option: str) -> None:
    config(tmp_path, "x", "file")
    found = image_settings.collect(at(tmp_path, PIP_CONFIG_FILE=os.devnull, **told(option, "file")), {}, tmp_path)
    ((place, path),) = found.copies.items()
    assert path == tmp_path / "file"
    assert f"{option} = {image_settings.PLACE}/{place}\n" in found.texts["pip.conf"]


def told(option: str, value: str) -> dict[str, str]:
    return {f"PIP_{option.upper().replace('-', '_')}": value}


def test_a_file_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cert names .* which is not there"):
        collected(tmp_path, PIP_CERT="/no/such.pem")


def test_a_folder_of_packages_is_mounted(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    found = collected(tmp_path, PIP_FIND_LINKS=f"file://{tmp_path}/wheels https://x/links")
    ((place, path),) = found.links.items()
    assert path == tmp_path / "wheels"
    assert f"find-links = {place} https://x/links\n" in found.texts["pip.conf"]


def test_a_proxy_of_pips_is_a_variable_of_the_build(tmp_path: Path) -> None:
    found = collected(tmp_path, {"https_proxy": "http://other", "NO_PROXY": "a"}, PIP_PROXY="http://p:1")
    assert "proxy" not in found.texts["pip.conf"]
    assert "export https_proxy=http://p:1\n" in found.texts["environment"]
    assert "export NO_PROXY=a\n" in found.texts["environment"]


@pytest.mark.parametrize(
    ("address", "nearby"),
    [
        ("http://localhost:3141/root", True),
        ("http://127.0.0.1/simple", True),
        ("http://[::1]:3141/simple", True),
        ("http://index.localhost/", True),
        ("https://pypi.example.org/simple", False),
        ("https://10.0.0.1/simple", False),
    ],
)
def test_what_only_this_machine_reaches_is_noticed(tmp_path: Path, address: str, nearby: bool) -> None:  # noqa: FBT001 - a case
    assert collected(tmp_path, PIP_INDEX_URL=address).nearby is nearby


def test_a_proxy_that_only_this_machine_reaches_is_noticed(tmp_path: Path) -> None:
    assert collected(tmp_path, {"https_proxy": "http://localhost:3128"}).nearby


def test_without_any_setting_a_build_gets_none(tmp_path: Path) -> None:
    found = collected(tmp_path)
    assert (found.texts["pip.conf"], found.texts["netrc"], found.copies, found.links) == ("[global]\n", "", {}, {})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"proxies": 1}', '{"proxies": {"default": 1}}'])
def test_a_configuration_of_docker_without_proxies_names_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert docker_proxies.of({"DOCKER_CONFIG": str(tmp_path)}) == {}


def test_docker_may_have_proxies_for_one_engine(tmp_path: Path) -> None:
    proxies = '{"proxies": {"default": {"httpProxy": "a"}, "tcp://e": {"httpProxy": "b"}}}'
    config(tmp_path, proxies, ".docker/config.json")
    assert docker_proxies.of({"HOME": str(tmp_path)}) == {"HTTP_PROXY": "a", "http_proxy": "a"}
    assert docker_proxies.of({"HOME": str(tmp_path), "DOCKER_HOST": "tcp://e"})["HTTP_PROXY"] == "b"
