// The official openai npm SDK, once round: run by test_openai_node.py with the gateway's address.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused", maxRetries: 0 });
const model = "claude-sonnet-4.5";
const tools = [
  {
    type: "function",
    function: {
      name: "add",
      description: "Add two numbers",
      parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] },
    },
  },
];

const models = [];
for await (const each of client.models.list()) models.push(each.id);

const messages = [{ role: "user", content: 'call add with {"a": 1, "b": 2}' }];
const first = await client.chat.completions.create({ model, messages, tools });
const call = first.choices[0].message.tool_calls[0];
messages.push(first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "3" });

let streamed = "";
let usage = null;
const stream = await client.chat.completions.create({
  model,
  messages,
  tools,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}

let status = 0;
try {
  await client.chat.completions.create({ model, messages: [] });
} catch (error) {
  status = error.status;
}

console.log(
  JSON.stringify({ models: models.length, name: call.function.name, arguments: JSON.parse(call.function.arguments), streamed, usage, status }),
);
