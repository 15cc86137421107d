"""What `deploy/` and the Dockerfile promise, read from the files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from cryptography.fernet import Fernet

from youworker.core.config import BASE_DIR, all_settings
from youworker.tests.support.containers import DEPLOY, USER, compose, filled

KUBERNETES = "1.34"
# Services that hold somebody's product, in whose image nothing is written.
PRODUCT = ("web1", "web2", "worker", "beat", "prepare", "embed", "speech")
ENGINES = ("embed", "speech")
SECRET = re.compile(r"_(PASSWORD|KEY|KEYS|TOKEN|SECRET|PASSPHRASE)$")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def manifests():
    """Every object of the manifests, by its kind and name."""
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]
    found = {}
    for name in listed:
        for each in yaml.safe_load_all((DEPLOY / name).read_text()):
            found[each["kind"], each["metadata"]["name"]] = each
    return found


def pods():
    """The pod of each workload, by its name."""
    kinds = ("Deployment", "Job")
    return {
        name: each["spec"]["template"]["spec"]
        for (kind, name), each in manifests().items()
        if kind in kinds
    }


def containers_of(pod):
    return [*pod.get("initContainers", ()), *pod["containers"]]


def test_the_dockerfile_passes_its_linter():
    linted = run(Path(sys.executable).parent / "hadolint", BASE_DIR / "Dockerfile")

    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_linter_finds_what_is_wrong():
    linted = run(
        Path(sys.executable).parent / "hadolint", "-", input="FROM debian\nRUN cd /tmp && ls\n"
    )

    assert linted.returncode == 1
    assert "DL3006" in linted.stdout


def test_the_image_is_of_a_fixed_user_and_takes_versions_from_the_locks():
    text = (BASE_DIR / "Dockerfile").read_text()
    base = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)

    assert f"\nUSER {USER}:{USER}\n" in text
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base[1])
    assert "--require-hashes -r /build/requirements.txt" in text
    assert re.search(
        r'^ENTRYPOINT \["tini", "--", "python", "-m", "youworker.appliance"\]$', text, re.M
    )
    # What is given at the build stays in the image for all to read.
    known = {"BASE", "GGUF", "OTEL", "SPEECH"}
    assert set(re.findall(r"^ARG (\w+)", text, re.MULTILINE)) == known


def test_nothing_private_goes_into_the_image():
    ignored = (BASE_DIR / ".dockerignore").read_text().split("\n")

    assert {".git*", ".env*", "var", "deploy", "**/tests", ".venv"} <= set(ignored)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.tls.yaml"])
def test_compose_files_follow_the_specification(name):
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = run(*program, DEPLOY / name)

    assert checked.returncode == 0, checked.stdout


def test_only_the_port_of_the_proxy_is_published_and_only_on_this_machine():
    published = {
        name: one["ports"] for name, one in compose()["services"].items() if "ports" in one
    }

    assert [filled(port, {}) for port in published.pop("proxy")] == ["127.0.0.1:8080:8080"]
    assert published == {}


def test_every_container_is_bounded_and_kept():
    for name, service in compose()["services"].items():
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service["logging"]["options"]["max-size"], name
        assert service["restart"] in ("unless-stopped", "on-failure:5"), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name not in ("postgres", "ollama"):
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
        if name not in ("beat", "prepare", "embed", "speech", "llama", "ollama", "web1", "web2"):
            assert service["healthcheck"]["test"], name


def test_secrets_are_files_and_engines_get_none():
    services = compose()["services"]
    for name in PRODUCT:
        told = services[name]["environment"]
        assert [each for each in told if SECRET.search(each)] == [], name
        given = {f"/run/secrets/{each}" for each in services[name].get("secrets", ())}
        assert {str(value) for each, value in told.items() if each.endswith("_FILE")} <= given
    for name in ENGINES:
        assert "secrets" not in services[name]
        assert services[name]["network_mode"] == "none"
        assert not any("data:/data" in str(each) for each in services[name]["volumes"])


def test_there_is_one_scheduler_and_who_serves_waits_for_the_preparation():
    services = compose()["services"]
    done = {"condition": "service_completed_successfully"}

    assert [name for name in services if services[name].get("command") == ["beat"]] == ["beat"]
    assert services["beat"]["deploy"]["replicas"] == 1
    for name in ("web1", "web2", "worker", "beat"):
        assert services[name]["depends_on"]["prepare"] == done


def test_the_files_name_settings_that_exist():
    known = {described.name for described, _default in all_settings()}
    known |= {f"{name}_FILE" for name in known}
    known |= {"YOUWORKER_EMBEDDING_SOCKET", "YOUWORKER_SPEECH_SOCKET"}
    told = set(manifests()["ConfigMap", "youworker"]["data"])
    for name in PRODUCT:
        told |= set(compose()["services"][name]["environment"])

    assert told - known == set()


def test_the_variables_of_the_proxy_are_those_of_its_template():
    wanted = set(re.findall(r"\$\{([A-Z_]+)\}", (DEPLOY / "nginx/nginx.conf.template").read_text()))
    service = compose()["services"]["proxy"]
    (nginx,) = pods()["proxy"]["containers"]

    assert wanted == set(service["environment"])
    assert wanted == {each["name"] for each in nginx["env"]}
    for script in (service["command"][2].replace("$$", "$"), nginx["command"][2]):
        assert set(re.findall(r"\$([A-Z_]+)", script)) == wanted


def test_secrets_are_made_once_and_fit(tmp_path):
    script = tmp_path / "make_secrets.sh"
    script.write_bytes((DEPLOY / "make_secrets.sh").read_bytes())

    first = run("sh", script)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    (tmp_path / "secrets/admin_password").unlink()
    again = run("sh", script)

    assert first.returncode == again.returncode == 0
    assert set(made) == {Path(each["file"]).name for each in compose()["secrets"].values()}
    assert again.stdout == "made secrets/admin_password\n"
    assert len(made["secret_key"].strip()) >= 64
    Fernet(made["message_encryption_keys"].strip())
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", sorted(manifests()), ids="-".join)
def test_manifests_follow_their_schemas(key):
    kubernetes_validate.validate(manifests()[key], KUBERNETES, strict=True)


def test_a_manifest_with_a_misspelled_field_is_refused():
    wrong = manifests()["Service", "web"]
    wrong["spec"]["selectors"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", sorted(pods()))
def test_every_pod_is_contained(name):
    pod = pods()[name]
    writable = {each["name"] for each in pod["volumes"] if "emptyDir" in each} | {"data"}

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == (101 if name == "proxy" else USER)
    for container in containers_of(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        mounts = {each["name"] for each in container["volumeMounts"] if not each.get("readOnly")}
        assert mounts <= writable
        if container["name"] == "embed":
            assert "envFrom" not in container
            assert not any(each["name"] == "secrets" for each in container["volumeMounts"])


def test_pods_are_replaced_one_by_one_and_end_in_time():
    found, pod = manifests(), pods()["web"]
    strategy = found["Deployment", "web"]["spec"]["strategy"]["rollingUpdate"]
    (web,) = pod["containers"]

    assert strategy == {"maxUnavailable": 0, "maxSurge": 1}
    # Five seconds without new requests, and ten for what runs.
    assert web["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert web["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert web["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert found["HorizontalPodAutoscaler", "web"]["spec"]["minReplicas"] == 2
    assert found["Deployment", "beat"]["spec"]["strategy"] == {"type": "Recreate"}
    for name in ("web", "worker", "proxy"):
        assert found["PodDisruptionBudget", name]["spec"]["minAvailable"] == 1
    for name in ("web", "worker", "beat"):
        assert pods()[name]["initContainers"][0]["args"] == ["prepare", "--wait", "600"]


def test_the_probes_call_the_product_by_a_name_it_answers_to():
    hosts = manifests()["ConfigMap", "youworker"]["data"]["ALLOWED_HOSTS"].split(",")
    text = "".join(path.read_text() for path in (DEPLOY / "kubernetes").glob("*.yaml"))

    assert set(re.findall(r"name: Host, value: (\S+?)}", text)) == {"localhost"}
    assert "localhost" in hosts
    assert "localhost" in filled(compose()["services"]["web1"]["environment"]["ALLOWED_HOSTS"], {})


def test_nobody_reaches_a_web_process_but_the_proxy_and_who_fetches_figures():
    policies = {name: each for (kind, name), each in manifests().items() if kind == "NetworkPolicy"}
    (rule,) = policies["web"]["spec"]["ingress"]

    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert [list(each) for each in rule["from"]] == [["podSelector"], ["namespaceSelector"]]
    assert rule["from"][0]["podSelector"]["matchLabels"] == {"app": "proxy"}


def test_only_the_preparation_knows_the_password_of_the_first_superuser():
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["secretGenerator"]
    made = {one["name"]: [each.partition("=")[0] for each in one["files"]] for one in listed}
    holders = {name for name, files in made.items() if "admin_password" in files}
    mounted = {
        name: holders
        & set(re.findall(r"(?:secretName|name): (\S+)", yaml.safe_dump(pod["volumes"])))
        for name, pod in pods().items()
    }
    told = {
        name
        for name, service in compose()["services"].items()
        if "admin_password" in service.get("secrets", ())
    }

    assert {name for name, found in mounted.items() if found} == {"prepare"} == told
