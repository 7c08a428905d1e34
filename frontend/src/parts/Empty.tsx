import type { Signal } from "@preact/signals";
import type { Chat } from "../lib/tree";
import { t } from "../lib/words/chat";
import { t as shell } from "../lib/words/shell";
import { modelOf } from "../state/chats";
import { writeText } from "../state/drafts";
import { modelNamed } from "../state/models";
import { loginState } from "../state/server";

const STATES = {
  demo: "loginDemo",
  good: "loginGood",
  soon: "loginSoon",
  ended: "loginEnded",
  missing: "loginMissing",
  unknown: "",
} as const;

/** A conversation before its first word: who answers, four examples, how the login stands. */
export function Empty({ chat }: { chat: Signal<Chat> }) {
  const model = modelOf(chat.value);
  const state = STATES[loginState.value];
  const examples = [t("example1"), t("example2"), t("example3"), t("example4")];
  const take = (text: string) => {
    writeText("new", text);
    const area = document.querySelector<HTMLTextAreaElement>(".composer textarea");
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(text.length, text.length);
    });
  };
  return (
    <div class="empty">
      <h1>{t("greeting")}</h1>
      <p class="empty-model">{modelNamed(model)?.name ?? model}</p>
      <div class="examples">
        {examples.map((text) => (
          <button key={text} type="button" class="example" onClick={() => take(text)}>
            {text}
          </button>
        ))}
      </div>
      {state && (
        <p class="empty-login">
          <span class={`dot ${loginState.value}`} /> {shell(state)}
        </p>
      )}
    </div>
  );
}
