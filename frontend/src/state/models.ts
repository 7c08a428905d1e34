/** The models that can be asked, and the one that was chosen last. */
import { computed, signal } from "@preact/signals";
import { getJson } from "../lib/api";
import { ApiError } from "../lib/errors";
import { read, write } from "../lib/stored";
import type { Model, ModelList } from "../lib/wire";

export const models = signal<Model[]>([]);
/** Why there is no list, "" where there is or where it is still asked for. */
export const modelsFailed = signal("");
const remembered = signal(read("model") ?? "");

/** For a new conversation: the remembered one if it is still there, else the first. */
export const preferredModel = computed(() => {
  const known = models.value;
  if (remembered.value && (!known.length || known.some((each) => each.id === remembered.value))) {
    return remembered.value;
  }
  return known[0]?.id ?? "auto";
});

export function remember(model: string): void {
  remembered.value = model;
  write("model", model);
}

export function modelNamed(id: string): Model | undefined {
  return models.value.find((each) => each.id === id);
}

export async function loadModels(): Promise<void> {
  try {
    const list = await getJson<ModelList>("/v1/models");
    models.value = list.data.filter((model) => !model.alias_of);
    modelsFailed.value = "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    modelsFailed.value = error.code || String(error.status);
  }
}
