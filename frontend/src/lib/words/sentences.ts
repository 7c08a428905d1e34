/** The server speaks English; sentences of its own that people often see are known here in both languages. */
import { words } from "../t";

const ENGLISH = {
  nothing: "Calculates; reads and changes nothing.",
  reads: "Reads files and folders below {place}.",
  writes: "Creates and changes files below {place}.",
  asksAny: "Sends requests to any address, private ones too.",
  asks: "Sends requests to public addresses.",
  runs: "Runs any command, as the user who runs kiro2chat, starting in {place}.",
  local: "The MCP server {name}, which runs {place} on this machine.",
  remote: "The MCP server {name}, which is at {place}.",
  onlyReads: " It says that this call only reads.",
  callBroken: "This call did not end: the run was broken off.",
  callPassed: "This call was not allowed, and the conversation went on.",
  callDenied: "Refused by the user. Do not try it again in another way; ask the user what to do instead.",
  cancelled: "The run was cancelled.",
  longest: "The model reached the longest answer it can give.",
  cut: "The model's answer broke off before its end.",
  filtered: "The answer was withheld by a content filter.",
  rounds: "The run ended after {most} rounds ({source}).",
  tokens: "The run ended: it may use {most} tokens ({source}).",
  seconds: "The run ended after {most} seconds ({source}).",
  credits: "The run ended: it may use {most} credits ({source}).",
  keysLimit: "the API key's limit",
  unusable: "{name} cannot be used: {why}.",
  needsKey: "HOST is {host}: an address other machines can reach needs API_KEY to be set.",
  something: "expected something; leave the setting out to have its default",
  sound: "expected text without blanks around it and without control characters",
  noHome: "expected a path; its user has no home directory",
  header: "expected what may stand in a header: ASCII without control characters",
  headerSecret: "expected letters, digits and signs of ASCII without blanks: it is sent in a header",
  switch: "expected true or false",
  number: "expected a number from {low} to {high}",
  whole: "expected a whole number from {low} to {high}",
  choice: "expected one of {words}",
  noneOf: "{word} is none of {words}",
  oneName: "expected at least one name",
  origins: "expected origins such as https://chat.example, or *; not {word}",
  pairs: "expected {form}, each name once, not {word}",
  region: "expected a region such as us-east-1",
  url: "expected an http or https address such as https://gateway.example",
  store: "expected an address with three slashes and a path, such as {example}",
  defaults: "all defaults",
  given: "from the environment: {names}",
  passedOver: "passed over: {why}",
  noEnd: "without an end",
  renewedNoEnd: "renewed, without an end",
  valid: "valid for {count} minutes",
  renewedValid: "renewed, valid for {count} minutes",
  builtInModels: "{count} (the built-in table: the live list cannot be had)",
  more: "{count} more characters",
};

const CHINESE: Record<keyof typeof ENGLISH, string> = {
  nothing: "只做计算；不读取也不改动任何东西。",
  reads: "读取 {place} 下的文件和文件夹。",
  writes: "在 {place} 下创建和修改文件。",
  asksAny: "向任意地址发送请求，包括私有地址。",
  asks: "向公网地址发送请求。",
  runs: "以运行 kiro2chat 的用户身份执行任意命令，从 {place} 开始。",
  local: "MCP 服务器 {name}，它在本机运行 {place}。",
  remote: "MCP 服务器 {name}，位于 {place}。",
  onlyReads: "它声称此调用只读取。",
  callBroken: "此调用没有结束：运行被中断了。",
  callPassed: "此调用未获允许，对话继续了。",
  callDenied: "用户拒绝了。不要换一种方式再试；请询问用户该怎么做。",
  cancelled: "运行已取消。",
  longest: "模型已达到单次回答的最大长度。",
  cut: "模型的回答中途断开。",
  filtered: "回答被内容过滤器拦下。",
  rounds: "运行在 {most} 轮后结束（{source}）。",
  tokens: "运行结束：最多可用 {most} 词元（{source}）。",
  seconds: "运行在 {most} 秒后结束（{source}）。",
  credits: "运行结束：最多可用 {most} 额度（{source}）。",
  keysLimit: "API 密钥的限额",
  unusable: "{name} 不可用：{why}。",
  needsKey: "HOST 是 {host}：其他机器能访问的地址需要设置 API_KEY。",
  something: "不能为空；要使用默认值，请不要设置它",
  sound: "应为前后没有空格、不含控制字符的文本",
  noHome: "应为路径；其中的用户没有主目录",
  header: "应为可以放进请求头的内容：不含控制字符的 ASCII",
  headerSecret: "应为不含空格的 ASCII 字母、数字和符号：它会放在请求头里发送",
  switch: "应为 true 或 false",
  number: "应为 {low} 到 {high} 之间的数",
  whole: "应为 {low} 到 {high} 之间的整数",
  choice: "应为其中之一：{words}",
  noneOf: "{word} 不在其中：{words}",
  oneName: "至少需要一个名称",
  origins: "应为来源（例如 https://chat.example）或 *；而不是 {word}",
  pairs: "应为 {form}，每个名称一次；而不是 {word}",
  region: "应为区域，例如 us-east-1",
  url: "应为 http 或 https 地址，例如 https://gateway.example",
  store: "应为带三个斜杠和路径的地址，例如 {example}",
  defaults: "全部为默认值",
  given: "来自环境变量：{names}",
  passedOver: "已跳过：{why}",
  noEnd: "没有期限",
  renewedNoEnd: "已更新，没有期限",
  valid: "还有 {count} 分钟有效",
  renewedValid: "已更新，还有 {count} 分钟有效",
  builtInModels: "{count}（内置列表：无法获取实时列表）",
  more: "另有 {count} 个字符",
};

type Sentence = keyof typeof ENGLISH;

const t = words(ENGLISH, CHINESE);

const KNOWN = (Object.keys(ENGLISH) as Sentence[]).map((key) => [pattern(ENGLISH[key]), key] as const);

function pattern(english: string): RegExp {
  const escaped = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`);
}

const ONLY_READS = " It says that this call only reads.";

/** Which of them it is. */
export function sentenceOf(told: string): Sentence | undefined {
  return KNOWN.find(([pattern]) => pattern.test(told))?.[1];
}

/** In the language of the page; a sentence that is not known stays as it is. */
export function spokenHere(told: string): string {
  return parts(told).join("");
}

/** The same as what it says, and what it adds to that. */
export function parts(told: string): [sentence: string, addition: string] {
  const reads = told.endsWith(ONLY_READS);
  const sentence = reads ? told.slice(0, -ONLY_READS.length) : told;
  return [translated(sentence), reads ? t("onlyReads") : ""];
}

function translated(sentence: string): string {
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(sentence);
    if (found) return t(key, Object.fromEntries(Object.entries(found.groups ?? {}).map(inside)));
  }
  return sentence;
}

/** What stands within a sentence may be one itself. */
function inside([name, text]: [string, string]): [string, string] {
  return [name, translated(text)];
}
