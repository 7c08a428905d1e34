import type { Signal } from "@preact/signals";
import type { Chat } from "../lib/tree";
import { sheet } from "../state/view";
import { Instructions } from "./Instructions";
import { Shortcuts } from "./Shortcuts";

/** Whichever sheet lies over the chat. */
export function Sheets({ chat }: { chat: Signal<Chat> }) {
  const close = () => {
    sheet.value = "";
  };
  if (sheet.value === "instructions") return <Instructions chat={chat} onClose={close} />;
  if (sheet.value === "shortcuts") return <Shortcuts onClose={close} />;
  return null;
}
