/** The list of the agent's sessions, and taking one out of it. */
import { signal } from "@preact/signals";
import { call, getJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import type { AgentHead, AgentHeads } from "../lib/wire";
import { t } from "../lib/words/agent";
import { asError } from "./admitted";
import { tell } from "./notices";

export const sessions = signal<AgentHead[]>([]);
/** Whether they were told once; why they were not, when they were asked for last. */
export const sessionsRead = signal(false);
export const sessionsFailed = signal<ApiError | null>(null);

const UNDO = 8000; // milliseconds for which a deletion can be taken back

/** Those that will be deleted, and what does it. */
const leaving = new Map<string, ReturnType<typeof setTimeout>>();

export async function loadSessions(): Promise<void> {
  try {
    const found = (await getJson<AgentHeads>("/v1/agent/sessions")).sessions;
    sessions.value = found.filter((each) => !leaving.has(each.id));
    sessionsRead.value = true;
    sessionsFailed.value = null;
  } catch (error) {
    sessionsFailed.value = asError(error);
  }
}

/** Delete a session, in a while: until then it can be taken back. A page that goes does it at once. */
export function remove(head: AgentHead): void {
  sessions.value = sessions.value.filter((each) => each.id !== head.id);
  leaving.set(head.id, setTimeout(forget, UNDO, head.id));
  const undo = () => {
    clearTimeout(leaving.get(head.id));
    leaving.delete(head.id);
    void loadSessions();
  };
  tell(t("deleted", { title: head.title || t("untitled") }), { action: { label: t("undo"), run: undo } });
}

async function forget(id: string): Promise<void> {
  leaving.delete(id);
  try {
    await call(`/v1/agent/sessions/${encodeURIComponent(id)}`, { method: "DELETE", keepalive: true });
  } catch (error) {
    if (asError(error).status !== 404) tell(asError(error).message, { bad: true });
  }
}

addEventListener("pagehide", () => {
  for (const [id, timer] of leaving) {
    clearTimeout(timer);
    void forget(id);
  }
});
