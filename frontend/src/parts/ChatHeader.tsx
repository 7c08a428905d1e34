/** Above the conversation: who answers, its instructions and tools, and what can be done with all of it. */
import type { Signal } from "@preact/signals";
import type { Chat } from "../lib/tree";
import { t } from "../lib/words/chat";
import { t as shell } from "../lib/words/shell";
import { modelOf } from "../state/chats";
import { change, pin } from "../state/keeping";
import { remember } from "../state/models";
import { remove } from "../state/removing";
import { exportChat, shareChat } from "../state/transfers";
import { columnHidden, drawerOpen, sheet } from "../state/view";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";
import { Menu } from "./Menu";
import { ModelPicker } from "./ModelPicker";
import { Tools } from "./Tools";

export function ChatHeader({ chat }: { chat: Signal<Chat> }) {
  const value = chat.value;
  const isEmpty = Object.keys(value.turns).length === 0;
  const choose = (model: string) => {
    remember(model);
    change(chat, (old) => ({ ...old, model }));
  };
  const customised = Boolean(value.system || value.effort || value.maxTokens);
  return (
    <header class="head">
      <IconButton
        icon="list"
        class={columnHidden.value ? "list-toggle" : "list-toggle phone"}
        label={shell("openList")}
        onClick={() => {
          columnHidden.value = false;
          drawerOpen.value = true;
        }}
      />
      <ModelPicker value={modelOf(value)} onChoose={choose} />
      <Tools />
      <span class="grow" />
      <button
        type="button"
        class={customised ? "head-button on" : "head-button"}
        aria-label={t("instructions")}
        title={t("instructions")}
        onClick={() => (sheet.value = "instructions")}
      >
        <Icon name="sliders" />
        <span class="wide-only">{t("instructions")}</span>
      </button>
      <Menu
        label={t("more")}
        items={() => [
          ...(isEmpty
            ? []
            : [
                {
                  label: t(value.pinned ? "unpin" : "pin"),
                  icon: "pin" as const,
                  run: () => void pin(value.id, !value.pinned),
                },
                {
                  label: t("exportMarkdown"),
                  icon: "arrowDown" as const,
                  run: () => exportChat(value, "markdown"),
                },
                { label: t("exportJson"), icon: "arrowDown" as const, run: () => exportChat(value, "json") },
                { label: t("share"), icon: "globe" as const, run: () => void shareChat(value) },
              ]),
          { label: t("shortcuts"), icon: "keyboard", run: () => (sheet.value = "shortcuts") },
          ...(isEmpty
            ? []
            : [{ label: t("delete"), icon: "bin" as const, danger: true, run: () => void remove(value.id) }]),
        ]}
      >
        <Icon name="more" />
      </Menu>
    </header>
  );
}
