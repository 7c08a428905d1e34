/**
 * What every test of the page stands on: the emulator and the server as processes of their own, and Chromium.
 *
 * A file of tests has a server to itself; each test gets a fresh browser context, and with it an empty IndexedDB.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMAND = process.env.KIRO2CHAT ?? join(ROOT, ".venv/bin/kiro2chat");
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A folder that goes with this process. */
export function folder(/** @type {string} */ name) {
  const path = mkdtempSync(join(tmpdir(), `kiro2chat-${name}-`));
  process.once("exit", () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A command of kiro2chat, and the lines it prints until `enough` recognises one. */
async function started(
  /** @type {string[]} */ args,
  /** @type {NodeJS.ProcessEnv} */ env,
  /** @type {RegExp} */ enough,
) {
  const child = spawn(COMMAND, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said += data;
  });
  /** @type {RegExpExecArray | null} */
  let found = null;
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    found = enough.exec(said);
    if (found) break;
  }
  child.stdout.resume();
  if (!found) throw new Error(`kiro2chat ${args.join(" ")} did not start:\n${said}`);
  return { child, found };
}

function ended(/** @type {import("node:child_process").ChildProcess} */ child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  return gone;
}

/** The emulator and a gateway in front of it. `demo` serves both as one process, as newcomers get it. */
export class Server {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #emulator;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #gateway;
  #home = folder("e2e");
  config = join(this.#home, "config.toml");
  /** @type {NodeJS.ProcessEnv} */
  #env;
  #demo;
  url = "";
  /** The address that lets one browser administer, once. */
  link = "";
  #backend = "";

  #login;
  /** @type {Promise<{name: string, cookie: string, token: string}> | undefined} */
  #session;

  /** `login`: one by device code, as `kiro2chat login` makes it, instead of an API key. */
  constructor({ demo = false, login = false, env = {} } = {}) {
    const { PATH = "", LANG = "C.UTF-8" } = process.env;
    this.#env = {
      PATH,
      LANG,
      HOME: this.#home,
      XDG_DATA_HOME: join(this.#home, "data"),
      XDG_CONFIG_HOME: join(this.#home, "config"),
      KIRO2CHAT_CONFIG: this.config,
      ...env,
    };
    this.#demo = demo;
    this.#login = login;
  }

  async start() {
    if (!this.#demo) {
      const { child, found } = await started(
        ["emulator", "--port", "0"],
        this.#env,
        /KIRO_API_URL=(\S+)\n[\s\S]*KIRO_API_KEY=(\S+)/,
      );
      this.#emulator = child;
      this.#backend = String(found[1]);
      for (const name of ["KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"]) {
        this.#env[name] = this.#backend;
      }
      this.#env.KIRO_API_KEY = found[2];
      this.#env.KIRO_LOGIN = this.#login ? "kiro2chat" : "api-key";
      if (this.#login) await started(["login", "--no-browser"], this.#env, /Logged in/);
    }
    await this.startGateway(0);
    return this;
  }

  async startGateway(/** @type {number} */ port) {
    const args = ["serve", "--port", String(port), ...(this.#demo ? ["--demo"] : [])];
    const { child, found } = await started(args, this.#env, /API\s+(http\S+)\/v1[\s\S]*#open=(\S+)/);
    this.#gateway = child;
    this.url = String(found[1]);
    this.link = `/#open=${found[2]}`;
  }

  /** A session that may administer, opened by the printed link: the one for all, as the link works once. */
  session() {
    this.#session ??= (async () => {
      const body = JSON.stringify({ link: this.link.replace("/#open=", "") });
      const answer = await fetch(`${this.url}/api/session`, { method: "POST", body });
      const [, name = "", cookie = ""] = /^(\w+)=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "") ?? [];
      return { name, cookie, token: (await answer.json()).token };
    })();
    return this.#session;
  }

  /** As `kiro2chat logout` does, for all of them. */
  forgetLogins() {
    rmSync(join(this.#home, "data/kiro2chat/logins"), { recursive: true });
  }

  /** The server goes; `startGateway` with its port brings it back. */
  async stopGateway() {
    if (this.#gateway) await ended(this.#gateway);
    return Number(new URL(this.url).port);
  }

  async stop() {
    for (const child of [this.#gateway, this.#emulator]) if (child) await ended(child);
  }

  /** What the emulated model says next, reply by reply: see the emulator's panel. */
  script(/** @type {object[]} */ ...replies) {
    return this.#tell("script", replies);
  }

  inject(/** @type {string} */ fault, rest = {}) {
    return this.#tell("inject", { fault, ...rest });
  }

  /** Between tests: what one left over must not reach the next. */
  async forget() {
    if (this.#backend) await this.#tell("forget", {});
  }

  /** The bodies of the chats that arrived, newest last. */
  async chats() {
    const answer = await fetch(`${this.#backend}/_emulator/seen`);
    /** @type {{path: string, body: any}[]} */
    const seen = await answer.json();
    return seen.filter((each) => each.path === "/generateAssistantResponse").map((each) => each.body);
  }

  async #tell(/** @type {string} */ what, /** @type {unknown} */ body) {
    const answer = await fetch(`${this.#backend}/_emulator/${what}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`emulator: ${await answer.text()}`);
  }
}

/** Chromium; where it is not there, the tests fail and say how to get it. */
export function browser() {
  const executablePath =
    process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place)) ?? chromium.executablePath();
  if (!existsSync(executablePath)) {
    throw new Error("Chromium is not there: `scripts/chromium` fetches it, or name one with CHROMIUM=…");
  }
  return chromium.launch({ executablePath, args: FLAGS });
}
