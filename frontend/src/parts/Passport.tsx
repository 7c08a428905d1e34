import { useState } from "preact/hooks";
import { lifeLeft, remaining, standing } from "../lib/remaining";
import { language } from "../lib/t";
import type { LoginInUse } from "../lib/wire";
import { kindName, t } from "../lib/words/login";
import { asError } from "../state/admitted";
import { loadLogin, plan, renew } from "../state/logins";
import { tell } from "../state/notices";
import { Marked } from "./Marked";
import { Meter } from "./Meter";
import { PlanShare } from "./PlanShare";
import { useNow } from "./useNow";

const STATES = {
  good: "stateGood",
  soon: "stateSoon",
  ended: "stateEnded",
  missing: "stateMissing",
} as const;

/** The login in use, as a passport: whose, where from, how long, and what is left of its plan. */
export function Passport({ login, fault, isDemo }: { login: LoginInUse; fault: string; isDemo: boolean }) {
  const now = useNow(5000);
  const state = standing(login, now);
  const account = plan.value?.account;
  const facts: [string, string][] = [
    ...(account ? ([[t("account"), account]] as [string, string][]) : []),
    [t("profile"), login.profile ?? t("noProfile")],
    [t("region"), login.region ?? "–"],
    [t("token"), login.token],
    [t("source"), login.source],
  ];
  return (
    <section class="passport" aria-label={t("inUse")}>
      <header class="passport-head">
        <div class="grow">
          <p class="passport-small">{t("inUse")}</p>
          <h2>{kindName(login.kind)}</h2>
        </div>
        <span class={`passport-state ${isDemo ? "demo" : state}`}>
          <span class={`dot ${isDemo ? "demo" : state}`} />
          {t(isDemo ? "stateDemo" : STATES[state])}
        </span>
      </header>
      <dl class="passport-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {fault && (
        <p class="passport-error" role="alert">
          <Marked text={fault} />
        </p>
      )}
      <Expiry login={login} now={now} />
      <PlanShare />
    </section>
  );
}

function Expiry({ login, now }: { login: LoginInUse; now: number }) {
  const [busy, setBusy] = useState(false);
  const { expires_at: ends, renewable } = login;
  const left = ends === null ? 0 : ends - now;
  const when = ends === null ? t("noEnd") : left > 0 ? t("endsIn", { time: remaining(left, language.value) }) : t("endedAt", { time: new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(ends * 1000) }); // biome-ignore format: one value
  const text = ends === null ? when : `${when} · ${t(renewable ? "renewedAlone" : "notRenewed")}`;
  const run = async () => {
    setBusy(true);
    try {
      await renew();
      tell(t("renewed"));
    } catch (error) {
      tell(asError(error).message, { bad: true });
      await loadLogin(); // it may have come to its end by that
    }
    setBusy(false);
  };
  return (
    <div class="passport-bar">
      <div class="row">
        <span class="grow">{text}</span>
        {renewable && (
          <button type="button" class="secondary" disabled={busy} onClick={run}>
            {t(busy ? "renewing" : "renew")}
          </button>
        )}
      </div>
      {ends !== null && (
        <Meter
          label={t("expiry")}
          share={lifeLeft(left)}
          text={when}
          tone={renewable || left > 900 ? "plain" : left > 0 ? "warn" : "bad"}
        />
      )}
    </div>
  );
}
