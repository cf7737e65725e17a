from typing import Any

import pytest

from ossian.api.vendor_errors import Vendor
from ossian.errors import InvalidRequestError, ModelNotFoundError
from ossian.server.vendors.addresses import Address, model_label, read_address, with_model
from ossian.settings import VendorSettings

CHAT = "/v1/chat/completions"
ON = VendorSettings(hosts=("endpoints.example", "localhost"))
OFF = VendorSettings(ovhcloud=False, aimlapi=False, azion=False, e2e=False, hosts=ON.hosts)


@pytest.mark.parametrize(
    "host, path, address",
    [
        ("", CHAT, Address(Vendor.OPENAI, CHAT)),
        (
            "gpt-oss-20b.endpoints.example",
            f"/api/openai_compat{CHAT}",
            Address(Vendor.OVHCLOUD, CHAT, "gpt-oss-20b"),
        ),
        ("GPT-OSS-20B.endpoints.example", CHAT, Address(Vendor.OVHCLOUD, CHAT, "gpt-oss-20b")),
        ("endpoints.example", CHAT, Address(Vendor.OPENAI, CHAT)),
        ("a.b.endpoints.example", CHAT, Address(Vendor.OPENAI, CHAT)),
        ("", f"/gpt-oss-20b/api/openai_compat{CHAT}", Address(Vendor.OVHCLOUD, CHAT, "gpt-oss-20b")),
        ("", f"/openai/gpt-oss-20b/api/openai_compat{CHAT}", Address(Vendor.OVHCLOUD, CHAT, "openai/gpt-oss-20b")),
        ("", f"/api/openai_compat{CHAT}", Address(Vendor.OPENAI, f"/api/openai_compat{CHAT}")),
        ("", f"/project/p-1234/genai/gpt_oss_120b{CHAT}", Address(Vendor.E2E, CHAT, "gpt_oss_120b", "1234")),
        ("", f"/project/p-1234/genai{CHAT}", Address(Vendor.E2E, CHAT, None, "1234")),
        ("", f"/project/p-/genai{CHAT}", Address(Vendor.OPENAI, f"/project/p-/genai{CHAT}")),
        ("", "/v1/keys", Address(Vendor.AIMLAPI, "/v1/keys")),
        ("", "/v1/keys/abcdef12", Address(Vendor.AIMLAPI, "/v1/keys/abcdef12")),
        ("", "/v1/keyss", Address(Vendor.OPENAI, "/v1/keyss")),
        ("", "/v2/usage", Address(Vendor.AIMLAPI, "/v2/usage")),
        ("", "/models", Address(Vendor.AIMLAPI, "/v1/models")),
        ("", "/api/v1/models", Address(Vendor.AIMLAPI, "/v1/models")),
        ("", "/models/metrics", Address(Vendor.AIMLAPI, "/models/metrics")),
        ("", "/model/openai/gpt-oss-20b", Address(Vendor.AIMLAPI, "/model/openai/gpt-oss-20b")),
        ("", f"/aimlapi{CHAT}", Address(Vendor.AIMLAPI, CHAT)),
        ("", f"/azion{CHAT}", Address(Vendor.AZION, CHAT)),
        ("", f"/e2e/project/p-1/genai/m{CHAT}", Address(Vendor.E2E, CHAT, "m", "1")),
        ("", f"/ovhcloud/m/api/openai_compat{CHAT}", Address(Vendor.OVHCLOUD, CHAT, "m")),
        ("", "/ovhcloud", Address(Vendor.OPENAI, "/ovhcloud")),
        ("", f"/openai{CHAT}", Address(Vendor.OPENAI, f"/openai{CHAT}")),
        ("", "/", Address(Vendor.OPENAI, "/")),
    ],
)
def test_what_an_address_stands_for(host: str, path: str, address: Address) -> None:
    assert read_address(host, path, ON) == address
    is_special = address != Address(Vendor.OPENAI, path)
    assert read_address(host, path, OFF) == Address(Vendor.OPENAI, path), is_special


def test_what_plain_addresses_speak_is_set() -> None:
    settings = VendorSettings(v1_dialect="aimlapi")
    assert read_address("", CHAT, settings) == Address(Vendor.AIMLAPI, CHAT)
    assert read_address("", f"/ovhcloud{CHAT}", settings) == Address(Vendor.OVHCLOUD, CHAT)


def test_hosts_of_models() -> None:
    assert model_label("gpt-oss-20b.localhost", ("localhost",)) == "gpt-oss-20b"
    assert [model_label(host, ("localhost",)) for host in ("localhost", ".localhost", "a.example", "", "[::1]")] == [
        None
    ] * 5


ADDRESS = Address(Vendor.OVHCLOUD, CHAT, "gpt-oss-20b")
IDS = {"gpt-oss-20b": "nano", "openai/gpt-oss-20b": "nano", "gpt-oss-120b": "other"}


def id_of(name: str) -> str:
    if name not in IDS:
        raise ModelNotFoundError(name)
    return IDS[name]


@pytest.mark.parametrize(
    "given, model",
    [
        ({}, "gpt-oss-20b"),
        ({"model": None}, "gpt-oss-20b"),
        ({"model": "gpt-oss-20b"}, "gpt-oss-20b"),
        ({"model": "openai/gpt-oss-20b"}, "gpt-oss-20b"),
        ({"model": 5}, 5),  # what is no name is the schema's to refuse
    ],
)
def test_a_body_without_a_model_gets_that_of_its_address(given: dict[str, Any], model: object) -> None:
    assert with_model({"n": 1, **given}, ADDRESS, id_of) == {"n": 1, "model": model}


def test_a_body_with_another_model_than_its_address_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="This address is for the model 'gpt-oss-20b'") as raised:
        with_model({"model": "gpt-oss-120b"}, ADDRESS, id_of)
    assert (raised.value.param, raised.value.code) == ("model", "model_mismatch")
    with pytest.raises(ModelNotFoundError, match="nothing"):
        with_model({"model": "nothing"}, ADDRESS, id_of)


def test_an_address_without_a_model_leaves_bodies_alone() -> None:
    body = {"model": "nothing"}
    assert with_model(body, Address(Vendor.OPENAI, CHAT), id_of) is body


@pytest.mark.parametrize("vendor", Vendor)
def test_clients_of_vllm_may_send_unknown_parameters(vendor: Vendor) -> None:
    assert Address(vendor, CHAT).ignores_unknown == (vendor in ("azion", "e2e"))
