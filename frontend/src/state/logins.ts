/** The login in use, the plan, renewing, and a login by device code that is under way. */
import { signal } from "@preact/signals";
import { getJson, sendJson } from "../lib/api";
import type { ApiError } from "../lib/errors";
import type { DeviceLogin, LoginShown, PlanShown } from "../lib/wire";
import { asError } from "./admitted";
import { login } from "./server";

export const shown = signal<LoginShown | null>(null);
export const shownFailed = signal<ApiError | null>(null);
export const plan = signal<PlanShown | null>(null);
export const planFailed = signal("");
export const device = signal<DeviceLogin | null>(null);

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
  login.value = found; // the dot of the rail
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
}

/** Asks how it stands; once it is done, the login is shown anew. An error leaves it waiting, but for one: it is gone. */
export async function followDevice(): Promise<void> {
  const waiting = device.value;
  if (waiting?.state !== "waiting") return;
  try {
    const found = await getJson<DeviceLogin>(`/api/login/device/${waiting.id}`);
    if (device.value?.id !== waiting.id) return;
    device.value = found;
    if (found.state === "done") await loadLogin();
  } catch (error) {
    if (asError(error).status === 404 && device.value?.id === waiting.id)
      device.value = { ...waiting, state: "failed", message: "" };
  }
}

export function forgetDevice(): void {
  const gone = device.value;
  device.value = null;
  if (gone?.state === "waiting") {
    // whether it was told or not, the code ends by itself
    sendJson(`/api/login/device/${gone.id}`, "DELETE", {}).catch(() => {});
  }
}
