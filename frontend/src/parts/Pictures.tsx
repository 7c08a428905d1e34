import { useState } from "preact/hooks";
import type { Picture } from "../lib/tree";
import { t } from "../lib/words/chat";
import { Dialog } from "./Dialog";
import { IconButton } from "./IconButton";

interface Props {
  pictures: Picture[];
  onRemove?: (picture: Picture) => void;
}

/** Small pictures in a row; a click shows one large. */
export function Pictures({ pictures, onRemove }: Props) {
  const [shown, setShown] = useState<Picture | null>(null);
  return (
    <div class="pictures">
      {pictures.map((picture) => (
        <span key={picture.url} class="picture">
          <button
            type="button"
            aria-label={t("openPicture", { name: picture.name })}
            title={picture.name}
            onClick={() => setShown(picture)}
          >
            <img src={picture.url} alt="" />
          </button>
          {onRemove && (
            <IconButton
              icon="close"
              size={14}
              label={t("removePicture", { name: picture.name })}
              onClick={() => onRemove(picture)}
            />
          )}
        </span>
      ))}
      {shown && (
        <Dialog title={shown.name} wide onClose={() => setShown(null)}>
          <img class="large" src={shown.url} alt={shown.name} />
        </Dialog>
      )}
    </div>
  );
}
