/** What went wrong, in three short parts: what happened, whose side it is on, and what to do. */

import { words } from "../t";
import type { Failure } from "../tree";

export const t = words(
  {
    unreachable: "The server does not answer.",
    broken: "The connection broke in the middle of the answer.",
    unreadable: "The server sent something that cannot be read.",
    page: "The page itself failed.",
    login: "The Kiro login cannot be used.",
    key: "The server wants another API key.",
    quota: "The plan's credits are used up.",
    rate: "Too many requests at once.",
    context: "The conversation is longer than the model takes.",
    model: "This model is not there.",
    tooLarge: "The message is too large.",
    refused: "The request was refused.",
    backend: "Kiro's backend failed.",
    server: "The server failed.",
    store: "The server cannot keep or find its data.",
    stopping: "The server is stopping.",
    sideYou: "on this side",
    sideServer: "on the server",
    sideBackend: "at Kiro",
    doRetry: "Try again.",
    doStore: "Its log says what is wrong with the store (STORE_URL); then try again.",
    doWait: "Wait {seconds} s, then try again.",
    doServer: "Start it again with `kiro2chat serve`; nothing you wrote is lost.",
    doLogin: "Type `kiro-cli login` or `kiro2chat login`, then try again.",
    doOther:
      "Nothing is tried again by itself. Once Kiro takes the login again, try again; `kiro2chat login` uses another.",
    doKey: "Enter the key above, then try again.",
    doQuota: "Wait until the plan is renewed, or use another login.",
    doShorten: "Start a new chat, or choose a model with a larger context.",
    doModel: "Choose another model.",
    doSmaller: "Send less, or fewer and smaller pictures.",
    doReport: "Load the page again. If it comes back, please report it.",
    doChange: "Change the request; `kiro2chat doctor` checks the server.",
    retry: "Try again",
    requestId: "Request id",
    copyId: "Copy the request id",
  },
  {
    unreachable: "服务器没有响应。",
    broken: "回答到一半时连接断开了。",
    unreadable: "服务器发来的内容无法读取。",
    page: "页面本身出错了。",
    login: "Kiro 登录无法使用。",
    key: "服务器需要另一个 API 密钥。",
    quota: "套餐额度已用完。",
    rate: "请求过于频繁。",
    context: "对话超过了模型的长度。",
    model: "没有这个模型。",
    tooLarge: "消息太大。",
    refused: "请求被拒绝。",
    backend: "Kiro 后端出错。",
    server: "服务器出错。",
    store: "服务器无法保存或读取数据。",
    stopping: "服务器正在停止。",
    sideYou: "在你这边",
    sideServer: "在服务器",
    sideBackend: "在 Kiro",
    doRetry: "请重试。",
    doStore: "服务器日志会说明存储（STORE_URL）的问题；修复后重试。",
    doWait: "请等待 {seconds} 秒后重试。",
    doServer: "请用 `kiro2chat serve` 重新启动；你写的内容没有丢失。",
    doLogin: "请运行 `kiro-cli login` 或 `kiro2chat login`，然后重试。",
    doOther: "不会自动重试。Kiro 重新接受该登录后再试；`kiro2chat login` 可以改用另一个登录。",
    doKey: "请在上方输入密钥，然后重试。",
    doQuota: "请等待套餐更新，或使用另一个登录。",
    doShorten: "请开始新对话，或选择上下文更长的模型。",
    doModel: "请选择其他模型。",
    doSmaller: "请少发一些，或减少、缩小图片。",
    doReport: "请重新加载页面。如果再次出现，请报告。",
    doChange: "请修改请求；`kiro2chat doctor` 可以检查服务器。",
    retry: "重试",
    requestId: "请求编号",
    copyId: "复制请求编号",
  },
);

type Key = Parameters<typeof t>[0];
type Side = "sideYou" | "sideServer" | "sideBackend";

const CODES: Record<string, [what: Key, side: Side, todo: Key]> = {
  unreachable: ["unreachable", "sideServer", "doServer"],
  broken: ["broken", "sideServer", "doRetry"],
  unreadable: ["unreadable", "sideServer", "doRetry"],
  store_unavailable: ["store", "sideServer", "doStore"],
  store_unusable: ["store", "sideServer", "doStore"],
  server_stopping: ["stopping", "sideServer", "doRetry"],
  page: ["page", "sideYou", "doReport"],
  invalid_api_key: ["key", "sideYou", "doKey"],
  login_forbidden: ["login", "sideBackend", "doOther"],
  insufficient_quota: ["quota", "sideBackend", "doQuota"],
  rate_limit_exceeded: ["rate", "sideBackend", "doRetry"],
  context_length_exceeded: ["context", "sideYou", "doShorten"],
  model_not_found: ["model", "sideYou", "doModel"],
  model_not_allowed: ["model", "sideYou", "doModel"],
};

/** The words for a failure. Codes first, then the status; the server's own sentence goes below them. */
export function told(failure: Failure): { what: string; side: string; todo: string } {
  const [what, side, todo] = kind(failure);
  const wait = failure.retryAfter > 0 && todo === "doRetry";
  return {
    what: t(what),
    side: t(side),
    todo: wait ? t("doWait", { seconds: failure.retryAfter }) : t(todo),
  };
}

function kind({ code, status }: Failure): [Key, Side, Key] {
  const known = CODES[code];
  if (known) return known;
  if (code.startsWith("login_")) return ["login", "sideServer", "doLogin"];
  if (status === 413) return ["tooLarge", "sideYou", "doSmaller"];
  if (status === 429) return ["rate", "sideBackend", "doRetry"];
  if (status >= 400 && status < 500) return ["refused", "sideYou", "doChange"];
  if (status === 500) return ["server", "sideServer", "doRetry"];
  return ["backend", "sideBackend", "doRetry"];
}
