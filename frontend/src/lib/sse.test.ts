import { expect, test } from "vitest";
import { type Answer, begun, take, thoughtFor } from "./answer";
import { ApiError } from "./errors";
import { chunks } from "./sse";

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const STREAM = [
  ": ping\n\n",
  chunk({ role: "assistant", content: "" }),
  chunk({ reasoning_content: "hm" }),
  chunk({ content: "你好" }),
  chunk({ content: ", world 👋" }),
  chunk({ tool_calls: [{ index: 0, id: "t", function: { name: "ls", arguments: "" } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] }),
  chunk({}, "tool_calls"),
  "data: [DONE]\n\n",
].join("");

function response(pieces: Uint8Array[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(body, { headers: { "x-request-id": "req_1" } });
}

async function read(text: string, size: number): Promise<Answer> {
  const bytes = new TextEncoder().encode(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.slice(at * size, (at + 1) * size),
  );
  const answer = begun(0);
  let now = 0;
  for await (const batch of chunks(response(pieces))) for (const each of batch) take(answer, each, ++now);
  return answer;
}

test.each([1, 2, 3, 7, 64, 100_000])("an answer is the same in pieces of %i bytes", async (size) => {
  const answer = await read(STREAM, size);
  expect(answer.text).toBe("你好, world 👋");
  expect(answer.reasoning).toBe("hm");
  expect(answer.calls).toEqual([{ id: "t", name: "ls", arguments: '{"a":1}' }]);
  expect(answer.finish).toBe("tool_calls");
  expect(thoughtFor(answer, 99)).toBe(1);
});

test("an error in the stream, and a stream without an end, are errors with the request's id", async () => {
  const told = `${chunk({ content: "a" })}data: {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}\n\n`;
  await expect(read(told, 9)).rejects.toMatchObject({ code: "rate_limit_exceeded", requestId: "req_1" });
  await expect(read(chunk({ content: "a" }), 9)).rejects.toMatchObject({ code: "broken" });
  await expect(read("data: {no json\n\n", 9)).rejects.toBeInstanceOf(ApiError);
});
