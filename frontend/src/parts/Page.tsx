import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

/** The room of a page that is not the chat: its title, and one column that scrolls. */
export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · kiro2chat`;
  }, [title]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <main id="content" class="page" tabIndex={0}>
      <h1>{title}</h1>
      {children}
    </main>
  );
}
