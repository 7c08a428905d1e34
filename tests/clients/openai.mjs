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

// The same loop over the Responses API, streamed and not.
const flat = tools.map((tool) => ({ type: "function", strict: false, ...tool.function }));
const input = [{ role: "user", content: 'call add with {"a": 1, "b": 2}' }];
const helper = client.responses.stream({ model, input, tools: flat, include: ["reasoning.encrypted_content"] });
const kinds = new Set();
for await (const event of helper) kinds.add(event.type);
const asked = await helper.finalResponse();
const responseCall = asked.output.find((item) => item.type === "function_call");
input.push(...asked.output, { type: "function_call_output", call_id: responseCall.call_id, output: "3" });
const answered = await client.responses.create({ model, input, tools: flat });
const responses = {
  kinds: [...kinds],
  name: responseCall.name,
  arguments: JSON.parse(responseCall.arguments),
  text: answered.output_text,
  usage: answered.usage,
};

console.log(
  JSON.stringify({ responses, models: models.length, name: call.function.name, arguments: JSON.parse(call.function.arguments), streamed, usage, status }),
);
