/** Files on their way into a draft; what cannot be sent is named in a sentence, the rest goes in. */
import { size } from "../lib/numbers";
import { LARGEST, MOST, pictureOf, type Refusal } from "../lib/pictures";
import { t } from "../lib/words/chat";
import { draftOf, setPictures } from "./drafts";
import { tell } from "./notices";

export async function takePictures(draft: string, files: File[]): Promise<void> {
  for (const file of files) {
    if (draftOf(draft).pictures.value.length >= MOST) {
      tell(t("tooManyPictures", { count: MOST }), { bad: true });
      return;
    }
    const made = await pictureOf(file);
    if (typeof made === "string") tell(refused(file, made), { bad: true });
    else setPictures(draft, [...draftOf(draft).pictures.value, made]);
  }
}

function refused(file: File, why: Refusal): string {
  if (why === "large")
    return t("pictureTooLarge", { name: file.name, size: size(file.size), limit: size(LARGEST) });
  return t(why === "kind" ? "pictureKind" : "pictureUnreadable", { name: file.name });
}
