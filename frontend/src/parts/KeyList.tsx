import { useEffect, useState } from "preact/hooks";
import { share } from "../lib/keys";
import { brief } from "../lib/numbers";
import { language } from "../lib/t";
import type { KeyListed } from "../lib/wire";
import { t } from "../lib/words/keys";
import { occasion } from "../state/admitted";
import { keys, keysFailed, loadKeys } from "../state/keys";
import { AdminGate } from "./AdminGate";
import { KeyForm } from "./KeyForm";
import { Lacking } from "./Lacking";
import { Meter } from "./Meter";
import { RevokeKey } from "./RevokeKey";

/** The API keys: whose they are, what they may and what they used; a new one, and taking one back. */
export function KeyList() {
  const [making, setMaking] = useState(false);
  const [leaving, setLeaving] = useState<KeyListed | null>(null);
  useEffect(() => void loadKeys(), [occasion.value]);
  const list = keys.value;
  if (keysFailed.value) return <AdminGate error={keysFailed.value} onRetry={loadKeys} />;
  return (
    <section aria-label={t("keys")}>
      <div class="row">
        <h2 class="grow">{t("keys")}</h2>
        <button type="button" class="primary" onClick={() => setMaking(true)}>
          {t("create")}
        </button>
      </div>
      <p class="setting-note">{t("about")}</p>
      {!list ? (
        <Lacking error={undefined} />
      ) : list.length === 0 ? (
        <p class="keys-none">
          {t("none")} {t("open")}
        </p>
      ) : (
        <ul class="key-list">
          {list.map((key) => (
            <KeyCard key={key.id} value={key} onRevoke={() => setLeaving(key)} />
          ))}
        </ul>
      )}
      {making && <KeyForm isFirst={list?.length === 0} onClose={() => setMaking(false)} />}
      {leaving && <RevokeKey value={leaving} onClose={() => setLeaving(null)} />}
    </section>
  );
}

function KeyCard({ value, onRevoke }: { value: KeyListed; onRevoke: () => void }) {
  const date = (seconds: number) =>
    new Intl.DateTimeFormat(language.value, { dateStyle: "medium" }).format(seconds * 1000);
  const { expires_at: ends, tokens_per_day: perDay, credits_per_month: perMonth } = value;
  const isOver = ends !== null && ends * 1000 < Date.now();
  const facts = !value.readable
    ? [t("unreadable")]
    : [
        t("created", { date: date(value.created_at) }),
        ends === null ? t("never") : t(isOver ? "ended" : "ends", { date: date(ends) }),
        value.metrics ? t("metrics") : value.models.length ? value.models.join(", ") : t("allModels"),
        ...(value.requests_per_minute ? [t("rate", { count: value.requests_per_minute })] : []),
        ...(value.login ? [`${t("login")}: ${value.login}`] : []),
      ];
  return (
    <li class={isOver ? "key-card over" : "key-card"}>
      <div class="row">
        <strong class="grow key-name">{value.readable ? value.name : "?"}</strong>
        <code class="key-id">{value.id}</code>
        <button
          type="button"
          class="secondary"
          aria-label={t("revokeOf", { name: value.name })}
          onClick={onRevoke}
        >
          {t("revoke")}
        </button>
      </div>
      <p class="key-facts">{facts.join(" · ")}</p>
      {value.readable && (
        <div class="key-uses">
          <Use name={t("today")} used={value.used.tokens_today} limit={perDay} format={brief} />
          <Use name={t("month")} used={value.used.credits_this_month} limit={perMonth} format={credits} />
        </div>
      )}
    </li>
  );
}

function credits(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, "");
}

interface UseProps {
  name: string;
  used: number;
  limit: number | null;
  format: (value: number) => string;
}

function Use({ name, used, limit, format }: UseProps) {
  const text = limit === null ? format(used) : t("of", { used: format(used), limit: format(limit) });
  const part = limit === null ? 0 : share(used, limit);
  return (
    <div class="key-use">
      <span>{name}</span> <strong>{text}</strong>
      {limit !== null && (
        <Meter
          label={name}
          share={part}
          text={text}
          tone={part >= 1 ? "bad" : part > 0.8 ? "warn" : "plain"}
        />
      )}
    </div>
  );
}
