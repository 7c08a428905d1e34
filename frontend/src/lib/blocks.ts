/**
 * Markdown as it grows, in blocks. The parser itself says where they end: what lies before the last block can no longer
 * change, so it is parsed and rendered once, and each new piece of text costs only what is still open. Long lists and
 * tables are sealed piece by piece. Only the address of a link that comes later reaches back, to those that wait for it.
 */
import type { Env, Token } from "./markup";
import { mended } from "./mended";
import { isLoose, type Kind, linesOf, loosen, type Segment, segmentsOf } from "./segments";

export interface Markup {
  parse: (text: string, env: Env) => Token[];
  nameOf: (label: string) => string;
}

/** Some items of a list, some rows of a table, or all of anything else. Never changed, but replaced. */
export interface Piece {
  tokens: Token[];
}

/** Never changed, but replaced. */
export interface Block {
  kind: Kind;
  /** What opens a list, and the head of a table. */
  head: Token[];
  pieces: Piece[];
  isLoose: boolean;
}

/** A piece that names what has no address yet. */
interface Waiting {
  block: number;
  piece: number;
  text: string;
}

const SOME = 8; // items or rows that stay open before they are sealed together

export class Blocks {
  readonly #done: Block[] = [];
  #text = "";
  #start = 0; // of what is open
  /** The open text goes on with the last block that is done, if it is read behind this: the head of a table. */
  #before: string | null = null;
  #open: Block[] = [];
  #given: { blocks: Block[]; growing: boolean } | null = null;
  readonly #references: Env["references"] = Object.create(null);
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(private readonly markup: Markup) {}

  /** Whether a text is the one so far, and perhaps more. */
  isBegunBy(text: string): boolean {
    return text.startsWith(this.#text);
  }

  /** All blocks of a text that begins with what was given before; `growing`: more is to come. The same for the same. */
  feed(text: string, growing: boolean): Block[] {
    if (this.#given?.growing !== growing || this.#text !== text)
      this.#given = { blocks: this.#all(text, growing), growing };
    return this.#given.blocks;
  }

  #all(text: string, growing: boolean): Block[] {
    this.#text = text;
    const rest = text.slice(this.#start);
    this.#read((this.#before ?? "") + (growing ? mended(rest) : rest), growing);
    const last = this.#done.at(-1);
    const [more, ...others] = this.#open;
    if (this.#before === null || !last || !more) return [...this.#done, ...this.#open];
    return [...this.#done.slice(0, -1), { ...last, pieces: [...last.pieces, ...more.pieces] }, ...others];
  }

  #read(source: string, growing: boolean): void {
    const env: Env = { references: Object.create(this.#references) };
    const segments = segmentsOf(this.markup.parse(source, env));
    const lines = linesOf(source);
    const isBlank = (line: number) => !source.slice(lines[line], lines[line + 1]).trim();
    const loose = segments.map((each) => isLoose(each, isBlank));
    if (segments[0]?.kind !== this.#done.at(-1)?.kind || segments[0]?.from) this.#before = null;
    if (this.#before !== null && loose[0]) this.#loosen();

    const cut = growing ? cutOf(segments, lines, isBlank, env.unclosed) : 0;
    if (cut) {
      this.#seal(source.slice(0, lines[cut]), loose);
      this.#start += (lines[cut] ?? 0) - (this.#before?.length ?? 0);
      const last = segments.at(-1) as Segment;
      this.#before =
        cut > last.from
          ? last.kind === "table"
            ? source.slice(lines[last.from], lines[last.from + 2])
            : ""
          : null;
      this.#found(Object.keys(env.references));
      this.#read((this.#before ?? "") + source.slice(lines[cut]), growing);
      return;
    }
    const goesOn = this.#before !== null && this.#done.at(-1)?.isLoose;
    this.#open = segments.map((each, at) => blockOf(each, Boolean(loose[at] || (!at && goesOn))));
    if (growing) return;
    Object.assign(this.#references, env.references);
    this.#found(Object.keys(env.references));
  }

  /** Takes in what can no longer change. It is read alone, so that only its own addresses count. */
  #seal(source: string, loose: boolean[]): void {
    const segments = segmentsOf(this.markup.parse(source, { references: this.#references }));
    const lines = linesOf(source);
    segments.forEach((segment, at) => {
      const last = this.#done.at(-1);
      const text = source.slice(lines[segment.from], lines[segment.to]);
      const goesOn = at === 0 && this.#before !== null && last;
      const block = blockOf(segment, Boolean(loose[at] || (goesOn && last.isLoose)));
      if (goesOn) this.#done[this.#done.length - 1] = { ...last, pieces: [...last.pieces, ...block.pieces] };
      else this.#done.push(block);
      if (block.pieces.length) this.#wait(text, block);
    });
  }

  #wait(text: string, { head, pieces }: Block): void {
    const block = this.#done.length - 1;
    const piece = (this.#done[block]?.pieces.length ?? 1) - 1;
    for (const label of labelsIn([...head, ...pieces.flatMap(({ tokens }) => tokens)])) {
      const name = this.markup.nameOf(label);
      if (name in this.#references) continue;
      const others = this.#waiting.get(name) ?? [];
      this.#waiting.set(name, [...others, { block, piece, text }]);
    }
  }

  /** Who waited for these names is read again. */
  #found(names: string[]): void {
    for (const name of names) {
      if (!(name in this.#references)) continue;
      for (const { block, piece, text } of this.#waiting.get(name) ?? []) {
        const old = this.#done[block];
        const [segment] = segmentsOf(this.markup.parse(text, { references: this.#references }));
        if (!old || !segment) continue;
        const { head, pieces } = blockOf(segment, old.isLoose);
        this.#done[block] = {
          ...old,
          head: piece ? old.head : head,
          pieces: old.pieces.with(piece, pieces[0] ?? { tokens: [] }),
        };
      }
      this.#waiting.delete(name);
    }
  }

  #loosen(): void {
    const last = this.#done.at(-1);
    if (!last || last.isLoose) return;
    const pieces = last.pieces.map(({ tokens }) => ({ tokens: loosen(tokens) }));
    this.#done[this.#done.length - 1] = { ...last, pieces, isLoose: true };
  }
}

function blockOf({ kind, head, units }: Segment, loose: boolean): Block {
  const tokens = units.flat();
  return {
    kind,
    head,
    pieces: tokens.length ? [{ tokens: loose ? loosen(tokens) : tokens }] : [],
    isLoose: loose,
  };
}

/** The line before which nothing can change any more, 0 for none. */
function cutOf(
  segments: Segment[],
  lines: number[],
  isBlank: (line: number) => boolean,
  unclosed = Number.POSITIVE_INFINITY,
): number {
  const last = segments.at(-1);
  const other = segments.at(-2);
  if (!last) return 0;
  // A line that is not whole may yet belong to what is above it, and so may one below an address, as its title.
  const firstLines = last.kind === "table" ? 2 : 1;
  const isWhole = lines[last.from + firstLines] !== undefined && other?.to === last.from;
  if (other && (last.from > unclosed || !(isWhole || isBlank(last.from - 1)))) return 0;
  const unit = last.units.at(-1)?.[0]?.map?.[0] ?? 0;
  const isLong = last.kind !== "plain" && last.units.length > SOME && unit <= unclosed;
  return isLong ? unit : other ? last.from : 0;
}

function labelsIn(tokens: Token[]): string[] {
  const texts = tokens.filter(({ type, content }) => type === "inline" && content.includes("["));
  return texts.flatMap(({ content }) =>
    [...content.matchAll(/\[([^[\]]+)\]/g)].map(([, label = ""]) => label),
  );
}
