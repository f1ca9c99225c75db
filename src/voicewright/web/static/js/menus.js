// The menu at the side, which a narrow screen opens, and menus that close when one looks elsewhere.

/** Scroll the side, and not the page, to where one is. */
function showWhereOneIs(document) {
  const current = document.querySelector(".side [aria-current]");
  if (!current) return;
  const side = current.closest(".side");
  side.scrollTop = current.offsetTop - (side.clientHeight - current.offsetHeight) / 2;
}

export function installMenus(document) {
  showWhereOneIs(document);
  const button = document.querySelector("[data-menu]");
  const setOpen = (open) => {
    document.body.classList.toggle("menu-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button?.addEventListener("click", () => setOpen(!document.body.classList.contains("menu-open")));
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (button && document.body.classList.contains("menu-open")) {
      setOpen(false);
      button.focus();
    }
  });
}
