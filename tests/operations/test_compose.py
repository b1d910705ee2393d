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
from tests.operations.composed import COMPOSE, ROOT, SECRETS, VARIABLE, fill_in, read_instruction, read_parts

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


def test_given_the_services_image_when_its_packages_are_looked_up_then_they_are_those_that_serve_by_their_hashes() -> (
    None
):
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    installed = re.findall(r"pip .*install .*-r (\S+)", text)
    assert installed == ["requirements-serve.lock"]
    assert "--require-hashes -r requirements-serve.lock" in text
    # A source that is not the checkout's would be a package without a hash.
    others = [line for line in re.findall(r"pip .*install (.*)", text) if "--require-hashes" not in line]
    assert [("--no-deps" in line, "--no-build-isolation" in line) for line in others] == [(True, True)]


@pytest.mark.parametrize("name", ["offhook", "asterisk"])
def test_given_what_is_built_here_when_started_then_it_is_nobody_special_and_writes_to_its_volume_and_tmp_alone(
    name: str,
) -> None:
    part = read_parts()[name]
    dockerfile = part["build"]["dockerfile"] if isinstance(part["build"], dict) else "Dockerfile"
    assert part["read_only"] is True
    assert part["tmpfs"] == ["/tmp"]  # noqa: S108  # in the container
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    (place,) = (mount.split(":")[1] for mount in part["volumes"])
    user = read_instruction(dockerfile, "USER")
    assert place == read_instruction(dockerfile, "VOLUME")
    text = (ROOT / dockerfile).read_text(encoding="utf-8")
    assert f"install -d -o {user} -g {user} -m 0700 {place}" in text
    # A number that the base image gives out would be another one after the next build, and the volume somebody else's.
    assert f"groupadd --system --gid 999 {user}" in text
    assert f"useradd --system --uid 999 --gid {user} " in text
    if name == "offhook":
        assert part["environment"]["OFFHOOK_DATA_DIR"] == place
    else:
        start = (ROOT / "asterisk" / "container-start").read_text(encoding="utf-8")
        assert f"${{OFFHOOK_ASTERISK_DIRECTORY:-{place}}}" in start


def test_given_images_when_their_layers_are_read_then_no_secret_is_in_one() -> None:
    for dockerfile in ("Dockerfile", "asterisk/Dockerfile"):
        text = (ROOT / dockerfile).read_text(encoding="utf-8")
        assert not re.search(r"^(?:ARG|ENV|RUN) .*(?:SECRET|PASSWORD|TOKEN|_KEY)", text, re.MULTILINE)
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept[0] == "*"
    assert not [name for name in kept if name.startswith("!.")]


def test_given_what_asterisks_container_is_told_when_looked_up_then_its_start_reads_each() -> None:
    source = (ROOT / "app" / "local" / "asterisk_config.py").read_text(encoding="utf-8")
    for name in read_parts()["asterisk"]["environment"]:
        assert f'"{name}"' in source, name


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
