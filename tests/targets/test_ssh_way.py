"""The command lines that lead to a host, and what the real `ssh` makes of them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cynthus.core.deployment import ConnectionInfo, Host
from cynthus.process import Command, run
from cynthus.targets.ssh.diagnosis import cause_of, unreachable
from cynthus.targets.ssh.way import Way


def host(
    address: str = "gpu-box", *, user: str | None = None, port: int = 22, proxy_jump: str | None = None,
    key: str | None = None,
) -> Host:  # fmt: skip
    return Host("host-0", address, address, user, port, 0, ConnectionInfo("ssh", proxy_jump=proxy_jump, key=key))


def way(to: Host | None = None, *, known_hosts: Path = Path("/app/known_hosts"), control: Path = Path("/run/c")) -> Way:
    return Way(to or host(), known_hosts, control, {"PATH": os.environ["PATH"], "HOME": "/nowhere"})


def understood(given: Way, config: str = "none") -> dict[str, str]:
    """What `ssh` itself says that it would do, by the names of ssh_config(5) in small letters."""
    if shutil.which("ssh") is None:
        pytest.skip("no ssh on this machine")
    argv = given.command(("true",)).argv
    answer = run(Command((argv[0], "-F", config, "-G", *argv[1:]), env=given.environment))
    assert answer.returncode == 0, answer.stderr.decode()
    return dict(line.split(" ", 1) for line in answer.stdout.decode().splitlines() if " " in line)


@pytest.mark.parametrize("word", ["a b", "$HOME", "it's", "", "*", "a\nb", ";id", "-n", "~"])
def test_the_shell_of_the_host_gets_each_word_as_it_is(word: str) -> None:
    line = way().command(("printf", "<%s>", word)).argv[-1]
    assert run(Command(("sh", "-c", line))).stdout.decode() == f"<{word}>"


def test_the_command_comes_after_the_address_and_no_option_can() -> None:
    argv = way().command(("ls", "-l")).argv
    assert argv[argv.index("--") :] == ("--", "gpu-box", "ls -l")


def test_without_a_command_it_is_the_login_shell() -> None:
    assert way().shell("").argv[-2:] == ("--", "gpu-box")


@pytest.mark.parametrize(("tty", "option"), [(True, "-t"), (False, "-T")])
def test_a_terminal_is_asked_for_where_there_is_one(*, tty: bool, option: str) -> None:
    assert option in way().command(("sh",), tty=tty).argv


def test_the_command_has_its_input_and_the_environment_of_the_way() -> None:
    command = way().command(("cat",), stdin=b"in")
    assert (command.stdin, command.env) == (b"in", way().environment)


def test_what_is_not_said_is_left_to_ssh() -> None:
    words = way().command(("true",)).argv
    assert not {"-l", "-p", "-i", "-J"} & set(words)


def test_ssh_takes_user_port_key_and_jump_host(tmp_path: Path) -> None:
    key = tmp_path / "a key"
    key.touch()
    found = understood(way(host(user="me", port=2222, key=str(key), proxy_jump="joe@gate:2200")))
    assert [found[name] for name in ("user", "port", "identityfile", "proxyjump")] == [
        "me", "2222", str(key), "joe@gate:2200",
    ]  # fmt: skip


def test_the_key_of_the_host_is_pinned_under_a_name_of_its_own() -> None:
    found = understood(way(host("192.0.2.10")))
    assert (found["hostkeyalias"], found["stricthostkeychecking"]) == ("host-0.192.0.2.10", "accept-new")
    assert found["hashknownhosts"] == "no"


@pytest.mark.parametrize("folder", ["/an app", "/100%", "/a%h", "/it's", "/ü"])
def test_ssh_understands_the_path_where_keys_are_pinned(folder: str) -> None:
    # It shows the path as it was written: once with what %% stands for, in newer versions.
    found = understood(way(known_hosts=Path(folder, "known_hosts")))["userknownhostsfile"]
    assert found.strip('"').replace("%%", "%") == f"{folder}/known_hosts"


def test_nothing_is_lent_to_the_host_whatever_the_user_has_configured(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("ForwardAgent yes\nForwardX11 yes\nPermitLocalCommand yes\nStrictHostKeyChecking no\n")
    found = understood(way(), str(config))
    assert [found[name] for name in ("forwardagent", "forwardx11", "permitlocalcommand")] == ["no", "no", "no"]
    assert found["stricthostkeychecking"] == "accept-new"


def test_what_the_user_has_configured_for_a_host_counts(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host gpu-box\n  HostName 192.0.2.10\n  Port 2222\n  User me\n  ProxyJump gate\n")
    found = understood(way(), str(config))
    assert [found[name] for name in ("hostname", "port", "user", "proxyjump")] == ["192.0.2.10", "2222", "me", "gate"]


def test_nothing_is_asked_and_nothing_is_waited_for_without_end() -> None:
    found = understood(way())
    assert [found[name] for name in ("batchmode", "connecttimeout", "serveraliveinterval", "serveralivecountmax")] == [
        "yes", "10", "5", "3",
    ]  # fmt: skip


def test_two_ways_to_one_address_share_no_connection() -> None:
    paths = {understood(way(host(user=user)))["controlpath"] for user in ("me", "you")}
    assert len(paths) == 2


def test_the_socket_of_a_connection_has_a_path_that_is_short_enough() -> None:
    found = understood(way(host("x" * 60), control=Path("/run/user/1000/cynthus-1000/ssh")))
    # ssh adds a dot and 16 letters while it makes the socket.
    assert len(found["controlpath"]) + 17 < 108


def test_a_line_of_shell_is_handed_on_as_it_is() -> None:
    assert way().shell("cd / && ls | wc -l").argv[-1] == "cd / && ls | wc -l"


def test_further_options_stand_before_the_address() -> None:
    argv = way().shell("true", options=("-L", "8000:localhost:8000")).argv
    assert "-L 8000:localhost:8000 -T -- gpu-box true" in shlex.join(argv)


# through Google's proxy

MACHINE = Host(
    "host-0", "weather-0a1b2c-host-0", "10.128.0.2", "cynthus", 22, 0,
    ConnectionInfo("iap", instance_id="4711", project="my-lab-1", zone="us-central1-a"),
)  # fmt: skip


def machine(**connection: str) -> Host:
    return replace(MACHINE, connection=replace(MACHINE.connection, **connection))


def proxy(to: Host) -> list[str]:
    """The words of the command by which `ssh` would reach the machine."""
    return shlex.split(understood(way(to))["proxycommand"])


def test_the_way_through_googles_proxy_is_a_program_of_ours_that_is_told_the_machine() -> None:
    words = proxy(MACHINE)
    assert words[:7] == [sys.executable, "-P", "-m", "cynthus", "iap-tunnel", "%h", "%p"]
    assert {"--project=my-lab-1", "--zone=us-central1-a", "--said=/run/c/4711.said"} <= set(words)


def test_what_the_proxy_said_last_is_a_part_of_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "4711.said").write_text("[CYN-403] no\n[4033: 'not authorized']\n")
    error = unreachable(way(MACHINE, control=tmp_path), "Connection closed by UNKNOWN port 65535\r\n")
    assert "does not let you through" in error.message
    assert error.details[-1] == "[4033: 'not authorized']"
    assert error.closed


def test_what_keeps_out_nobody_for_good_may_pass_while_a_machine_boots(tmp_path: Path) -> None:
    (tmp_path / "4711.said").write_text("[CYN-403] no\n[4003: 'failed to connect to backend']\n")
    given = way(MACHINE, control=tmp_path)
    assert not unreachable(given, "").closed
    assert cause_of(given, "").passes


def test_a_machine_that_is_reached_otherwise_has_no_such_reason(tmp_path: Path) -> None:
    straight = replace(MACHINE, connection=ConnectionInfo("ssh", instance_id="4711"))
    (tmp_path / "4711.said").write_text("[4033: 'not authorized']\n")
    assert way(straight, control=tmp_path).reason == ""


def test_the_name_of_that_file_is_one_whatever_the_state_says(tmp_path: Path) -> None:
    (said,) = [word for word in proxy(machine(instance_id="../../x")) if word.startswith("--said=")]
    assert said == "--said=/run/c/.._.._x.said"


@pytest.mark.parametrize("text", ["$(id)", "a;id", "a b", "it's"])
def test_what_the_state_calls_a_place_is_one_word_of_the_command(text: str) -> None:
    assert f"--project={text}" in proxy(machine(project=text))


def test_a_percent_sign_of_a_place_means_nothing_to_ssh() -> None:
    words = understood(way(machine(zone="%h")))["proxycommand"].split()
    assert {"--zone='%%h'", "--zone=%%h"} & set(words)


def test_a_machine_that_is_reached_otherwise_has_no_proxy() -> None:
    straight = replace(MACHINE, connection=ConnectionInfo("ssh", instance_id="4711"))
    assert understood(way(straight)).get("proxycommand", "none") == "none"


def test_the_key_of_a_machine_is_pinned_under_the_number_that_never_changes() -> None:
    assert understood(way(MACHINE))["hostkeyalias"] == "4711"


def test_another_machine_of_the_same_name_has_another_key() -> None:
    assert understood(way(machine(instance_id="4712")))["hostkeyalias"] == "4712"


def test_a_machine_of_google_is_entered_as_its_user_with_its_key(tmp_path: Path) -> None:
    key = tmp_path / "lab"
    key.touch()
    found = understood(way(machine(key=str(key))))
    assert (found["user"], found["identityfile"]) == ("cynthus", str(key))


def test_who_logs_in_is_asked_where_only_google_knows_it() -> None:
    named = replace(way(replace(MACHINE, user=None)), who=lambda: "ann_example_com")
    assert understood(named)["user"] == "ann_example_com"


def test_nobody_is_asked_before_a_command_is_made() -> None:
    asked = iter(["ann_example_com"])
    made = replace(way(replace(MACHINE, user=None)), who=lambda: next(asked))
    assert made.key_name == "4711"
    assert "ann_example_com" in made.command(("true",)).argv
