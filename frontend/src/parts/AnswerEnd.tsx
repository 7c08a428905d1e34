/** Below an answer that no longer grows: why it ended early if it did, and what can be done with it. */
import type { Signal } from "@preact/signals";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { answer } from "../state/answers";
import { modelOf } from "../state/chats";
import { change } from "../state/keeping";
import { models, remember } from "../state/models";
import { Branches } from "./Branches";
import { CopyButton } from "./CopyButton";
import { FailureCard } from "./FailureCard";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";
import { Menu } from "./Menu";
import { Stats } from "./Stats";

interface Props {
  chat: Signal<Chat>;
  turn: Turn;
  siblings: Turn[];
}

export function AnswerEnd({ chat, turn, siblings }: Props) {
  const again = (model: string) => answer(chat, turn.parent, model);
  const why = ending(turn);
  return (
    <>
      {why && <p class="ending">{why}</p>}
      {turn.failure && (
        <FailureCard
          failure={turn.failure}
          onRetry={() => answer(chat, turn.parent, modelOf(chat.value), turn)}
        />
      )}
      <div class="actions">
        <Branches chat={chat} turn={turn} siblings={siblings} />
        {turn.text && <CopyButton text={() => turn.text} label={t("copy")} />}
        <IconButton
          icon="again"
          size={16}
          label={t("regenerate")}
          onClick={() => again(turn.model ?? modelOf(chat.value))}
        />
        <Menu
          label={t("regenerateWith")}
          class="icon-button narrow"
          side="start"
          items={() =>
            models.value.map((model) => ({
              label: model.id,
              checked: model.id === turn.model,
              run: () => {
                remember(model.id);
                change(chat, (value) => ({ ...value, model: model.id }));
                again(model.id);
              },
            }))
          }
        >
          <Icon name="down" size={14} />
        </Menu>
        <Stats turn={turn} />
      </div>
    </>
  );
}

function ending(turn: Turn): string {
  if (turn.state === "streaming") return t("elsewhere");
  if (turn.state === "stopped") return t("stopped");
  if (turn.state === "cut") return t("cut");
  if (turn.finish === "length") return t("limited");
  return turn.finish === "content_filter" ? t("filtered") : "";
}
