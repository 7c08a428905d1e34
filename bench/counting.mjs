// Reference counts: Anthropic's published tokenizer and two of OpenAI's. Reads a JSON array of texts, writes counts.
import { readFileSync } from "node:fs";
import { countTokens } from "@anthropic-ai/tokenizer";
import { get_encoding } from "tiktoken";

const texts = JSON.parse(readFileSync(0, "utf8"));
const [cl100k, o200k] = ["cl100k_base", "o200k_base"].map((name) => get_encoding(name));
const counts = texts.map((text) => ({
  anthropic: countTokens(text),
  cl100k: cl100k.encode(text, [], []).length,
  o200k: o200k.encode(text, [], []).length,
}));
process.stdout.write(JSON.stringify(counts));
