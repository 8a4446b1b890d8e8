"""Generated configurations: read back by the readers of their formats, and agreeing with what ``serve`` itself does."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.cli import main
from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.templates import LLAMA3
from codesteer_kernel.serving.configs import compose, ray_serve, serve_words, systemd, to_yaml
from codesteer_kernel.serving.settings import parse_serving

V1 = "hf/yongchao98/CodeSteer-v1"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text(alphabet="ab {}:#-'\"\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=12,
)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["serve", "config", *words]) == 0
    return capsys.readouterr().out


@given(VALUES)
def test_yaml_says_what_was_meant(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


def test_ray_serve(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--ray-serve", "-s", V1, "--replicas", "2:8", "--accelerator", "L4", "--tensor-parallel", "2"]
    config = yaml.safe_load(printed(capsys, *words, "--quantization", "fp8", "--port", "9000", "--slots", "24"))
    assert config["http_options"] == {"host": "127.0.0.1", "port": 9000}
    (application,) = config["applications"]
    assert application["import_path"] == "ray.serve.llm:build_openai_app"
    assert application["route_prefix"] == "/"
    (model,) = application["args"]["llm_configs"]
    assert model["model_loading_config"] == {"model_id": "codesteer-v1", "model_source": "yongchao98/CodeSteer-v1"}
    assert model["accelerator_type"] == "L4"
    assert model["engine_kwargs"].pop("chat_template") == LLAMA3
    assert model["engine_kwargs"] == {
        "dtype": "bfloat16",
        "enable_prefix_caching": True,
        "tensor_parallel_size": 2,
        "max_model_len": 8192,
        "max_num_seqs": 24,
        "quantization": "fp8",
    }
    scaling = model["deployment_config"]["autoscaling_config"]
    assert (scaling["min_replicas"], scaling["max_replicas"]) == (2, 8)
    router = model["deployment_config"]["request_router_config"]["request_router_class"]
    assert router.endswith("PrefixCacheAffinityRouter")


def test_ray_serve_fetches_adapters_from_one_bucket() -> None:
    settings = parse_serving(["-s", V1, "--adapter", "a=s3://bucket/tuned/a", "--adapter", "b=s3://bucket/tuned/b"])
    (model,) = ray_serve(settings)["applications"][0]["args"]["llm_configs"]
    assert (model["engine_kwargs"]["enable_lora"], model["engine_kwargs"]["max_loras"]) == (True, 2)
    assert model["lora_config"] == {"dynamic_lora_loading_path": "s3://bucket/tuned", "max_num_adapters_per_replica": 2}
    for adapters in (["a=/disk/a"], ["a=s3://bucket/other"], ["a=s3://x/a", "b=s3://y/b"]):
        words = [word for adapter in adapters for word in ("--adapter", adapter)]
        with pytest.raises(BadInput, match=r"bucket|side by side"):
            ray_serve(parse_serving(["-s", V1, *words]))
    with pytest.raises(BadInput, match="local/x"):
        ray_serve(parse_serving(["-s", "local/x"]))


def test_compose_for_vllm(capsys: pytest.CaptureFixture[str]) -> None:
    config = yaml.safe_load(printed(capsys, "--compose", "-s", V1, "--tensor-parallel", "2", "--adapter", "a=/disk/a"))
    (service,) = config["services"].values()
    assert service["ports"] == ["127.0.0.1:8033:8033"]
    assert service["entrypoint"] == ["vllm"]
    command = service["command"]
    assert command[:2] == ["serve", "yongchao98/CodeSteer-v1"]
    assert command[command.index("--chat-template") + 1] == LLAMA3
    assert command[command.index("--lora-modules") + 1] == "a=/models/a"
    assert "/disk/a:/models/a:ro" in service["volumes"]
    assert service["environment"]["VLLM_API_KEY"].startswith("${CODESTEER_TOKEN:?")
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["count"], device["capabilities"]) == ("nvidia", 2, ["gpu"])


def test_compose_mounts_a_folder_under_its_own_name() -> None:
    config = compose(parse_serving(["-s", "hf//srv/My-CodeSteer-v1"]))
    (service,) = config["services"].values()
    assert service["command"][1] == "/models/My-CodeSteer-v1"
    assert "/srv/My-CodeSteer-v1:/models/My-CodeSteer-v1:ro" in service["volumes"]
    assert "8192" in service["command"]


def test_compose_for_our_own_host() -> None:
    config = compose(parse_serving(["-s", "local/qwen2.5-coder-1.5b", "--slots", "2", "--port", "9000"]))
    (service,) = config["services"].values()
    assert service["ports"] == ["127.0.0.1:9000:8033"]
    settings = parse_serving(service["command"][2:])
    assert service["command"][:2] == ["codesteer", "serve"]
    assert (settings.steerer, settings.slots, settings.port) == ("local/qwen2.5-coder-1.5b", 2, 8033)
    assert settings.token_file == f"/run/secrets/{service['secrets'][0]}"
    assert config["secrets"]["token"] == {"file": "./token"}


def test_systemd(capsys: pytest.CaptureFixture[str]) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(printed(capsys, "--systemd", "-s", V1, "--grace", "60", "--socket", "/run/user/1/steerer.sock"))
    service = unit["Service"]
    assert service["TimeoutStopSec"] == "75"
    words = shlex.split(service["ExecStart"])
    assert Path(words[0]).name.startswith("python")
    settings = parse_serving(words[words.index("serve") + 1 :])
    assert (settings.steerer, settings.grace, settings.socket) == (V1, 60, "/run/user/1/steerer.sock")
    assert unit["Install"]["WantedBy"] == "default.target"


def test_a_unit_keeps_what_means_something_to_systemd() -> None:
    settings = parse_serving(["-s", "local//srv/my models/100%/$a.gguf", "--name", "a"])
    line = next(line for line in systemd(settings, ["/usr/bin/codesteer"]).splitlines() if line.startswith("ExecStart"))
    assert '"local//srv/my models/100%%/$$a.gguf"' in line


@pytest.mark.parametrize(
    "options",
    [
        f"-s {V1}",
        f"-s {V1} --name x --host 0.0.0.0 --port 0 --token-file /t --allow-host a --allow-host b --slots 2 --queue 0",
        f"-s {V1} --adapter a=/a --adapter b=/b --engine vllm --grace 0.5 -- --max-lora-rank 64",
    ],
)
def test_words_and_settings_say_the_same(options: str) -> None:
    settings = parse_serving(options.split())
    assert parse_serving(serve_words(settings)) == settings


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("-s local/x", "--ray-serve"),
        ("--compose --systemd -s local/x", "not allowed"),
        (f"--ray-serve -s {V1} --replicas 4:2", "MIN:MAX"),
        (f"--ray-serve -s {V1} --relicas 1:2", "--relicas"),
        ("--systemd", "--steerer"),
        ("--systemd -s local/x --name a/b", "a/b"),
        ("--systemd -s local/x --slots 0", "--slots"),
        ("--systemd -s local/x --adapter a", "NAME=PATH"),
        ("--systemd -s local/x --socket /s --port 1", "--socket"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(words: str, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "config", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert part in err
    assert len(err.splitlines()) == 1
