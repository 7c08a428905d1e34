import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { apiKey, getJson } from "../lib/api";
import { t } from "../lib/words/chat";
import { Icon } from "./Icon";
import { Menu } from "./Menu";

/** As the list of an agent's tools may come: OpenAI's form of lists, with a name to each. */
interface ToolList {
  data?: { name?: unknown; id?: unknown }[];
}

const tools = signal<string[]>([]);

/** The agent's tools, beside the model. A server without an agent has none, and nothing is shown. */
export function Tools() {
  useEffect(() => {
    getJson<ToolList>("/v1/agent/tools").then(
      ({ data }) => {
        tools.value = (Array.isArray(data) ? data : []).map((each) => String(each.name ?? each.id ?? ""));
      },
      () => {},
    );
  }, [apiKey.value]);
  if (!tools.value.length) return null;
  return (
    <Menu
      label={t("tools")}
      class="head-button"
      side="start"
      items={tools.value.map((name) => ({ label: name, icon: "tool", run: () => {} }))}
    >
      <Icon name="tool" size={16} />
      <span class="wide-only">{t("toolsOf", { count: tools.value.length })}</span>
    </Menu>
  );
}
