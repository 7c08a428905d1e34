import type { Signal } from "@preact/signals";
import type { Chat } from "../lib/tree";
import { sheet } from "../state/view";
import { Instructions } from "./Instructions";

/** Whatever lies over the chat. */
export function Sheets({ chat }: { chat: Signal<Chat> }) {
  if (sheet.value !== "instructions") return null;
  return (
    <Instructions
      chat={chat}
      onClose={() => {
        sheet.value = "";
      }}
    />
  );
}
