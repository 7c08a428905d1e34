"""One row per line of the table in protocol notes 9: the bad request, the status and the body."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.functions.emulated import (
    CHAT,
    PNG,
    Json,
    assistant,
    bearer,
    body,
    call,
    chat,
    events,
    json_headers,
    result,
    tool,
    use,
    user,
)

from kiro2chat_core.kiro.rules import Strictness
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.emulator.accounts import PLACEHOLDER_PROFILE, PROFILE

IMPROPER = (400, "Improperly formed request.", None)
HISTORY = [user("Read it"), assistant("", use("t1"))]


def image(data: str = PNG, declared: str = "png") -> Json:
    return {"format": declared, "source": {"bytes": data}}


def without(path: str) -> Json:
    """A good body that lacks a member."""
    built = body()
    *parents, last = path.split(".")
    inner: Any = built
    for parent in parents:
        inner = inner[parent]
    del inner[last]
    return built


def state(**members: Any) -> Json:
    built = body()
    built["conversationState"] |= members
    return built


BAD_BODIES: dict[str, tuple[Any, tuple[int, str, str | None]]] = {
    "not JSON": (b"{", (400, "The request body is not valid JSON.", "REQUEST_BODY_INVALID")),
    "not an object": ([], (400, "profileArn is required for this request.", None)),
    "profile made up": (
        body(arn="arn:aws:codewhisperer:us-east-1:000000000000:profile/default"),
        (400, "Improperly formed request.", "REQUEST_BODY_INVALID"),
    ),
    "profile of another account": (
        body(arn="arn:aws:codewhisperer:us-east-1:999999999999:profile/ZZZZZZZZZZZZ"),
        (403, "User is not authorized to make this call.", None),
    ),
    "no conversationState": (without("conversationState"), IMPROPER),
    "no content": (without("conversationState.currentMessage.userInputMessage.content"), IMPROPER),
    "no trigger": (without("conversationState.chatTriggerType"), IMPROPER),
    "trigger AUTO": (state(chatTriggerType="AUTO"), IMPROPER),
    "origin unknown": (body(origin="NOWHERE"), IMPROPER),
    "systemPrompt": ({**body(), "systemPrompt": "Be"}, (400, "Improperly formed request.", "REQUEST_BODY_INVALID")),
    "empty user content": (body(""), IMPROPER),
    "model unknown": (
        body(model="gpt-9"),
        (400, "Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID"),
    ),
    "model illegal": (
        body(model="a b"),
        (400, "Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID"),
    ),
    "image too big": (
        body(images=[image(PNG + "A" * 5_242_880)]),
        (400, "image exceeds 5 MB maximum: 5242976 bytes > 5242880 bytes", None),
    ),
    "image type": (
        body(images=[image(declared="jpeg")]),
        (400, "The declared format of an image does not match its content.", "IMAGE_MIME_MISMATCH"),
    ),
    "image jpg": (body(images=[image(declared="jpg")]), IMPROPER),
    "image not base64": (body(images=[image("!!!!")]), IMPROPER),
    "11 images in a message": (body(images=[image()] * 11), IMPROPER),
    "101 images": (
        body(history=[m for _ in range(10) for m in (user(images=[image()] * 10), assistant())], images=[image()]),
        (400, "too many images and documents: 101 + 0 > 100", None),
    ),
    "image to a text model": (
        body(images=[image()], model="glm-5"),
        (400, "This model does not support image input.", None),
    ),
    "1389 tools": (
        body(tools=[tool(f"t{n}") for n in range(1389)]),
        (400, "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ),
    "tool description blank": (body(tools=[tool(description=" ")]), IMPROPER),
    "tool name illegal": (body(tools=[tool("a b")]), IMPROPER),
    "schema properties null": (body(tools=[tool(schema={"type": "object", "properties": None})]), IMPROPER),
    "schema required null": (body(tools=[tool(schema={"type": "object", "required": None})]), IMPROPER),
    "schema root": (
        body(tools=[tool(), tool("second", {"type": "string"})]),
        (
            400,
            "The value at toolConfig.tools.1.toolSpec.inputSchema.json.type must be one of the following: object.",
            "TOOL_SCHEMA_INVALID",
        ),
    ),
    "tool history without tools": (body("", history=HISTORY, results=[result("t1")]), IMPROPER),
    "tool history, another tool": (
        body("", history=HISTORY, results=[result("t1")], tools=[tool("other")]),
        IMPROPER,
    ),
    "result orphan": (body("", history=HISTORY, results=[result("t1"), result("t2")], tools=[tool()]), IMPROPER),
    "result duplicate": (body("", history=HISTORY, results=[result("t1"), result("t1")], tools=[tool()]), IMPROPER),
    "result without a call": (body("", history=[user(), assistant()], results=[result("t1")], tools=[tool()]), IMPROPER),
    "assistant first": (body(history=[assistant(), user(), assistant()]), IMPROPER),
    "two users": (body(history=[user()]), IMPROPER),
    "call without result": (
        body("Well?", history=[user("x"), assistant("", use("t0")), user("", userInputMessageContext={
            "toolResults": [result("t0")]}), assistant("", use("t1"), use("t2"))], tools=[tool()]),
        (
            400,
            "Bedrock error message: The model returned the following errors: messages.3: `tool_use` ids were found "
            "without `tool_result` blocks immediately after: t1, t2. Each `tool_use` block must have a corresponding "
            "`tool_result` block in the next message.",
            "TOOL_USE_RESULT_MISMATCH",
        ),
    ),
    "fields of a model without": (
        body(fields={"max_tokens": 2000}, model="auto"),
        (400, "additionalModelRequestFields is not supported for this model", None),
    ),
    "fields of a 4.5": (
        body(fields={"output_config": {"effort": "high"}}),
        (400, "additionalModelRequestFields is not supported for this model", None),
    ),
    "field unknown": (
        body(fields={"temperature": 1}, model="claude-sonnet-5"),
        (400, "property 'temperature' is not defined in the schema", None),
    ),
    "field of another family": (
        body(fields={"output_config": {"effort": "high"}}, model="gpt-5.6-sol"),
        (400, "property 'output_config' is not defined in the schema", None),
    ),
    "effort unknown to the model": (
        body(fields={"output_config": {"effort": "xhigh"}}, model="claude-opus-4.6"),
        (400, "property 'effort' must be one of low, medium, high, max", None),
    ),
    "max_tokens too small": (
        body(fields={"max_tokens": 10}, model="claude-opus-4.6"),
        (400, "property 'max_tokens' must be from 1024 to 64000", None),
    ),
    "signature forged": (
        body(history=[user(), assistant(reasoningContent={"reasoningText": {"text": "hm", "signature": "Eo=="}})]),
        (400, "Invalid `signature` in `thinking` block.", "THINKING_SIGNATURE_INVALID"),
    ),
    "too many tokens": (
        body("word " * 150_000),
        (400, "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    ),
    "over the transport's cap": (
        body("word " * 850_000, model="claude-sonnet-5"),
        (413, "Context limit reached.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), BAD_BODIES.values(), ids=BAD_BODIES)
@pytest.mark.parametrize("form", ["rest", "json"])
async def test_bad_bodies(sent: Any, expected: tuple[int, str, str | None], form: str) -> None:
    status, message, reason = expected
    emulator = Emulator()
    response = await chat(emulator, sent, headers=json_headers() if form == "json" else {})
    answer = response.json()
    assert (response.status_code, answer["reason"]) == (status, reason)
    assert message in answer["message"]
    assert ("__type" in answer) == (form == "json")
    assert response.headers["x-amzn-errortype"]
    assert response.headers["x-amzn-requestid"]
    assert response.headers["content-type"] == ("application/x-amz-json-1.0" if form == "json" else "application/json")
    assert emulator.seen[-1].status == status


INJECTED: dict[str, tuple[int, str, str | None]] = {
    "bad_bearer": (403, "The bearer token included in the request is invalid.", None),
    "wrong_pairing": (403, "The provided credential is invalid.", None),
    "suspended": (403, "temporarily is suspended", "TEMPORARILY_SUSPENDED"),
    "profile_refused": (403, "User is not authorized to make this call.", None),
    "tool_list": (400, "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    "monthly_quota": (402, "You have reached the limit.", "MONTHLY_REQUEST_COUNT"),
    "monthly_quota_q": (400, "Maximum Request reached for this month.", "MONTHLY_REQUEST_COUNT"),
    "overage_cap": (403, "", "OVERAGE_REQUEST_LIMIT_EXCEEDED"),
    "rate": (429, "Too many requests, please wait before trying again.", "USER_REQUEST_RATE_EXCEEDED"),
    "no_capacity": (429, "I am experiencing high traffic", "INSUFFICIENT_MODEL_CAPACITY"),
    "overload": (500, "Encountered unexpectedly high load when processing the request, please try again.", None),
    "model_down": (503, "The service is temporarily unavailable", "MODEL_TEMPORARILY_UNAVAILABLE"),
}


@pytest.mark.parametrize("name", INJECTED)
async def test_replies_that_no_body_provokes(name: str) -> None:
    status, message, reason = INJECTED[name]
    emulator = Emulator()
    emulator.inject(name)
    response = await chat(emulator, body())
    assert (response.status_code, response.json()["reason"]) == (status, reason)
    assert message in response.json()["message"]
    assert (await chat(emulator, body())).status_code == 200, "an injection serves once"


@dataclass(frozen=True)
class Wrong:
    """A request that is wrong before its body counts."""

    status: int
    path: str = CHAT
    method: str = "POST"
    headers: Json | None = None
    authorized: bool = True


BEFORE_THE_BODY = {
    "no bearer": Wrong(403, authorized=False),
    "bad bearer": Wrong(403, headers={"authorization": "Bearer nobody"}),
    "basic": Wrong(403, headers={"authorization": "Basic abc"}),
    "token type of another kind": Wrong(403, headers={"tokentype": "API_KEY"}),
    "unknown path": Wrong(404, path="/nowhere"),
    "models on the runtime host": Wrong(404, path="/runtime/ListAvailableModels", method="GET"),
    "unknown target": Wrong(404, headers=json_headers("AmazonCodeWhispererStreamingService.Nothing")),
    "no target at the root": Wrong(404, path="/"),
    "JSON-1.0 by content type alone": Wrong(415, headers={"content-type": "application/x-amz-json-1.0"}),
    "target with the REST content type": Wrong(415, headers={**json_headers(), "content-type": "application/json"}),
    "wrong method": Wrong(405, method="GET"),
}


@pytest.mark.parametrize("wrong", BEFORE_THE_BODY.values(), ids=BEFORE_THE_BODY)
async def test_before_the_body(wrong: Wrong) -> None:
    emulator = Emulator()
    headers = (bearer(emulator.login()) if wrong.authorized else {}) | (wrong.headers or {})
    response = await call(emulator, wrong.method, wrong.path, b"{", headers)
    assert response.status_code == wrong.status


async def test_the_bearer_reply_names_its_type_in_both_forms() -> None:
    response = await call(Emulator(), "POST", CHAT, body())
    assert json.loads(response.content) == {
        "__type": "com.amazon.aws.codewhisperer#AccessDeniedException",
        "message": "The bearer token included in the request is invalid.",
        "reason": None,
    }


async def test_expired_token() -> None:
    emulator = Emulator()
    assert (await chat(emulator, body(), emulator.login(expires_in=-1))).status_code == 403


async def test_profile_needed() -> None:
    emulator = Emulator()
    response = await call(emulator, "POST", CHAT, body(), bearer(emulator.login()))
    assert (response.status_code, response.json()["message"]) == (400, "profileArn is required for this request.")


async def test_monthly_quota_of_an_account() -> None:
    emulator = Emulator()
    login = emulator.login(quota=2)
    statuses = [(await chat(emulator, body(), login)).status_code for _ in range(3)]
    assert statuses == [200, 200, 402]


async def test_the_first_of_several_faults_answers() -> None:
    """The order of protocol notes 9: shape before model, model before tools, tools before messages, size last."""
    worst = body("", model="nope", tools=[tool(schema={"type": "string"})], history=[user()], origin="NOWHERE")
    said = []
    emulator = Emulator()
    mends: list[Json] = [
        {}, {"origin": "CLI"}, {"modelId": "auto"}, {"userInputMessageContext": {}}, {"content": "x"},
    ]  # fmt: skip
    for mend in mends:
        worst["conversationState"]["currentMessage"]["userInputMessage"] |= mend
        said.append((await chat(emulator, worst)).json()["reason"])
    assert said == [None, "INVALID_MODEL_ID", "TOOL_SCHEMA_INVALID", None, None]


# -- Where sources disagree -----------------------------------------------------------------------------------------------

NON_ALTERNATING = body(history=[user()])
EXTRA_PROPERTIES = body(tools=[tool(schema={"type": "object", "properties": {}, "additionalProperties": True})])
CACHE_POINT = body(tools=[tool(), {"cachePoint": {"type": "default"}}])
AGENT_FIELDS = {**state(agentTaskType="vibe", agentContinuationId="u"), "agentMode": "vibe"}
EFFORT = body(fields={"output_config": {"effort": "high"}})
CLI = body(origin="CLI")

DISAGREE: dict[str, tuple[Json, dict[str, Any], int, int]] = {
    # body, options, status by default, status with the options
    "alternation": (NON_ALTERNATING, {"rules": Strictness(alternation=False)}, 400, 200),
    "additionalProperties": (EXTRA_PROPERTIES, {"rules": Strictness(schema_keywords=True)}, 200, 400),
    "cachePoint in tools": (CACHE_POINT, {"rules": Strictness(cache_points_in_tools=True)}, 200, 400),
    "agentMode fields": (AGENT_FIELDS, {"rules": Strictness(agent_fields=True)}, 200, 400),
    "effort on 4.5": (EFFORT, {"effort_on_45": True}, 400, 200),
    "systemPrompt": ({**body(), "systemPrompt": "x"}, {"foreign_members_taken": True}, 400, 200),
}


@pytest.mark.parametrize("case", DISAGREE.values(), ids=DISAGREE)
async def test_switches(case: tuple[Json, dict[str, Any], int, int]) -> None:
    sent, options, default, switched = case
    assert (await chat(Emulator(), sent)).status_code == default
    assert (await chat(Emulator(replace(Options(), **options)), sent)).status_code == switched


async def test_the_profile_switches() -> None:
    for options, arn, status in (
        (Options(), None, 400),
        (Options(profile_needed=False), None, 200),
        (Options(), PLACEHOLDER_PROFILE, 200),
        (Options(placeholder_taken=False), PLACEHOLDER_PROFILE, 403),
        (Options(), PROFILE, 403),
    ):
        emulator = Emulator(options)
        assert (await chat(emulator, body(arn=arn), emulator.login(builder_id=True))).status_code == status


async def test_origin_cli_is_a_wrong_pairing_where_it_is_not_taken() -> None:
    assert (await chat(Emulator(), CLI, headers=json_headers())).status_code == 200
    response = await chat(Emulator(Options(cli_origin_taken=False)), CLI, headers=json_headers())
    assert (response.status_code, response.json()["message"]) == (403, "The provided credential is invalid.")
    assert (await chat(Emulator(Options(cli_origin_taken=False)), CLI)).status_code == 200


async def test_wordings() -> None:
    improper = await chat(Emulator(Options(improper_reason="REQUEST_BODY_INVALID")), body(""))
    assert improper.json()["reason"] == "REQUEST_BODY_INVALID"
    long = await chat(Emulator(Options(too_long="Input content length exceeds threshold.")), body("word " * 150_000))
    assert long.json()["message"] == "Input content length exceeds threshold."
    emulator = Emulator(Options(quota_status=400))
    response = await chat(emulator, body(), emulator.login(quota=0))
    assert (response.status_code, response.json()["message"]) == (400, "Maximum Request reached for this month.")
    emulator = Emulator(Options(throttling_status=400))
    emulator.inject("rate")
    assert (await chat(emulator, body())).status_code == 400


@pytest.mark.parametrize("make", [Options.strict, Options.lenient, Options.demo])
async def test_a_plain_request_pleases_everyone(make: Callable[[], Options]) -> None:
    emulator = Emulator(replace(make(), delay=0))
    assert events(await chat(emulator, body("Hi", tools=[tool()])))[-1][0] == "meteringEvent"


async def test_signed_reasoning_is_taken_back() -> None:
    emulator = Emulator()
    sent = body("Hi", fields={"thinking": {"type": "adaptive"}}, model="claude-sonnet-5")
    reasoning = [payload for name, payload in events(await chat(emulator, sent)) if name == "reasoningContentEvent"]
    text = "".join(payload.get("text", "") for payload in reasoning)
    assert text
    assert list(reasoning[-1]) == ["signature"]
    for thought, model, status in (
        (text, "claude-sonnet-5", 200),
        (text + "!", "claude-sonnet-5", 400),
        (text, "claude-opus-5", 400),
    ):
        sent_back = {"reasoningText": {"text": thought, "signature": reasoning[-1]["signature"]}}
        again = body("And?", history=[user(), assistant(reasoningContent=sent_back)], model=model)
        assert (await chat(emulator, again)).status_code == status
