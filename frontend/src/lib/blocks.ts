/**
 * Markdown cut into blocks that stand alone, as the text grows: what is done never changes again, so it is rendered once,
 * and each new piece of text costs only the block that is still open. Only whole lines are looked at, each of them once.
 */

const FENCE = /^(\s*)(`{3,}|~{3,})(.*)$/;
const ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const DEFINITION = /^ {0,3}\[[^\]]+\]:\s*\S/;

export class Blocks {
  /** Grows at its end only. */
  readonly done: string[] = [];
  /** Link definitions so far: any block may refer to them. */
  definitions = "";
  #text = "";
  #start = 0; // of the open block
  #next = 0; // line to be looked at
  #fence = ""; // what opened the code block that is open
  #maths = ""; // what will close the formula that is open
  #isList = false;
  #afterBlank = false;

  /** The text so far, which begins with what was given before. Returns the open block. */
  feed(text: string): string {
    this.#text = text;
    for (;;) {
      const end = text.indexOf("\n", this.#next);
      if (end < 0) break;
      this.#line(text.slice(this.#next, end), end + 1);
      this.#next = end + 1;
    }
    return text.slice(this.#start);
  }

  #line(line: string, after: number): void {
    if (this.#fence) {
      if (closes(line, this.#fence)) {
        this.#fence = "";
        if (!this.#isList) this.#cut(after);
      }
      return;
    }
    if (this.#maths) {
      if (line.includes(this.#maths)) {
        this.#maths = "";
        if (!this.#isList) this.#cut(after);
      }
      return;
    }
    if (!line.trim()) {
      this.#afterBlank = true;
      return;
    }
    const isItem = ITEM.test(line);
    const goesOn = /^(?: {4}|\t)/.test(line) || (this.#isList && (isItem || /^\s/.test(line)));
    const fence = FENCE.exec(line);
    const isFence = fence !== null && !(fence[2]?.startsWith("`") && fence[3]?.includes("`"));
    const maths = opensMaths(line);
    const standsAlone = (isFence || maths) && !/^\s{4}/.test(line) && !(this.#isList && /^\s/.test(line));
    if ((this.#afterBlank && !goesOn) || standsAlone) this.#cut(this.#next);
    if (this.#next === this.#start) this.#isList = isItem;
    this.#afterBlank = false;
    if (isFence && (standsAlone || this.#isList)) this.#fence = fence[2] ?? "";
    else if (maths && (standsAlone || this.#isList)) this.#maths = maths;
    else if (DEFINITION.test(line)) this.definitions += `${line}\n`;
  }

  #cut(at: number): void {
    const block = this.#text.slice(this.#start, at);
    if (block.trim()) this.done.push(block);
    this.#start = at;
    this.#isList = false;
    this.#afterBlank = false;
  }
}

function closes(line: string, fence: string): boolean {
  const found = FENCE.exec(line);
  return found !== null && !found[3]?.trim() && (found[2] ?? "").startsWith(fence);
}

/** What will close the formula that a line opens, "" where it opens none or closes it itself. */
function opensMaths(line: string): string {
  const start = line.trim();
  if (start.startsWith("$$")) return start.indexOf("$$", 2) < 0 ? "$$" : "";
  if (start.startsWith("\\[")) return start.includes("\\]") ? "" : "\\]";
  return "";
}

/** A block that is still being written, such that its last marks do not flicker: half a fence, bold, code or a link. */
export function mended(open: string): string {
  const at = open.lastIndexOf("\n") + 1;
  const last = open.slice(at);
  if (/^\s*(?:`{1,}[\w+#.-]*|~{1,}|[-*+]|\d+[.)]?|#{1,6}|\$\$?)$/.test(last)) return open.slice(0, at);
  if ((open.match(/^\s*(?:`{3,}|~{3,})/gm)?.length ?? 0) % 2) return open;
  if (count(last, "`") % 2) return `${open}\``;
  if (count(last, "**") % 2) return last.endsWith("**") ? open.slice(0, -2) : `${open.replace(/\*$/, "")}**`;
  return open.replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1");
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
