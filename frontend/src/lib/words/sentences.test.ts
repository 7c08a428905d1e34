import { afterEach, expect, test } from "vitest";
import { language } from "../t";
import { spokenHere } from "./sentences";

afterEach(() => {
  language.value = "en";
});

test.each([
  ["Calculates; reads and changes nothing.", "只做计算"],
  ["Reads files and folders below /a b/c.", "/a b/c"],
  ["Creates and changes files below /w.", "/w"],
  ["Sends requests to any address, private ones too.", "任意地址"],
  ["Sends requests to public addresses.", "公网地址"],
  ["Runs any command, as the user who runs kiro2chat, starting in /w.", "/w"],
  [
    "The MCP server a, which runs npx on this machine. It says that this call only reads.",
    "本机运行 npx。它声称",
  ],
  ["The MCP server a, which is at https://a.example.", "https://a.example"],
  ["The run was cancelled.", "已取消"],
  ["The model reached the longest answer it can give.", "最大长度"],
  ["The answer was withheld by a content filter.", "过滤器"],
  ["The run ended after 50 rounds (AGENT_ROUNDS).", "50 轮"],
  ["The run ended: it may use 1,000 tokens (AGENT_TOKENS).", "1,000 词元"],
  ["The run ended after 0.5 seconds (AGENT_SECONDS).", "0.5 秒"],
  [
    "port cannot be used: expected a whole number from 1 to 65535.",
    "port 不可用：应为 1 到 65535 之间的整数。",
  ],
  ["renewed, valid for 12 minutes", "已更新，还有 12 分钟有效"],
  ["The run ended: it may use 2 credits (AGENT_CREDITS).", "2 额度"],
  ["The run ended: it may use 2 credits (the API key's limit).", "2 额度（API 密钥的限额）"],
])("%s", (told, part) => {
  expect(spokenHere(told)).toBe(told);
  language.value = "zh";
  expect(spokenHere(told)).toContain(part);
});

test("a sentence that is not known stays as it is", () => {
  language.value = "zh";
  expect(spokenHere("Whatever.")).toBe("Whatever.");
});
