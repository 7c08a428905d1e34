/** A text that is still being written, such that its last marks do not flicker: half a fence, bold, code or a link. */
export function mended(open: string): string {
  const at = open.lastIndexOf("\n") + 1;
  const last = open.slice(at);
  if (/^\s*(?:`{1,}[\w+#.-]*|~{1,}|[-*+_=][-*+_=\s]*|\d+[.)]?|#{1,6}|\$\$?)$/.test(last))
    return open.slice(0, at);
  if ((open.match(/^\s*(?:`{3,}|~{3,})/gm)?.length ?? 0) % 2) return open;
  if (count(last, "`") % 2) return `${open}\``;
  if (count(last, "**") % 2) return last.endsWith("**") ? open.slice(0, -2) : `${open.replace(/\*$/, "")}**`;
  return open.replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1");
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
