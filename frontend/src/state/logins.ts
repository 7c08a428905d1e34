/** The login in use, the plan, renewing, and a login by device code that is under way. */
import { signal } from "@preact/signals";
import { getJson, sendJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import { read, write } from "../lib/stored";
import type { DeviceLogin, LoginShown, PlanShown } from "../lib/wire";
import { asError } from "./admitted";
import { seen } from "./server";

export const shown = signal<LoginShown | null>(null);
export const shownFailed = signal<ApiError | null>(null);
export const plan = signal<PlanShown | null>(null);
export const planFailed = signal("");
export const device = signal<DeviceLogin | null>(null);

const KEPT = "device";

export async function loadLogin(): Promise<void> {
  try {
    take(await getJson<LoginShown>("/api/login"));
  } catch (error) {
    shownFailed.value = asError(error);
    return;
  }
  await loadPlan();
}

function take(found: LoginShown): void {
  shown.value = found;
  shownFailed.value = null;
  seen(found, true); // the dot of the rail
}

async function loadPlan(): Promise<void> {
  try {
    plan.value = await getJson<PlanShown>("/api/usage");
    planFailed.value = "";
  } catch (error) {
    plan.value = null;
    planFailed.value = asError(error).message;
  }
}

/** @throws {ApiError} */
export async function renew(): Promise<void> {
  take(await sendJson<LoginShown>("/api/login/refresh", "POST", {}));
  await loadPlan();
}

/** @throws {ApiError} its `param` names what is wrong. */
export async function startDevice(wanted: {
  start_url: string;
  region: string;
  name: string;
}): Promise<void> {
  device.value = await sendJson<DeviceLogin>("/api/login/device", "POST", wanted);
  write(KEPT, device.value.id);
}

/** After a reload: the code that was shown here, and how it ended, once. */
export async function findDevice(): Promise<void> {
  const id = read(KEPT);
  if (!id || device.value) return;
  try {
    const found = await getJson<DeviceLogin>(`/api/login/device/${id}`);
    device.value ??= found;
    if (found.state !== "waiting") write(KEPT, "");
  } catch (error) {
    if (asError(error).status === 404) write(KEPT, "");
  }
}

/** Asks how it stands; once it is done, the login is shown anew. An error leaves it waiting, but for one: it is gone. */
export async function followDevice(): Promise<void> {
  const waiting = device.value;
  if (waiting?.state !== "waiting") return;
  try {
    const found = await getJson<DeviceLogin>(`/api/login/device/${waiting.id}`);
    if (device.value?.id !== waiting.id) return;
    device.value = found;
    if (found.state !== "waiting") write(KEPT, "");
    if (found.state === "done") await loadLogin();
  } catch (error) {
    if (asError(error).status === 404 && device.value?.id === waiting.id)
      device.value = { ...waiting, state: "failed", message: "" };
  }
}

export function forgetDevice(): void {
  const gone = device.value;
  device.value = null;
  write(KEPT, "");
  if (gone?.state === "waiting") {
    // whether it was told or not, the code ends by itself
    sendJson(`/api/login/device/${gone.id}`, "DELETE", {}).catch(() => {});
  }
}
