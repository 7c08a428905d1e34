/** What a new conversation begins with, before its first word: kept, as the words themselves are. */
import { readJson, write } from "../lib/stored";
import type { Chat } from "../lib/tree";
import { t } from "../lib/words/chat";
import { tell } from "./notices";

type Beginning = Pick<Chat, "model" | "system" | "effort" | "maxTokens">;

const NAME = "new-chat";
const NOTHING: Beginning = { model: "", system: "", effort: "", maxTokens: 0 };

function isBeginning(value: unknown): value is Beginning {
  const { model, system, effort, maxTokens } = (value ?? {}) as Partial<Beginning>;
  return [model, system, effort].every((each) => typeof each === "string") && typeof maxTokens === "number";
}

export function begunWith(): Beginning {
  return readJson(NAME, isBeginning, NOTHING);
}

export function keepBeginning({ model, system, effort, maxTokens }: Beginning): void {
  if (!write(NAME, JSON.stringify({ model, system, effort, maxTokens })))
    tell(t("draftNotKept"), { bad: true });
}

export function forgetBeginning(): void {
  write(NAME, "");
}
