"""Every error reply of the backend, as one table: protocol notes 9, with 4.4 for what goes with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from starlette.responses import Response

from kiro2chat_core import jsonio

__all__ = ["REFUSALS", "Form", "Refusal", "render"]

Form: TypeAlias = Literal["rest", "json"]
"""restJson1, or awsJson1.0 with a target header."""

NAMESPACE = "com.amazon.aws.codewhisperer#"
CONTENT_TYPES: dict[Form, str] = {"rest": "application/json", "json": "application/x-amz-json-1.0"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`typed` replies name their type in the REST form too. Each `{}` in the message is filled in by `about`."""

    status: int
    exception: str
    message: str
    reason: str | None = None
    typed: bool = False
    retry_after_ms: int | None = None

    def about(self, *details: object) -> Refusal:
        first, *rest = self.message.split("{}")
        return replace(
            self, message=first + "".join(f"{detail}{text}" for detail, text in zip(details, rest, strict=True))
        )


def _validation(message: str, reason: str | None = None) -> Refusal:
    return Refusal(400, "ValidationException", message, reason)


_SUSPENDED = (
    "Your User ID (d-x) temporarily is suspended. We've locked your account as a security precaution. To restore access, "
    "please contact our support team to verify your identity: https://support.aws.amazon.com/#/contacts/kiro"
)
_NO_RESULT = (
    "Bedrock error message: The model returned the following errors: messages.{}: `tool_use` ids were found without "
    "`tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the "
    "next message."
)

REFUSALS: dict[str, Refusal] = {
    "bad_bearer": Refusal(
        403, "AccessDeniedException", "The bearer token included in the request is invalid.", typed=True
    ),
    "wrong_pairing": Refusal(403, "ValidationException", "The provided credential is invalid.", typed=True),
    "suspended": Refusal(403, "AccessDeniedException", _SUSPENDED, "TEMPORARILY_SUSPENDED"),
    "profile_refused": Refusal(403, "AccessDeniedException", "User is not authorized to make this call."),
    "profile_missing": _validation("profileArn is required for this request."),
    "not_json": _validation("The request body is not valid JSON.", "REQUEST_BODY_INVALID"),
    "body_invalid": _validation("Improperly formed request.", "REQUEST_BODY_INVALID"),
    "improper": _validation("Improperly formed request."),
    "tool_list": _validation("Invalid tool use format.", "REQUEST_BODY_INVALID"),
    "result_missing": _validation(_NO_RESULT, "TOOL_USE_RESULT_MISMATCH"),
    "schema_root": _validation(
        "The value at toolConfig.tools.{}.toolSpec.inputSchema.json.type must be one of the following: object.",
        "TOOL_SCHEMA_INVALID",
    ),
    "unknown_model": _validation("Invalid model. Please select a different model to continue.", "INVALID_MODEL_ID"),
    "too_long": _validation("{}", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    "too_large": Refusal(
        413,
        "ValidationException",
        "Context limit reached. The conversation exceeds this model's capacity. Start a new session, or compact this one.",
        "CONTENT_LENGTH_EXCEEDS_THRESHOLD",
    ),
    "image_size": _validation(
        "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: {} bytes > 5242880 bytes"
    ),
    "image_count": _validation("too many images and documents: {} + 0 > 100"),
    "image_mismatch": _validation("The declared format of an image does not match its content.", "IMAGE_MIME_MISMATCH"),
    # Notes 3.4 say only that text-only models reject images; these words are ours.
    "image_unsupported": _validation("This model does not support image input."),
    "forged_signature": _validation("Invalid `signature` in `thinking` block.", "THINKING_SIGNATURE_INVALID"),
    "fields_unsupported": _validation("additionalModelRequestFields is not supported for this model"),
    "fields_invalid": _validation("{}"),
    "monthly_quota": Refusal(
        402, "ServiceQuotaExceededException", "You have reached the limit.", "MONTHLY_REQUEST_COUNT"
    ),
    "monthly_quota_q": Refusal(
        400, "ThrottlingException", "Maximum Request reached for this month.", "MONTHLY_REQUEST_COUNT"
    ),
    "overage_cap": Refusal(
        403,
        "ServiceQuotaExceededException",
        "You have reached the limit for overages.",
        "OVERAGE_REQUEST_LIMIT_EXCEEDED",
    ),
    "rate": Refusal(
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
        "USER_REQUEST_RATE_EXCEEDED",
    ),
    "no_capacity": Refusal(
        429,
        "ThrottlingException",
        "I am experiencing high traffic, please try again shortly.",
        "INSUFFICIENT_MODEL_CAPACITY",
    ),
    "overload": Refusal(
        500,
        "InternalServerException",
        "Encountered unexpectedly high load when processing the request, please try again.",
    ),
    "model_down": Refusal(
        503,
        "InternalServerException",
        "The service is temporarily unavailable. Please try again later.",
        "MODEL_TEMPORARILY_UNAVAILABLE",
    ),
    "builder_id": Refusal(403, "AccessDeniedException", "AWS Builder ID is not supported for this operation."),
    # What follows is how such services answer in general; the notes record no reply of this one.
    "wrong_content_type": Refusal(415, "UnsupportedMediaTypeException", "Unsupported media type."),
    "unknown_operation": Refusal(404, "UnknownOperationException", "The requested operation is not recognized."),
}


def render(refusal: Refusal, form: Form, request_id: str) -> Response:
    """The reply on the wire. The JSON-1.0 form always names the type."""
    body: dict[str, Any] = {"message": refusal.message, "reason": refusal.reason}
    if form == "json" or refusal.typed:
        body = {"__type": NAMESPACE + refusal.exception, **body}
    if refusal.retry_after_ms is not None:
        body["retryAfterMilliseconds"] = refusal.retry_after_ms
    headers = {"x-amzn-errortype": f"{refusal.exception}:", "x-amzn-requestid": request_id}
    return Response(jsonio.dumps(body), refusal.status, headers, CONTENT_TYPES[form])
