/** The server's settings, what was typed into the form, and saving it. Edits outlive a look at another page. */
import { computed, effect, signal } from "@preact/signals";
import { getJson, sendJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import { blamed, type Edit, type Edits, edited, changes as merged, type Row } from "../lib/settings";
import type { SettingDiff, SettingsSaved, SettingsShown } from "../lib/wire";
import { t } from "../lib/words/settings";
import { asError, isRefusal } from "./admitted";

export const settings = signal<SettingsShown | null>(null);
export const refused = signal<ApiError | null>(null);
export const edits = signal<Edits>({});
export const editCount = computed(() => Object.keys(edits.value).length);
/** What the server found wrong, by setting; "" for what is nobody's. */
export const faults = signal<Record<string, string>>({});
export const busy = signal(false);
/** What saving would change, while it is looked at. */
export const review = signal<Record<string, SettingDiff> | null>(null);

export async function loadSettings(): Promise<void> {
  try {
    settings.value = await getJson<SettingsShown>("/api/settings");
    refused.value = null;
  } catch (error) {
    refused.value = asError(error);
  }
}

export function edit(row: Row, value: Edit): void {
  edits.value = edited(edits.value, row, value);
  if (row.name in faults.value || "" in faults.value) {
    const { [row.name]: _mended, "": _general, ...rest } = faults.value;
    faults.value = rest;
  }
}

export function discard(): void {
  edits.value = {};
  faults.value = {};
  review.value = null;
}

/** Shows what would change. The name of the setting that is wrong, "" where none is. */
export function look(): Promise<string> {
  return put(true, (saved) => {
    review.value = saved.diff;
  });
}

/** Writes the file. The name of the setting that is wrong, "" where none is; `done` is called where all went well. */
export function save(done: () => void): Promise<string> {
  const sent = edits.value;
  return put(false, async () => {
    review.value = null;
    await loadSettings();
    const typed = Object.entries(edits.value).filter(
      ([name, value]) => !(name in sent) || sent[name] !== value,
    );
    edits.value = Object.fromEntries(typed); // what was typed meanwhile stays
    done();
  });
}

async function put(dry: boolean, then: (saved: SettingsSaved) => void | Promise<void>): Promise<string> {
  const shown = settings.value;
  if (!shown || busy.value) return "";
  busy.value = true;
  faults.value = {};
  try {
    const body = { changes: merged(edits.value, shown), dry_run: dry, version: shown.version ?? "" };
    await then(await sendJson<SettingsSaved>("/api/settings", "PUT", body));
    return "";
  } catch (error) {
    const failure = asError(error);
    const name = blamed(failure.param, shown);
    if (failure.status === 409) await loadSettings(); // somebody else saved: the edits stay, and are compared with that
    faults.value = {
      [name]: isRefusal(failure) ? t("gate") : failure.status === 409 ? t("meanwhile") : failure.message,
    };
    review.value = null;
    return name;
  } finally {
    busy.value = false;
  }
}

/** Whoever closes the page with changes that are not saved is asked. */
effect(() => {
  if (!editCount.value) return;
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  addEventListener("beforeunload", ask);
  return () => removeEventListener("beforeunload", ask);
});
