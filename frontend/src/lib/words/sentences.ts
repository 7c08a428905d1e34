/** The server speaks English; sentences of its own that people often see are known here in both languages. */
import { words } from "../t";

const t = words(
  {
    nothing: "Calculates; reads and changes nothing.",
    reads: "Reads files and folders below {place}.",
    writes: "Creates and changes files below {place}.",
    asksAny: "Sends requests to any address, private ones too.",
    asks: "Sends requests to public addresses.",
    runs: "Runs any command, as the user who runs kiro2chat, starting in {place}.",
    local: "The MCP server {name}, which runs {place} on this machine.",
    remote: "The MCP server {name}, which is at {place}.",
    onlyReads: " It says that this call only reads.",
    cancelled: "The run was cancelled.",
    longest: "The model reached the longest answer it can give.",
    cut: "The model's answer broke off before its end.",
    filtered: "The answer was withheld by a content filter.",
    rounds: "The run ended after {most} rounds ({source}).",
    tokens: "The run ended: it may use {most} tokens ({source}).",
    seconds: "The run ended after {most} seconds ({source}).",
    credits: "The run ended: it may use {most} credits ({source}).",
  },
  {
    nothing: "只做计算；不读取也不改动任何东西。",
    reads: "读取 {place} 下的文件和文件夹。",
    writes: "在 {place} 下创建和修改文件。",
    asksAny: "向任意地址发送请求，包括私有地址。",
    asks: "向公网地址发送请求。",
    runs: "以运行 kiro2chat 的用户身份执行任意命令，从 {place} 开始。",
    local: "MCP 服务器 {name}，它在本机运行 {place}。",
    remote: "MCP 服务器 {name}，位于 {place}。",
    onlyReads: "它声称此调用只读取。",
    cancelled: "运行已取消。",
    longest: "模型已达到单次回答的最大长度。",
    cut: "模型的回答中途断开。",
    filtered: "回答被内容过滤器拦下。",
    rounds: "运行在 {most} 轮后结束（{source}）。",
    tokens: "运行结束：最多可用 {most} 词元（{source}）。",
    seconds: "运行在 {most} 秒后结束（{source}）。",
    credits: "运行结束：最多可用 {most} 额度（{source}）。",
  },
);

const KNOWN: readonly (readonly [RegExp, Parameters<typeof t>[0]])[] = [
  [/^Calculates; reads and changes nothing\.$/, "nothing"],
  [/^Reads files and folders below (?<place>.+)\.$/, "reads"],
  [/^Creates and changes files below (?<place>.+)\.$/, "writes"],
  [/^Sends requests to any address, private ones too\.$/, "asksAny"],
  [/^Sends requests to public addresses\.$/, "asks"],
  [/^Runs any command, as the user who runs kiro2chat, starting in (?<place>.+)\.$/, "runs"],
  [/^The MCP server (?<name>.+), which runs (?<place>.+) on this machine\.$/, "local"],
  [/^The MCP server (?<name>.+), which is at (?<place>.+)\.$/, "remote"],
  [/^The run was cancelled\.$/, "cancelled"],
  [/^The model reached the longest answer it can give\.$/, "longest"],
  [/^The model's answer broke off before its end\.$/, "cut"],
  [/^The answer was withheld by a content filter\.$/, "filtered"],
  [/^The run ended after (?<most>\S+) rounds \((?<source>.+)\)\.$/, "rounds"],
  [/^The run ended: it may use (?<most>\S+) tokens \((?<source>.+)\)\.$/, "tokens"],
  [/^The run ended after (?<most>\S+) seconds \((?<source>.+)\)\.$/, "seconds"],
  [/^The run ended: it may use (?<most>\S+) credits \((?<source>.+)\)\.$/, "credits"],
];

const ONLY_READS = " It says that this call only reads.";

/** In the language of the page; a sentence that is not known stays as it is. */
export function spokenHere(told: string): string {
  const reads = told.endsWith(ONLY_READS);
  const sentence = reads ? told.slice(0, -ONLY_READS.length) : told;
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(sentence);
    if (found) return t(key, { ...found.groups }) + (reads ? t("onlyReads") : "");
  }
  return told;
}
