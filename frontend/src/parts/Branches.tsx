import type { Signal } from "@preact/signals";
import { type Chat, choose, type Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { change } from "../state/keeping";
import { IconButton } from "./IconButton";

/** ‹2/3›: the versions of a question or an answer. */
export function Branches({ chat, turn, siblings }: { chat: Signal<Chat>; turn: Turn; siblings: Turn[] }) {
  if (siblings.length < 2) return null;
  const at = siblings.findIndex((each) => each.id === turn.id);
  const show = (to: number) => {
    const other = siblings[to];
    if (other) change(chat, (value) => choose(value, other));
  };
  return (
    <span class="branches">
      <IconButton
        icon="left"
        size={16}
        label={t("previousBranch")}
        disabled={at === 0}
        onClick={() => show(at - 1)}
      />
      <span>{`${at + 1}/${siblings.length}`}</span>
      <IconButton
        icon="right"
        size={16}
        label={t("nextBranch")}
        disabled={at === siblings.length - 1}
        onClick={() => show(at + 1)}
      />
    </span>
  );
}
