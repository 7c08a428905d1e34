/** System prompts that were given a name. */
import { signal } from "@preact/signals";
import { readJson, write } from "../lib/stored";

export interface Preset {
  name: string;
  text: string;
}

function isPresets(value: unknown): value is Preset[] {
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each?.name === "string" && typeof each?.text === "string")
  );
}

export const presets = signal<Preset[]>(readJson("presets", isPresets, []));

export function savePreset(preset: Preset): void {
  set([...presets.value.filter((each) => each.name !== preset.name), preset]);
}

export function forgetPreset(name: string): void {
  set(presets.value.filter((each) => each.name !== name));
}

function set(next: Preset[]): void {
  presets.value = next;
  write("presets", JSON.stringify(next));
}
