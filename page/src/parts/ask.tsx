/** A dialog that asks before something is done. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Asked {
  title: string;
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  wide?: boolean;
  disabled?: boolean;
  children: ComponentChildren;
  close: () => void;
  agreed: () => void;
}

export function Ask({ title, action, danger = false, wide = false, disabled = false, children, close, agreed }: Asked) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class={wide ? "wide" : ""} aria-labelledby={id} onClose={close}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          agreed();
          close();
        }}
      >
        <h2 id={id}>{title}</h2>
        <div class="dialog-body">{children}</div>
        <p class="row end">
          <button type="button" onClick={close}>
            Leave it
          </button>
          <button class={danger ? "danger" : "primary"} disabled={disabled}>
            {action}
          </button>
        </p>
      </form>
    </dialog>
  );
}
