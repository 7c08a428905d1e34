/** What the agent has to work with: its tools and their servers, mcp.json, and sessions as files. */
import { signal } from "@preact/signals";
import { call, getJson, sendJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import { save as saveText } from "../lib/save";
import type { AgentHead, AgentServer, AgentTools, McpChecked, McpFiles, McpTried } from "../lib/wire";
import { t } from "../lib/words/agent";
import { asError } from "./admitted";
import { tell } from "./notices";

export type Which = "user" | "workspace";

/** Undefined while it is asked for. */
export const tools = signal<AgentTools | ApiError | undefined>(undefined);
export const files = signal<McpFiles | ApiError | undefined>(undefined);

export async function loadTools(): Promise<void> {
  tools.value = await getJson<AgentTools>("/v1/agent/tools").catch(asError);
}

export async function loadFiles(): Promise<void> {
  files.value = await getJson<McpFiles>("/api/mcp").catch(asError);
}

export function check(file: Which, text: string): Promise<McpChecked> {
  return sendJson<McpChecked>("/api/mcp", "PUT", { file, text, dry_run: true });
}

export async function tryOut(file: Which, text: string): Promise<AgentServer[]> {
  return (await sendJson<McpTried>("/api/mcp/try", "POST", { file, text })).servers;
}

/** What was typed and not saved, and the version of the file that it was made from. */
export interface Typed {
  text: string;
  version: string;
}

/** It outlives the dialog. */
export const typed = signal<Partial<Record<Which, Typed>>>({});

/** `version` is that of the file which is shown: a text that has begun stays with the one that it was made from. */
export function type(file: Which, text: string, version: string): void {
  keepTyped(file, { text, version: typed.value[file]?.version ?? version });
}

export function discard(file: Which): void {
  keepTyped(file, undefined);
}

function keepTyped(file: Which, kept: Typed | undefined): void {
  const { [file]: _, ...others } = typed.value;
  typed.value = kept ? { ...others, [file]: kept } : others;
}

/** Write the file over the version that was seen, and put it in force. @throws {ApiError} 409: it is another by now. */
export async function write(file: Which, text: string, version: string): Promise<void> {
  try {
    await sendJson<McpChecked>("/api/mcp", "PUT", { file, text, version });
  } catch (error) {
    if (asError(error).status === 409) await loadFiles(); // so that theirs can be looked at
    throw error;
  }
  await loadFiles();
  const [left, found] = [typed.value[file], files.value];
  if (left?.text === text) discard(file);
  else if (left && found && "files" in found) {
    keepTyped(file, { ...left, version: found.files[file].version }); // what was typed while it was saved stays
  }
  await reload();
}

export async function reload(): Promise<void> {
  await sendJson("/v1/agent/reload", "POST", {});
  await loadTools();
}

export async function save(head: AgentHead, format: "json" | "markdown"): Promise<void> {
  try {
    const path = `/v1/agent/sessions/${encodeURIComponent(head.id)}/export?format=${format}`;
    const response = await call(path);
    const [type, ending] = format === "json" ? ["application/json", "json"] : ["text/markdown", "md"];
    saveText(`${head.title || t("untitled")}.${ending}`, type, await response.text());
  } catch (error) {
    tell(asError(error).message, { bad: true });
  }
}
