/** mcp.json: written here, looked at while it is written, tried out, and put in force. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../lib/errors";
import type { AgentServer, McpFile, McpProblem } from "../lib/wire";
import { t } from "../lib/words/agent";
import { admission, asError } from "../state/admitted";
import { check, files, loadFiles, tryOut, type, typed, type Which, write } from "../state/agentFiles";
import { tell } from "../state/notices";
import { AdminGate } from "./AdminGate";
import { ServerState } from "./AgentTools";
import { Dialog } from "./Dialog";

const EMPTY = '{\n  "mcpServers": {}\n}\n';
const PAUSE = 400; // milliseconds after the last letter, before the text is looked at

export function McpEditor({ onClose }: { onClose: () => void }) {
  const [which, setWhich] = useState<Which>("user");
  useEffect(() => void loadFiles(), [admission.value]);
  const found = files.value;
  return (
    <Dialog title={t("mcp")} wide onClose={onClose}>
      {found instanceof ApiError && <AdminGate error={found} onRetry={() => void loadFiles()} />}
      {found !== undefined && !(found instanceof ApiError) && (
        <>
          <div class="row mcp-files" role="group" aria-label={t("mcp")}>
            {(["user", "workspace"] as const).map((name) => (
              <button
                key={name}
                type="button"
                class={which === name ? "secondary on" : "secondary"}
                aria-pressed={which === name}
                onClick={() => setWhich(name)}
              >
                {t(name === "user" ? "userFile" : "workspaceFile")}
              </button>
            ))}
            <code class="mcp-path">{found.files[which].path}</code>
          </div>
          <Editor key={which} which={which} file={found.files[which]} />
        </>
      )}
    </Dialog>
  );
}

function Editor({ which, file }: { which: Which; file: McpFile }) {
  const kept = file.text ?? EMPTY;
  const text = typed.value[which] ?? kept;
  const [problems, setProblems] = useState<McpProblem[]>(file.problems);
  const [tried, setTried] = useState<AgentServer[] | null>(null);
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const isChanged = text !== kept;
  useEffect(() => {
    if (!isChanged) {
      setProblems(file.problems);
      return;
    }
    const timer = setTimeout(
      () =>
        check(which, text).then(
          (found) => {
            setProblems(found.problems);
            setFailed("");
          },
          (error: unknown) => setFailed(asError(error).message),
        ),
      PAUSE,
    );
    return () => clearTimeout(timer);
  }, [text, file]);
  const doing = (work: Promise<void>) => {
    setBusy(true);
    setFailed("");
    work.catch((error: unknown) => setFailed(asError(error).message)).finally(() => setBusy(false));
  };
  return (
    <div class="mcp-editor">
      {file.text === null && file.problems.length > 0 && <p class="hint">{t("notJson")}</p>}
      <textarea
        class="field mcp-text"
        rows={14}
        spellcheck={false}
        aria-label={t("fileText")}
        value={text}
        onInput={(event) => type(which, event.currentTarget.value)}
      />
      <p class="hint">{t("secretsHidden")}</p>
      <ul class="mcp-problems" aria-live="polite">
        {problems.map((problem) => (
          <li key={`${problem.member}${problem.message}`}>
            {problem.line === null
              ? problem.message
              : t("line", { line: problem.line, message: problem.message })}
          </li>
        ))}
        {isChanged && !problems.length && !failed && <li class="good">{t("noProblems")}</li>}
        {failed && <li role="alert">{failed}</li>}
      </ul>
      {tried && (
        <ul class="mcp-tried">
          {tried.map((server) => (
            <li key={server.name}>
              <strong>{server.name}</strong> <ServerState server={server} />
              {server.error && <pre class="server-error">{server.error}</pre>}
            </li>
          ))}
        </ul>
      )}
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={busy || !isChanged || problems.some((problem) => !problem.note)}
          onClick={() => doing(write(which, text, file.version).then(() => tell(t("saved"))))}
        >
          {t("save")}
        </button>
        <button
          type="button"
          class="secondary"
          disabled={busy}
          onClick={() => doing(tryOut(which, text).then(setTried))}
        >
          {t("tryOut")}
        </button>
        {isChanged && (
          <button
            type="button"
            class="link"
            disabled={busy}
            onClick={() => {
              type(which, undefined);
              setFailed("");
              void loadFiles();
            }}
          >
            {t("discard")}
          </button>
        )}
        {busy && <span class="spinner" />}
      </div>
    </div>
  );
}
