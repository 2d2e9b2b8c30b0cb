// The stack of modal views: only the top one is shown; what was typed below it, and through updates, stays.

import { drawBlocks, markError } from "./blocks.js";
import { button, closeDialog, h, iconButton, say, uniqueId } from "./dom.js";
import { closeMenu } from "./menu.js";
import { dockPhone, phoneButton } from "./phone.js";
import { act } from "./state.js";
import { Surface } from "./surface.js";

const open = new Map();
const CONTROLS = "input:not([type=search]), textarea, select, button, a[href]";

/** Makes the dialogs be these views, bottom first. */
export function showModals(views) {
  for (const [id, modal] of open) if (!views.some((view) => view.id === id)) remove(id, modal);
  for (const view of views) {
    if (!open.has(view.id)) open.set(view.id, new Modal(view.id));
    open.get(view.id).update(view);
  }
  const top = views.at(-1)?.id;
  for (const [id, modal] of open) if (id !== top) modal.hide();
  if (top) open.get(top).show();
  dockPhone(open.get(top)?.dialog);
}

function remove(id, modal) {
  modal.hide();
  open.delete(id);
}

class Modal {
  constructor(id) {
    const title = uniqueId("title");
    this.surface = new Surface({ view: id }, true);
    this.surface.onChange = (block) => this.forgive(block.block_id);
    this.id = id;
    this.errors = {};
    this.title = h("h2", { id: title });
    this.trouble = h("p", { class: "trouble", role: "alert" });
    this.blocks = h("div", { class: "blocks" });
    this.cancel = button("", () => this.close(), { class: "button" });
    this.submitButton = h("button", { type: "submit", class: "button primary" });
    this.dialog = h("dialog", { class: "modal", "aria-labelledby": title, onkeydown: (event) => this.onKey(event) },
      h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        h("header", {}, this.title, h("div", {}, phoneButton(), iconButton("✕", "Exit", () => this.close()))),
        h("div", { class: "modal-body", tabindex: "-1" }, this.trouble, this.blocks),
        h("footer", {}, this.cancel, this.submitButton)));
    this.dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.close(); });
  }

  update(view) {
    const changed = this.drawn && this.drawn !== JSON.stringify(view.blocks);
    const wasEmpty = !this.blocks.querySelector(CONTROLS);
    const isAnother = changed && !view.blocks.some((block) => this.surface.blocks.some((old) => old.block_id === block.block_id));
    if (this.hash !== view.hash) Object.assign(this, { hash: view.hash, errors: {}, told: null }); // an update takes old errors away
    this.drawn = JSON.stringify(view.blocks);
    this.title.textContent = view.title?.text ?? "";
    this.cancel.textContent = view.close?.text ?? (view.submit ? "Cancel" : "Close");
    this.submitButton.hidden = !view.submit && !view.blocks.some((block) => block.type === "input");
    this.submitButton.textContent = view.submit?.text ?? "Submit";
    drawBlocks(this.blocks, view.blocks, this.surface);
    if (changed) say(`${view.title?.text ?? "The form"} has changed.`);
    if (changed && this.dialog.open && (wasEmpty || isAnother || !this.dialog.contains(document.activeElement))) this.focusFirst();
    if (isAnother) this.blocks.parentElement.scrollTop = 0;
    this.takeErrors(view);
  }

  /** Errors come twice, with the answer and with the state; they are shown once, until their field is changed. */
  takeErrors({ errors, trouble }) {
    const signature = JSON.stringify([errors ?? {}, trouble ?? ""]);
    if (signature !== this.told) {
      this.told = signature;
      if (Object.keys(errors ?? {}).length) this.errors = { ...errors };
      this.tell(trouble ?? "");
    }
    this.drawErrors();
  }

  drawErrors() {
    const unplaced = [];
    for (const block of this.surface.blocks) {
      const words = this.errors[block.block_id] ?? "";
      if (!markError(this.blocks, block.block_id, words) && words) unplaced.push(words);
    }
    if (unplaced.length) this.tell(unplaced.join(" "));
  }

  tell(words) {
    this.trouble.textContent = words;
  }

  forgive(blockId) {
    delete this.errors[blockId];
    markError(this.blocks, blockId);
  }

  show() {
    if (this.dialog.open) return;
    closeMenu();
    document.getElementById("modals").append(this.dialog);
    this.dialog.showModal();
    this.focusFirst();
  }

  focusFirst() {
    (this.blocks.querySelector(CONTROLS) ?? (this.submitButton.hidden ? this.cancel : this.submitButton)).focus({ preventScroll: true });
  }

  hide() {
    if (this.dialog.isConnected) closeDialog(this.dialog);
  }

  close() {
    closeMenu();
    return act({ do: "close", view: this.id });
  }

  async submit() {
    if (this.submitButton.hidden || this.busy) return;
    this.errors = this.surface.check();
    this.tell("");
    this.drawErrors();
    if (Object.keys(this.errors).length) return this.focusWrong();
    this.told = null;
    this.setBusy(true);
    const answer = await act({ do: "submit", view: this.id, state: this.surface.state() }, { quiet: true });
    this.setBusy(false);
    if (answer.errors && Object.keys(answer.errors).length) {
      this.takeErrors(answer);
      this.focusWrong();
    } else if (!answer.ok) this.tell(answer.error ?? "We had some trouble connecting. Try again?");
  }

  focusWrong() {
    const wrong = this.blocks.querySelector(".wrong");
    wrong?.querySelector("[data-spot] input, [data-spot]")?.focus();
    wrong?.scrollIntoView({ block: "center" }); // the words below the field as well, not only the field
  }

  setBusy(busy) {
    this.busy = busy;
    this.submitButton.setAttribute("aria-busy", String(busy));
  }

  onKey(event) {
    if (event.key === "Escape" && !event.defaultPrevented) this.close();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.submit();
    else if (event.key !== "Enter" || !/^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
  }
}
