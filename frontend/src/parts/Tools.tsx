import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { getJson } from "../lib/api";
import { ApiError } from "../lib/errors";
import { t } from "../lib/words/chat";
import { Icon } from "./Icon";
import { type Item, Menu } from "./Menu";

/** Names of the agent's tools; undefined while they are looked for, which starts MCP servers the first time. */
const names = signal<string[] | undefined>(undefined);
const failure = signal("");

function look() {
  failure.value = "";
  getJson<{ tools: { name: string }[] }>("/v1/agent/tools").then(
    ({ tools }) => {
      names.value = tools.map(({ name }) => name);
    },
    (error: unknown) => {
      failure.value = error instanceof ApiError ? error.message : String(error);
    },
  );
}

/** The agent's tools, beside the model: asked for when somebody wants to see them, and not before. */
export function Tools() {
  const { route } = useLocation();
  const items = (): Item[] => {
    const told = failure.value || (names.value === undefined ? t("toolsLoading") : t("toolsNone"));
    const shown = names.value?.length && !failure.value ? names.value : [told];
    return shown.map((label) => ({ label, icon: "tool", run: () => route("/agent") }));
  };
  return (
    <Menu label={t("tools")} class="head-button" side="start" items={items} onOpen={look}>
      <Icon name="tool" size={16} />
      <span class="wide-only">{t("tools")}</span>
    </Menu>
  );
}
