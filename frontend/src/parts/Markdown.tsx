/**
 * Markdown as elements, block by block. A done block is rendered once: its element is kept, and the same element is given
 * to Preact again, which then does not look into it. Done blocks are sealed in groups, so that even their number is small.
 */
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Blocks, mended } from "../lib/blocks";
import type { Token } from "../lib/markup";
import { elements } from "./elements";

type Parse = (text: string, definitions?: string) => Token[];

/** The parser, once it is there. */
const parse = signal<Parse | null>(null);
let asked = false;

export function loadMarkup(): void {
  if (asked) return;
  asked = true;
  import("../lib/markup").then(
    (module) => {
      parse.value = module.parse;
    },
    () => {
      asked = false;
    },
  );
}

const SEALED = 24; // blocks to a group

class Rendered {
  blocks = new Blocks();
  text = "";
  groups: VNode[] = [];
  singles: VNode[] = [];
  definitions = "";

  of(text: string, growing: boolean): VNode[] {
    if (!text.startsWith(this.text) || this.definitions !== this.blocks.definitions) this.reset();
    this.text = text;
    const open = this.blocks.feed(text);
    this.definitions = this.blocks.definitions;
    const { done } = this.blocks;
    for (let at = this.groups.length * SEALED + this.singles.length; at < done.length; at++) {
      this.singles.push(<Block key={at} text={done[at] ?? ""} definitions={this.definitions} />);
      if (this.singles.length < SEALED) continue;
      this.groups.push(
        <div class="sealed" key={`g${this.groups.length}`}>
          {this.singles}
        </div>,
      );
      this.singles = [];
    }
    const last = growing ? mended(open) : open;
    const tail = last.trim() ? (
      <Block key={done.length} text={last} definitions={this.definitions} growing={growing} />
    ) : null;
    return [...this.groups, ...this.singles, ...(tail ? [tail] : [])];
  }

  private reset(): void {
    this.blocks = new Blocks();
    this.groups = [];
    this.singles = [];
  }
}

interface Props {
  text: string;
  /** More is to come. */
  growing?: boolean;
}

export function Markdown({ text, growing = false }: Props) {
  loadMarkup();
  const rendered = useMemo(() => new Rendered(), []);
  if (!parse.value) return <div class="markdown plain">{text}</div>;
  return <div class={growing ? "markdown growing" : "markdown"}>{rendered.of(text, growing)}</div>;
}

function Block({
  text,
  definitions,
  growing = false,
}: {
  text: string;
  definitions: string;
  growing?: boolean;
}) {
  const tokens = useMemo(() => parse.value?.(text, definitions) ?? [], [text, definitions]);
  return <>{elements(tokens, growing)}</>;
}
