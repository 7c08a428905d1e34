import { ApiError } from "../lib/errors";
import { t } from "../lib/words/shell";
import { Lacking } from "../parts/Lacking";
import { Page } from "../parts/Page";
import { useJson } from "../parts/useJson";

/** Whether this server has an agent at all. */
export default function Agent() {
  const found = useJson<{ data?: { name?: string }[] }>("/v1/agent/tools");
  const isMissing = found instanceof ApiError && found.status === 404;
  return (
    <Page title={t("agent")}>
      {isMissing ? (
        <p class="hint">{t("agentLater")}</p>
      ) : found === undefined || found instanceof ApiError ? (
        <Lacking error={found} />
      ) : (
        <ul>
          {found.data?.map(({ name }) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      )}
    </Page>
  );
}
