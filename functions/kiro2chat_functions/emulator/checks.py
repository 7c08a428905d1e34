"""What the chat backend checks, in the order of protocol notes 9, and what it answers to the first thing it dislikes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.rules import Rule, Violation

from .accounts import PLACEHOLDER_PROFILE, Login
from .conversation import Conversation
from .models import Model, complaint, fields_schema
from .options import Options
from .refusals import REFUSALS, Form, Refusal
from .signatures import is_genuine

__all__ = ["Checked", "examine", "profile_refusal"]

_ARN = re.compile(r"arn:aws:(codewhisperer|transform):[-.a-z0-9]{1,63}:\d{12}:profile/[a-zA-Z0-9]{12}")


@dataclass(frozen=True, slots=True)
class Checked:
    """A request as far as it is known to be good."""

    body: dict[str, Any]
    size: int
    form: Form
    login: Login
    options: Options
    violations: list[Violation]

    @property
    def conversation(self) -> Conversation:
        return Conversation(self.body, self.size)

    @property
    def model(self) -> Model | None:
        """`modelId` may be left out; then it is as good as `auto`."""
        return next((model for model in self.options.models if model.id == self.conversation.model), None)


Check: TypeAlias = Callable[[Checked], Refusal | None]


def examine(body: Any, size: int, form: Form, login: Login, options: Options) -> Checked | Refusal:
    """Check a decoded body. What comes before it (target, content type, bearer, JSON) is the route's business."""
    request = Checked(body if isinstance(body, dict) else {}, size, form, login, options, _violations(body, options))
    for check in _CHECKS:
        if refusal := check(request):
            return refusal
    return request


def profile_refusal(arn: object, login: Login, options: Options) -> Refusal | None:
    """Whether this login may use this profile (protocol notes 1.4)."""
    if arn is None or arn == "":
        return REFUSALS["profile_missing"] if options.profile_needed else None
    if not isinstance(arn, str) or not _ARN.fullmatch(arn):
        return REFUSALS["body_invalid"]  # such as the made-up ...:000000000000:profile/default
    if arn == PLACEHOLDER_PROFILE and not login.profile_arn and options.placeholder_taken:
        return None
    return None if arn == login.profile_arn else REFUSALS["profile_refused"]


def _violations(body: Any, options: Options) -> list[Violation]:
    found = rules.check(body, options.rules)
    if options.foreign_members_taken:
        return [violation for violation in found if violation.rule is not Rule.FOREIGN_MEMBER]
    return found


def _profile(request: Checked) -> Refusal | None:
    return profile_refusal(request.body.get("profileArn"), request.login, request.options)


def _rules(*which: Rule) -> Check:
    """The first violation of one of these rules decides."""

    def check(request: Checked) -> Refusal | None:
        violation = next((found for found in request.violations if found.rule in which), None)
        return None if violation is None else _reply(violation, request)

    return check


def _pairing(request: Checked) -> Refusal | None:
    if request.options.cli_origin_taken or request.form == "rest":
        return None
    return REFUSALS["wrong_pairing"] if request.conversation.current.get("origin") == "CLI" else None


def _model(request: Checked) -> Refusal | None:
    return None if request.model else REFUSALS["unknown_model"]


def _image_support(request: Checked) -> Refusal | None:
    text_only = request.model is not None and not request.model.images
    return REFUSALS["image_unsupported"] if text_only and request.conversation.images else None


def _fields(request: Checked) -> Refusal | None:
    fields = request.conversation.fields
    if fields is None or request.model is None:
        return None
    schema = fields_schema(request.model, disputed=request.options.effort_on_45)
    if schema is None:
        return REFUSALS["fields_unsupported"]
    wrong = complaint(fields, schema)
    return REFUSALS["fields_invalid"].about(wrong) if wrong else None


def _signatures(request: Checked) -> Refusal | None:
    for reasoning in request.conversation.reasoning:
        if not is_genuine(reasoning.get("signature"), request.conversation.model, reasoning.get("text")):
            return REFUSALS["forged_signature"]
    return None


def _improper(options: Options) -> Refusal:
    return REFUSALS["body_invalid" if options.improper_reason else "improper"]


def _size(request: Checked) -> Refusal | None:
    if request.size > request.options.body_limit:
        return REFUSALS["too_large"]
    too_long = request.model is not None and request.conversation.tokens > request.model.window
    return REFUSALS["too_long"].about(request.options.too_long) if too_long else None


_SHAPE = (Rule.SHAPE, Rule.FOREIGN_MEMBER, Rule.AGENT_FIELDS, Rule.PROFILE_ARN, Rule.ENUM, Rule.LENGTH)
_IMAGES = (Rule.IMAGE_SHAPE, Rule.IMAGE_COUNT, Rule.IMAGE_SIZE, Rule.IMAGE_MISMATCH)
_TOOLS = (
    Rule.TOOL_LIST, Rule.CACHE_POINT_IN_TOOLS, Rule.TOOL_NAME, Rule.TOOL_DESCRIPTION, Rule.TOOL_SCHEMA_ROOT,
    Rule.TOOL_SCHEMA, Rule.TOOLS_UNDECLARED,
)  # fmt: skip
_MESSAGES = (
    Rule.STARTS_WITH_USER_MESSAGE, Rule.ENDS_WITH_USER_MESSAGE, Rule.ALTERNATING_MESSAGES, Rule.NON_EMPTY_USER_MESSAGE,
    Rule.CACHE_POINT_COUNT,
    Rule.TOOL_USES_AND_RESULTS, Rule.TOOL_RESULTS_AND_NO_USES, Rule.TOOL_RESULTS_ORPHAN_IDS, Rule.TOOL_USE_IDS_REUSED,
)  # fmt: skip

_CHECKS: tuple[Check, ...] = (
    _profile,
    _rules(*_SHAPE),
    _pairing,
    _rules(Rule.MODEL_ID),
    _model,
    _rules(*_IMAGES),
    _image_support,
    _rules(*_TOOLS),
    _rules(*_MESSAGES),
    _fields,
    _signatures,
    _size,
)

_NAMED: dict[Rule, str] = {
    Rule.FOREIGN_MEMBER: "body_invalid",
    Rule.MODEL_ID: "unknown_model",
    Rule.IMAGE_SIZE: "image_size",
    Rule.IMAGE_COUNT: "image_count",
    Rule.IMAGE_MISMATCH: "image_mismatch",
    Rule.TOOL_LIST: "tool_list",
    Rule.TOOL_SCHEMA_ROOT: "schema_root",
    Rule.TOOL_USES_AND_RESULTS: "result_missing",
}
"""Rules with a reply of their own; all others get "Improperly formed request."."""


def _reply(violation: Violation, request: Checked) -> Refusal:
    name = _NAMED.get(violation.rule, "improper")
    refusal = REFUSALS[name]
    match name:
        case "improper":
            return _improper(request.options)
        case "image_size":
            return refusal.about(max(len(image["source"]["bytes"]) for image in request.conversation.images))
        case "image_count":
            return _too_many_images(violation, request)
        case "schema_root":
            return refusal.about(_number(r"tools\[(\d+)\]", violation.path))
        case "result_missing":
            return _result_missing(violation, request)
    return refusal


def _too_many_images(violation: Violation, request: Checked) -> Refusal:
    """The model refuses more than 100 in all, in its own words; the service more than 10 in one message."""
    count = len(request.conversation.images)
    if count > rules.IMAGES_PER_REQUEST:
        return REFUSALS["image_count"].about(count)
    return _improper(request.options)


def _result_missing(violation: Violation, request: Checked) -> Refusal:
    """The reply numbers messages from 0 and names the calls that have no result."""
    at = _number(r"history\[(\d+)\]", violation.path)
    answer = (int(at) if at else len(request.conversation.history)) - 1
    return REFUSALS["result_missing"].about(answer, ", ".join(request.conversation.unanswered(answer)))


def _number(pattern: str, path: str) -> str:
    found = re.search(pattern, path)
    return found[1] if found else ""
