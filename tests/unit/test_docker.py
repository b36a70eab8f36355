"""docker/ without Docker: the files parse, name what exists, and agree with requirements.txt and Odoo's options."""

import configparser
import re
from functools import cache

import pytest
import yaml
from packaging.requirements import Requirement

from odoo.tools.config import configmanager

from .sources import ADDONS, ROOT, assert_none, manifest

DOCKER = ROOT / "docker"
IMAGE_PYTHON = {
    "python_version": "3.12",
    "python_full_version": "3.12.3",
}  # Ubuntu 24.04, which odoo:19.0 is built on


@cache
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))


def dockerfile():
    """Return the instructions of the Dockerfile as (name, arguments), continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (DOCKER / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def requirements(path):
    """Return {name: requirement} of the lines that hold for the image's Python."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return {r.name.lower(): r for r in found if not r.marker or r.marker.evaluate(IMAGE_PYTHON)}


def options():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(DOCKER / "odoo.conf", encoding="utf-8")
    assert parser.sections() == ["options"]
    return dict(parser["options"])


def test_compose_has_the_services_and_they_name_what_is_declared():
    services = compose()["services"]
    assert {"odoo", "db", "mail", "proxy"} == set(services)
    for title, service in services.items():
        assert_none(
            (
                volume
                for volume in service.get("volumes", [])
                if not volume.startswith("./") and volume.split(":")[0] not in compose()["volumes"]
            ),
            f"{title}: undeclared volumes",
        )
        assert set(service.get("secrets", [])) <= set(compose()["secrets"])
        assert set(service.get("depends_on", {})) <= set(services)


def test_who_waits_for_health_waits_for_a_service_with_a_check():
    services = compose()["services"]
    for service in services.values():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"][0] == "CMD"


def test_images_are_pinned():
    images = {title: service["image"] for title, service in compose()["services"].items()}
    assert images.pop("odoo") == "ar-suite"  # built here
    assert images["db"] == "postgres:16"
    assert_none((i for i in images.values() if not re.search(r":v?\d", i)), "images without a version")
    assert ("ARG", "ODOO_IMAGE=odoo:19.0") in dockerfile()


def test_files_that_are_mounted_or_copied_exist():
    build = compose()["services"]["odoo"]["build"]
    context = (DOCKER / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    sources = [arguments.split()[0] for name, arguments in dockerfile() if name == "COPY"]
    assert_none((source for source in sources if not (context / source).exists()), "COPY of nothing")
    mounts = [v.split(":")[0] for s in compose()["services"].values() for v in s.get("volumes", [])]
    assert_none((m for m in mounts if m.startswith("./") and not (DOCKER / m).is_file()), "mount of nothing")


def test_every_addon_is_in_the_image_on_the_addons_path():
    copied = dict(arguments.split() for name, arguments in dockerfile() if name == "COPY")
    paths = options()["addons_path"].split(",")
    for addon in ADDONS:
        assert copied[addon.name] == f"{paths[0]}/{addon.name}"
    assert copied["docker/odoo.conf"] == "/etc/odoo/odoo.conf"


def test_the_build_context_leaves_secrets_and_the_work_folder_out():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    assert "docker/secrets" in ignored
    assert "docker/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_requirements_agree_with_those_of_the_tests():
    ours, all_pins = requirements(DOCKER / "requirements.txt"), requirements(ROOT / "requirements.txt")
    assert {name: str(r.specifier) for name, r in ours.items()} == {
        name: str(all_pins[name].specifier) for name in ours
    }


def test_requirements_are_those_of_the_manifests():
    asked = [manifest(addon).get("external_dependencies", {}).get("python", []) for addon in ADDONS]
    assert set(requirements(DOCKER / "requirements.txt")) == {
        name.lower() for names in asked for name in names
    }


def test_no_port_is_open_to_the_network():
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports
    assert_none((port for port in ports if not port.startswith("127.0.0.1:")), "bound beyond loopback")


def test_no_secret_is_written_down():
    for path in DOCKER.iterdir():
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?i)password *[=:] *(?!/run/secrets)[\w'\"]+$", text, re.MULTILINE), (
                path.name
            )
    assert not any("password" in key or "passwd" in key for key in options())


def test_options_are_options_of_odoo():
    known = set(configmanager().options)
    assert_none(set(options()) - known, "not an option of Odoo")


@pytest.mark.parametrize(
    ("option", "value"),
    [("proxy_mode", "True"), ("list_db", "False"), ("data_dir", "/var/lib/odoo"), ("gevent_port", "8072")],
)
def test_options_that_matter(option, value):
    assert options()[option] == value
    assert int(options()["workers"]) > 1
    assert int(options()["limit_memory_hard"]) > int(options()["limit_memory_soft"])


def test_the_proxy_sends_the_websocket_to_its_own_port():
    text = (DOCKER / "nginx.conf").read_text(encoding="utf-8")
    assert f"upstream odoo_websocket {{ server odoo:{options()['gevent_port']}; }}" in text
    assert f"upstream odoo {{ server odoo:{options()['http_port']}; }}" in text
    assert re.search(r"location /websocket \{\s+proxy_pass http://odoo_websocket;", text)
    assert text.count("{") == text.count("}")
    assert {"Host", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Proto"} <= set(
        re.findall(r"proxy_set_header (\S+)", text)
    )


def test_mail_of_the_try_out_reaches_no_customer():
    command = compose()["services"]["odoo"]["command"]
    assert "--smtp=mail" in command
    assert "--smtp-port=1025" in command
    assert "smtp_server" not in options()
