/**
 * Markdown as elements, block by block. What is done is rendered once: its element is kept, and the same element is given
 * to Preact again, which then does not look into it. Blocks stand in groups, so that the browser need not lay out all.
 */
import { signal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { type Block, Blocks, type Markup, type Piece } from "../lib/blocks";
import type { Token } from "../lib/markup";
import { elements, listOf, tableOf } from "./elements";

/** The parser, once it is there. */
const markup = signal<Markup | null>(null);
let asked = false;

export function loadMarkup(): void {
  if (asked) return;
  asked = true;
  import("../lib/markup").then(
    (module) => {
      markup.value = module;
    },
    () => {
      asked = false;
    },
  );
}

const GROUP = 24; // blocks

class Rendered {
  #blocks: Blocks;
  readonly #made = new WeakMap<Piece | Block, VNode>();
  #groups: { blocks: Block[]; node: VNode }[] = [];
  #shown: Block[] | null = null;
  #nodes: VNode[] = [];

  constructor(private readonly markup: Markup) {
    this.#blocks = new Blocks(markup);
  }

  of(text: string, growing: boolean): VNode[] {
    if (!this.#blocks.isBegunBy(text)) this.#blocks = new Blocks(this.markup);
    const blocks = this.#blocks.feed(text, growing);
    if (blocks === this.#shown) return this.#nodes;
    this.#shown = blocks;
    const count = Math.ceil(blocks.length / GROUP);
    this.#groups = Array.from({ length: count }, (_, at) =>
      this.#group(at, blocks.slice(at * GROUP, (at + 1) * GROUP), growing && at === count - 1),
    );
    this.#nodes = this.#groups.map(({ node }) => node);
    return this.#nodes;
  }

  #group(at: number, blocks: Block[], growing: boolean) {
    const known = this.#groups[at];
    const isSame =
      known?.blocks.length === blocks.length && blocks.every((each, n) => each === known.blocks[n]);
    if (known && isSame && !growing) return known;
    const nodes = blocks.map((block, n) => this.#block(block, n, growing && n === blocks.length - 1));
    return {
      blocks,
      node: (
        <div class={blocks.length === GROUP ? "blocks sealed" : "blocks"} key={at}>
          {nodes}
        </div>
      ),
    };
  }

  #block(block: Block, key: number, growing: boolean): VNode {
    const [only] = block.pieces;
    if (block.kind === "plain" && only) return this.#piece(only, key, growing);
    const known = growing ? undefined : this.#made.get(block);
    if (known) return known;
    const last = block.pieces.length - 1;
    const pieces = block.pieces.map((piece, at) => this.#piece(piece, at, growing && at === last));
    const node = block.kind === "list" ? listOf(block, pieces, key) : tableOf(block, pieces, key);
    if (!growing) this.#made.set(block, node);
    return node;
  }

  #piece(piece: Piece, key: number, growing: boolean): VNode {
    const known = growing ? undefined : this.#made.get(piece);
    const node = known ?? <Tokens key={key} tokens={piece.tokens} growing={growing} />;
    if (!growing) this.#made.set(piece, node);
    return node;
  }
}

function Tokens({ tokens, growing }: { tokens: Token[]; growing: boolean }) {
  return <>{elements(tokens, growing)}</>;
}

interface Props {
  text: string;
  /** More is to come. */
  growing?: boolean;
}

export function Markdown({ text, growing = false }: Props) {
  loadMarkup();
  const parser = markup.value;
  const rendered = useMemo(() => parser && new Rendered(parser), [parser]);
  if (!rendered) return <div class="markdown plain">{text}</div>;
  return <div class={growing ? "markdown growing" : "markdown"}>{rendered.of(text, growing)}</div>;
}
