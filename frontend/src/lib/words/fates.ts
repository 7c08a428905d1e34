/** How a call of the agent ended, where that is neither "done" nor "failed". */
import type { AgentCall } from "../run";
import { words } from "../t";
import { sentenceOf } from "./sentences";

const t = words(
  {
    cancelled: "cancelled",
    brokenOff: "broken off",
    passed: "not allowed; the conversation went on",
    exit: "exit {number}",
    signal: "ended by signal {number}",
  },
  {
    cancelled: "已取消",
    brokenOff: "已中断",
    passed: "未获允许；对话继续了",
    exit: "退出码 {number}",
    signal: "被信号 {number} 终止",
  },
);

const ENDED = /\[(exit code|ended by signal) (\d+)\]\s*$/;

/** In words of the page, "" where it is one of the two. */
export function fateOf({ fate, name, result = "" }: AgentCall): string {
  if (fate) return t(fate);
  const told = sentenceOf(result);
  if (told === "callPassed") return t("passed");
  if (told === "callBroken") return t("brokenOff");
  const [, how, number = "0"] = (name === "shell" && ENDED.exec(result)) || [];
  if (how === "ended by signal") return t("signal", { number });
  return how && number !== "0" ? t("exit", { number }) : "";
}
