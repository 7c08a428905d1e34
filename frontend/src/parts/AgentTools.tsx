/** The agent's tools by where they come from, how their servers are, and in plain words what they may touch. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { duration } from "../lib/numbers";
import type { AgentServer, AgentTool } from "../lib/wire";
import { t } from "../lib/words/agent";
import { spokenHere } from "../lib/words/sentences";
import { asError } from "../state/admitted";
import { allowedTools } from "../state/agent";
import { loadTools, reload, tools } from "../state/agentFiles";
import { tell } from "../state/notices";
import { Dialog } from "./Dialog";
import { Lacking } from "./Lacking";

export function AgentTools({ onClose }: { onClose: () => void }) {
  useEffect(() => void loadTools(), []);
  const found = tools.value;
  return (
    <Dialog title={t("tools")} wide onClose={onClose}>
      {found === undefined && <p class="hint">{t("starting")}</p>}
      {found instanceof ApiError && <Lacking error={found} />}
      {found !== undefined && !(found instanceof ApiError) && (
        <div class="agent-tools">
          <p class="agent-may">
            <strong>{t("may")}:</strong> {t("workspace", { folder: found.workspace })}
          </p>
          <Group
            name={t("builtIn")}
            tools={found.tools.filter((tool) => tool.source === "built-in")}
            all={found.tools}
          />
          {found.servers.map((server) => (
            <Group
              key={server.name}
              name={server.name}
              server={server}
              tools={found.tools.filter((tool) => tool.source === server.name)}
              all={found.tools}
            />
          ))}
          {found.problems.map((problem) => (
            <p key={problem} class="tool-problem" role="alert">
              {problem}
            </p>
          ))}
          {!found.servers.length && <p class="hint">{t("noServers")}</p>}
          <Reload />
        </div>
      )}
    </Dialog>
  );
}

function Reload() {
  const [busy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    reload()
      .then(() => tell(t("reloaded")))
      .catch((error: unknown) => tell(asError(error).message, { bad: true }))
      .finally(() => setBusy(false));
  };
  return (
    <button type="button" class="secondary" disabled={busy} onClick={run}>
      {t("reload")}
    </button>
  );
}

interface GroupProps {
  name: string;
  server?: AgentServer;
  tools: AgentTool[];
  all: AgentTool[];
}

function Group({ name, server, tools: own, all }: GroupProps) {
  return (
    <section class="tool-group" aria-label={name}>
      <h3>
        {name} {server && <ServerState server={server} />}
      </h3>
      {server?.error && <pre class="server-error">{server.error}</pre>}
      {server?.notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      <ul>
        {own.map((tool) => (
          <li key={tool.name}>
            <label>
              <input
                type="checkbox"
                aria-label={t("useTool", { name: tool.name })}
                checked={allowedTools.value?.includes(tool.name) ?? true}
                onChange={(event) => toggle(tool.name, event.currentTarget.checked, all)}
              />
              <code>{tool.name}</code>
            </label>
            <span class={`approval-mode ${tool.approval}`}>
              {t(tool.approval === "deny" ? "deny_mode" : tool.approval)}
            </span>
            <span class="tool-touches">{spokenHere(tool.touches)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const STATES = {
  ready: "stateReady",
  failed: "stateFailed",
  starting: "stateStarting",
  off: "stateOff",
} as const;
const DOTS = { ready: "good", failed: "missing", starting: "soon", off: "unknown" } as const;

export function ServerState({ server }: { server: AgentServer }) {
  const time = server.latency === null ? "" : duration(server.latency * 1000);
  return (
    <span class="server-state">
      <span class={`dot ${DOTS[server.state]}`} /> {t(STATES[server.state])}
      {server.state === "ready" && ` · ${t("servers", { count: server.tools, time }).replace(/ · $/, "")}`}
    </span>
  );
}

function toggle(name: string, on: boolean, all: AgentTool[]): void {
  const names = new Set(allowedTools.value ?? all.map((tool) => tool.name));
  if (on) names.add(name);
  else names.delete(name);
  allowedTools.value = names.size === all.length ? null : [...names];
}
