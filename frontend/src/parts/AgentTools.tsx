/** The agent's tools by where they come from, how their servers are, and in plain words what they may touch. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { duration } from "../lib/numbers";
import type { AgentServer, AgentTool } from "../lib/wire";
import { t } from "../lib/words/agent";
import { parts } from "../lib/words/sentences";
import { asError, occasion } from "../state/admitted";
import { off, switchTool } from "../state/agent";
import { loadTools, reload, tools } from "../state/agentFiles";
import { tell } from "../state/notices";
import { Dialog } from "./Dialog";
import { Lacking } from "./Lacking";

export function AgentTools({ onClose }: { onClose: () => void }) {
  useEffect(() => void loadTools(), [occasion.value]);
  const found = tools.value;
  return (
    <Dialog title={t("tools")} wide onClose={onClose}>
      {found === undefined && <p class="hint">{t("starting")}</p>}
      {found instanceof ApiError && <Lacking error={found} onRetry={() => void loadTools()} />}
      {found !== undefined && !(found instanceof ApiError) && (
        <div class="agent-tools">
          <p class="agent-may">
            <strong>{t("may")}:</strong> {t("workspace", { folder: found.workspace })}
          </p>
          <Group name={t("builtIn")} tools={found.tools.filter((tool) => tool.source === "built-in")} />
          {found.servers.map((server) => (
            <Group
              key={server.name}
              name={server.name}
              server={server}
              tools={found.tools.filter((tool) => tool.source === server.name)}
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
    <div class="row">
      <button type="button" class="secondary" disabled={busy} onClick={run}>
        {t("reload")}
      </button>
      {busy && <span class="spinner" role="status" aria-label={t("reloading")} />}
    </div>
  );
}

interface GroupProps {
  name: string;
  server?: AgentServer;
  tools: AgentTool[];
}

function Group({ name, server, tools: own }: GroupProps) {
  const touches = own.map((tool) => parts(tool.touches));
  const [[first = ""] = []] = touches;
  const shared = own.length > 1 && touches.every(([sentence]) => sentence === first) ? first : "";
  return (
    <section class="tool-group" aria-label={name}>
      <h3>
        {name} {server && <ServerState server={server} />}
      </h3>
      {shared && <p class="tool-touches">{shared}</p>}
      {server?.error && <pre class="server-error">{server.error}</pre>}
      {server?.notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      <ul>
        {own.map((tool, at) => (
          <li key={tool.name}>
            <label>
              <input
                type="checkbox"
                aria-label={t("useTool", { name: tool.name })}
                checked={!off.value.includes(tool.name)}
                onChange={(event) => switchTool(tool.name, event.currentTarget.checked)}
              />
              <code>{tool.name}</code>
            </label>
            <span class={`approval-mode ${tool.approval}`}>
              {t(tool.approval === "deny" ? "deny_mode" : tool.approval)}
            </span>
            <span class="tool-touches">{(shared ? touches[at]?.[1] : touches[at]?.join(""))?.trim()}</span>
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
