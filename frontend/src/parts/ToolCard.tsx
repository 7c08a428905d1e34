import type { ToolCall } from "../lib/answer";
import { duration } from "../lib/numbers";
import { t } from "../lib/words/chat";
import { Icon } from "./Icon";

interface Props {
  call: ToolCall;
  running?: boolean;
  /** How it ended in words, where that is neither "done" nor "failed". */
  fate?: string;
}

/** A call of a tool: one line, which opens to what was asked and what came back. A failed one opens by itself. */
export function ToolCard({ call, running = false, fate = "" }: Props) {
  const state = fate
    ? "ended"
    : call.failed
      ? "failed"
      : call.result !== undefined
        ? "done"
        : running
          ? "running"
          : "asked";
  const words = {
    ended: fate,
    failed: t("toolFailed"),
    done: t("toolDone"),
    running: t("toolRunning"),
    asked: t("toolAsked"),
  };
  return (
    <details class={`tool ${state}`} open={state === "failed"}>
      <summary>
        <Icon name="tool" size={16} />
        <strong>{call.name}</strong>
        <span class="tool-brief">{brief(call.arguments)}</span>
        <span class="tool-state">
          {state === "running" && <span class="spinner" />}
          {state === "done" && <Icon name="check" size={16} />}
          {state === "failed" && <Icon name="close" size={16} />}
          {words[state]}
          {call.ms !== undefined && ` ${duration(call.ms)}`}
        </span>
      </summary>
      <div class="tool-body">
        <section>
          <p class="tool-head">{t("arguments")}</p>
          <pre>{pretty(call.arguments)}</pre>
        </section>
        {call.result !== undefined && (
          <section>
            <p class="tool-head">{t("result")}</p>
            <pre>{pretty(call.result)}</pre>
          </section>
        )}
      </div>
    </details>
  );
}

function brief(text: string): string {
  const value = parsed(text);
  const first = typeof value === "object" && value !== null ? Object.values(value)[0] : value;
  return String(typeof first === "object" ? JSON.stringify(first) : (first ?? "")).slice(0, 120);
}

function pretty(text: string): string {
  const value = parsed(text);
  return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
