/** mcp.json: written here, looked at while it is written, tried out, and put in force. */
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../lib/errors";
import { t } from "../lib/words/agent";
import { occasion } from "../state/admitted";
import { files, loadFiles, type Which } from "../state/agentFiles";
import { AdminGate } from "./AdminGate";
import { Dialog } from "./Dialog";
import { McpFileEditor } from "./McpFileEditor";

export function McpEditor({ onClose }: { onClose: () => void }) {
  const [which, setWhich] = useState<Which>("user");
  useEffect(() => void loadFiles(), [occasion.value]);
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
          <McpFileEditor key={which} which={which} file={found.files[which]} />
        </>
      )}
    </Dialog>
  );
}
