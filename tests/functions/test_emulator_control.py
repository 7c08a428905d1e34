"""The control plane: models, profiles and usage in every spelling seen (protocol notes 5 and 6)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functions.emulated import Json, bearer, body, call, chat, json_headers

from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.emulator.accounts import PROFILE

QUERY = f"?origin=AI_EDITOR&profileArn={PROFILE}"
SERVICE = "AmazonCodeWhispererService."


async def ask(emulator: Emulator, path: str, login: Any = None) -> Json:
    response = await call(emulator, "GET", path, headers=bearer(login or emulator.login()))
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


@pytest.mark.parametrize("host", ["", "/management", "/q"])
@pytest.mark.parametrize("spelling", ["/ListAvailableModels", "/List-Available-Models"])
async def test_models(host: str, spelling: str) -> None:
    answer = await ask(Emulator(), host + spelling + QUERY)
    models = {model["modelId"]: model for model in answer["models"]}
    assert (answer["defaultModel"], answer["nextToken"]) == ({"modelId": "auto"}, None)
    assert len(models) == 20
    sonnet = models["claude-sonnet-5"]
    assert sonnet["tokenLimits"] == {"maxInputTokens": 1_000_000, "maxOutputTokens": 64_000}
    assert (sonnet["rateMultiplier"], sonnet["rateUnit"]) == (1.3, "Credit")
    assert sonnet["supportedInputTypes"] == ["TEXT", "IMAGE"]
    assert models["glm-5"]["supportedInputTypes"] == ["TEXT"]


async def test_request_field_schemas_by_family() -> None:
    models = {model["modelId"]: model for model in (await ask(Emulator(), "/ListAvailableModels" + QUERY))["models"]}
    fields = {name: model.get("additionalModelRequestFieldsSchema") for name, model in models.items()}
    assert fields["auto"] is fields["glm-5"] is fields["claude-sonnet-4.5"] is None
    opus, gpt = fields["claude-opus-4.7"], fields["gpt-5.6-sol"]
    assert opus["additionalProperties"] is False
    assert "xhigh" in opus["properties"]["output_config"]["properties"]["effort"]["enum"]
    assert "xhigh" not in fields["claude-opus-4.6"]["properties"]["output_config"]["properties"]["effort"]["enum"]
    assert list(gpt["properties"]) == ["reasoning"]
    disputed = await ask(Emulator(Options(effort_on_45=True)), "/ListAvailableModels" + QUERY)
    assert all("4.5" not in m["modelId"] or "additionalModelRequestFieldsSchema" in m for m in disputed["models"])


async def test_pages() -> None:
    emulator = Emulator(Options(page_size=7))
    login, token, seen = emulator.login(), "", []
    while True:
        more = f"&nextToken={token}" if token else ""
        answer = await ask(emulator, f"/ListAvailableModels{QUERY}{more}", login)
        seen.append(len(answer["models"]))
        if not (token := answer["nextToken"]):
            break
    assert seen == [7, 7, 6]
    assert len((await ask(emulator, f"/ListAvailableModels{QUERY}&maxResults=3", login))["models"]) == 3


@pytest.mark.parametrize(
    ("name", "sent", "member"),
    [
        ("ListAvailableModels", {"origin": "KIRO_CLI", "profileArn": PROFILE}, "models"),
        ("ListAvailableProfiles", {"maxResults": 10}, "profiles"),
        ("GetUsageLimits", {"profileArn": PROFILE}, "usageBreakdownList"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/q/", "/management/"])
async def test_json_form(name: str, sent: Json, member: str, path: str) -> None:
    emulator = Emulator()
    response = await call(emulator, "POST", path, sent, bearer(emulator.login()) | json_headers(SERVICE + name))
    assert response.status_code == 200, response.text
    assert response.json()[member]
    assert response.headers["content-type"] == "application/x-amz-json-1.0"
    assert emulator.seen[-1].target == name


async def test_profiles() -> None:
    emulator = Emulator()
    for path in ("/ListAvailableProfiles", "/management/List-Available-Profiles"):
        (profile,) = (await call(emulator, "POST", path, {}, bearer(emulator.login()))).json()["profiles"]
        assert (profile["arn"], profile["status"]) == (PROFILE, "ACTIVE")
    social = await call(emulator, "POST", "/ListAvailableProfiles", {}, bearer(emulator.login("social")))
    assert social.json() == {"profiles": [], "nextToken": None}
    builder = await call(emulator, "POST", "/ListAvailableProfiles", {}, bearer(emulator.login(builder_id=True)))
    assert builder.status_code == 403
    assert builder.json()["message"] == "AWS Builder ID is not supported for this operation."


@pytest.mark.parametrize("path", ["/getUsageLimits", "/management/Get-Usage-Limits"])
async def test_usage_counts_chats(path: str) -> None:
    emulator = Emulator()
    login = emulator.login(quota=50)
    for _ in range(3):
        await chat(emulator, body(), login)
    answer = await ask(emulator, f"{path}{QUERY}&resourceType=CREDIT", login)
    (credits,) = answer["usageBreakdownList"]
    assert (credits["currentUsage"], credits["usageLimitWithPrecision"]) == (3, 50.0)
    assert answer["limits"][0]["percentUsed"] == 6.0
    assert isinstance(answer["nextDateReset"], float)


REFUSED: dict[str, tuple[str, str, Any, Json, int]] = {
    "no bearer": ("GET", "/ListAvailableModels" + QUERY, None, {"authorization": ""}, 403),
    "no origin": ("GET", f"/ListAvailableModels?profileArn={PROFILE}", None, {}, 400),
    "no profile": ("GET", "/ListAvailableModels?origin=IDE", None, {}, 400),
    "target in the REST form": ("GET", "/ListAvailableModels" + QUERY, None, json_headers(SERVICE + "X"), 404),
    "unknown operation": ("POST", "/", {}, json_headers(SERVICE + "Nothing"), 404),
    "wrong service": ("POST", "/management/", {}, json_headers("Other.ListAvailableModels"), 404),
    "bad page": ("GET", f"/ListAvailableModels{QUERY}&nextToken=x", None, {}, 400),
    "bad size": ("GET", f"/ListAvailableModels{QUERY}&maxResults=-1", None, {}, 400),
    "not JSON": ("POST", "/ListAvailableProfiles", b"{", {}, 400),
    "wrong content type": ("POST", "/ListAvailableProfiles", b"{}", {"content-type": "text/plain"}, 415),
    "profile of another": ("GET", "/getUsageLimits?profileArn=" + PROFILE.replace("123", "321"), None, {}, 403),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
async def test_refusals(case: tuple[str, str, Any, Json, int]) -> None:
    method, path, sent, headers, status = case
    emulator = Emulator()
    response = await call(emulator, method, path, sent, bearer(emulator.login()) | headers)
    assert response.status_code == status


async def test_faults_of_the_control_plane() -> None:
    emulator = Emulator()
    emulator.inject("forbidden_once", on="control")
    login = emulator.login()
    statuses = [
        (await call(emulator, "GET", "/ListAvailableModels" + QUERY, headers=bearer(login))).status_code
        for _ in range(2)
    ]
    assert statuses == [403, 200]
    assert (await chat(emulator, body(), login)).status_code == 200
