/** What tabs on the same database tell each other. */

export interface News {
  chat: string;
  /** What happened to it: it was kept, taken away, brought back, or let go for good. */
  was: "kept" | "removed" | "restored" | "dropped";
  /** The answer of it that still comes, or came until its tab went. */
  live?: string;
  gone?: string;
}

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("kiro2chat") : null;

export function say(news: News): void {
  channel?.postMessage(news);
}

export function hear(listener: (news: News) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<News>) => listener(data));
}
