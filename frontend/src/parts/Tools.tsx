import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { getJson } from "../lib/api";
import { ApiError } from "../lib/errors";
import { t } from "../lib/words/chat";
import { Icon } from "./Icon";
import { type Item, Menu } from "./Menu";

interface Tool {
  name: string;
  description: string;
}

/** The agent's tools; undefined while they are looked for, which starts MCP servers the first time. */
const tools = signal<Tool[] | undefined>(undefined);
const failure = signal("");

function look() {
  failure.value = "";
  getJson<{ tools: Tool[] }>("/v1/agent/tools").then(
    (found) => {
      tools.value = found.tools;
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
    const told = failure.value || (tools.value === undefined ? t("toolsLoading") : t("toolsNone"));
    const shown = tools.value?.length && !failure.value ? tools.value : [{ name: told, description: "" }];
    return shown.map(({ name, description = "" }) => ({
      label: name,
      about: description.trim().split("\n", 1)[0] ?? "",
      icon: "tool",
      run: () => route("/agent"),
    }));
  };
  return (
    <Menu label={t("tools")} class="head-button" side="start" items={items} onOpen={look}>
      <Icon name="tool" size={16} />
      <span class="wide-only">{t("tools")}</span>
    </Menu>
  );
}
