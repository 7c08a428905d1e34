/** Where messages of the chat are written. */
import type { Signal } from "@preact/signals";
import { type Chat, type Picture, path } from "../lib/tree";
import { t } from "../lib/words/chat";
import { ask, growing, stop } from "../state/answers";
import { modelOf } from "../state/chats";
import { modelNamed } from "../state/models";
import { tell } from "../state/notices";
import { editing } from "../state/view";
import { Writer } from "./Writer";

export function Composer({ chat }: { chat: Signal<Chat> }) {
  const value = chat.value;
  const turns = path(value);
  const running = turns.find((turn) => growing.value.has(turn.id));
  const send = (text: string, pictures: Picture[]) => {
    if (pictures.length && modelNamed(modelOf(value))?.input_modalities.includes("image") === false) {
      tell(t("noPictures", { model: modelOf(value) }), { bad: true });
      return false;
    }
    ask(chat, turns.at(-1)?.id ?? "", text, pictures);
    return true;
  };
  const editLast = () => {
    const last = turns.findLast((turn) => turn.role === "user");
    if (last) editing.value = last.id;
  };
  return (
    <Writer
      draft={turns.length ? value.id : "new"}
      running={running !== undefined}
      onSend={send}
      onStop={() => running && stop(running.id)}
      onUp={editLast}
    />
  );
}
