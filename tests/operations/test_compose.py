"""docker-compose.yml is what the compose specification takes, and every part of it is there to be started."""

import re
import shlex
from typing import Final

import pytest
import yaml
from compose_spec import PyCompose
from typer.testing import CliRunner

from app.cli.program import program
from app.config import load_settings
from tests.operations.composed import COMPOSE, ROOT, SECRETS, VARIABLE, fill_in, read_parts

PAGE: Final = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text(encoding="utf-8")


def test_given_the_file_when_read_as_the_specification_says_then_it_has_all_parts_and_nothing_unknown() -> None:
    read = PyCompose.from_yaml(fill_in(COMPOSE, SECRETS))
    read.validate()
    assert sorted(read.service_names()) == ["asterisk", "grafana", "nats", "offhook", "postgres", "prometheus"]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("stop_grace_period", "stop_grace_perod"),
        ("condition: service_healthy", "condition: service_helthy"),
        ("retries: 30", "retries: many"),
    ],
)
def test_given_a_slip_in_the_file_when_read_as_the_specification_says_then_it_is_found(good: str, bad: str) -> None:
    assert good in COMPOSE
    with pytest.raises(ValueError, match=r"services\."):
        PyCompose.from_yaml(fill_in(COMPOSE.replace(good, bad), SECRETS)).validate()


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_given_a_secret_that_is_not_set_when_started_then_it_says_which(name: str) -> None:
    with pytest.raises(LookupError, match=name):
        fill_in(COMPOSE, {key: value for key, value in SECRETS.items() if key != name})


def test_given_parts_when_they_mount_something_then_it_is_a_named_volume_or_a_file_of_this_repository() -> None:
    volumes = set(yaml.safe_load(COMPOSE)["volumes"])
    mounted = [mount.split(":")[0] for part in read_parts().values() for mount in part.get("volumes", ())]
    files = {source for source in mounted if source.startswith("./")}
    assert set(mounted) - files == volumes
    assert len(files) == 5
    assert all((ROOT / source).is_file() for source in files)


def test_given_parts_when_they_publish_ports_then_each_is_on_loopback_unless_told_otherwise() -> None:
    published = [port for part in read_parts().values() for port in part.get("ports", ())]
    assert len(published) == 6
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_given_what_watches_it_when_started_without_the_profile_then_it_is_left_out() -> None:
    assert {name for name, part in read_parts().items() if "profiles" not in part} == {
        "offhook",
        "postgres",
        "asterisk",
    }


def test_given_the_services_environment_when_read_as_settings_then_all_of_it_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = read_parts()["offhook"]["environment"]
    known = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert all(f"{name}=" in known for name in given)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.port == 8000
    assert str(settings.data_dir) == "/var/lib/offhook"


def test_given_the_services_image_when_its_command_is_looked_up_then_there_is_one_with_this_name() -> None:
    command = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)[-1]
    name, *arguments = yaml.safe_load(command)
    assert name == "offhook"
    assert CliRunner().invoke(program, [*arguments, "--help"]).exit_code == 0


def test_given_dockerfiles_when_they_copy_files_then_each_is_there_and_not_kept_out() -> None:
    kept = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    for dockerfile in ("Dockerfile", "asterisk/Dockerfile"):
        for line in re.findall(r"^COPY (.+)$", (ROOT / dockerfile).read_text(encoding="utf-8"), re.MULTILINE):
            for source in shlex.split(line)[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in kept, source


def test_given_variables_of_the_file_when_the_page_lists_them_then_only_those_of_signed_caller_ids_are_missing() -> (
    None
):
    told = set(re.findall(r"^\| `(OFFHOOK_\w+)` \|", PAGE, re.MULTILINE))
    asked = {found[0] for found in VARIABLE.findall(COMPOSE)}
    assert told <= asked
    assert all("STIR_SHAKEN" in name for name in asked - told)
