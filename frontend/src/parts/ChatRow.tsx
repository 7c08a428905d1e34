import { useEffect, useRef, useState } from "preact/hooks";
import type { Head } from "../lib/db";
import { t } from "../lib/words/chat";
import { growing } from "../state/answers";
import { isComposing } from "../state/composing";
import { pin, rename } from "../state/keeping";
import { remove } from "../state/removing";
import { Icon } from "./Icon";
import { Menu } from "./Menu";

interface Props {
  head: Head;
  current: boolean;
  excerpt?: string;
  onOpen: () => void;
}

/** One conversation in the list. */
export function ChatRow({ head, current, excerpt, onOpen }: Props) {
  const [naming, setNaming] = useState(false);
  if (naming) {
    const done = (title: string | null) => {
      setNaming(false);
      if (title) void rename(head.id, title);
    };
    return <Naming title={head.title} onDone={done} />;
  }
  return (
    <div class={current ? "chat-row current" : "chat-row"}>
      <a
        href={`/?chat=${head.id}`}
        aria-current={current ? "page" : undefined}
        title={head.title}
        onClick={onOpen}
      >
        <span class="chat-title">{head.title}</span>
        {excerpt && <span class="chat-excerpt">{excerpt}</span>}
      </a>
      {[...growing.value.values()].some((each) => each.chat === head.id) && (
        <span class="spinner" role="img" aria-label={t("answering")} title={t("answering")} />
      )}
      {head.pinned && <Icon name="pin" size={14} />}
      <Menu
        label={`${t("more")}: ${head.title}`}
        items={() => [
          { label: t("rename"), icon: "edit", run: () => setNaming(true) },
          {
            label: t(head.pinned ? "unpin" : "pin"),
            icon: "pin",
            run: () => void pin(head.id, !head.pinned),
          },
          { label: t("delete"), icon: "bin", danger: true, run: () => void remove(head.id) },
        ]}
      >
        <Icon name="more" size={18} />
      </Menu>
    </div>
  );
}

function Naming({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const ended = useRef(false);
  useEffect(() => input.current?.select(), []);
  // A field that is taken away loses the focus as well: whatever came first is meant.
  const end = (title: string | null) => {
    if (ended.current) return;
    ended.current = true;
    onDone(title);
  };
  return (
    <input
      ref={input}
      class="field"
      aria-label={t("renameLabel")}
      defaultValue={title}
      maxLength={200}
      onBlur={(event) => end(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (isComposing(event)) return;
        if (event.key === "Enter") end(event.currentTarget.value);
        else if (event.key === "Escape") end(null);
      }}
    />
  );
}
