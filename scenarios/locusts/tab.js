// Fills the Gameday tab of locust's web UI with the page of `gameday ui`, whose port is in an attribute of the script.
"use strict";
(() => {
  const TITLE = "Gameday";
  // The host under which locust is open: on another one the browser would send no cookie to the page in the frame.
  const page = `http://${location.hostname}:${document.currentScript.dataset.port}`;

  const frame = document.createElement("iframe");
  frame.title = TITLE;
  frame.style.cssText = "display: none; width: 100%; min-height: 80vh; border: 0;";
  frame.src = `${page}/`;

  const link = document.createElement("a");
  link.href = `${page}/`;
  link.textContent = "Gameday: runbook, service levels and alerts";
  const line = document.createElement("p");
  line.style.cssText = "text-align: center; font-family: sans-serif;";
  line.append(link);

  function selected() {
    const tabs = document.querySelectorAll('[role="tab"][aria-selected="true"]');
    return [...tabs].some((tab) => tab.textContent.trim() === TITLE);
  }

  // locust's own script draws the page again whenever it wants, so that both have to be put back.
  function place() {
    const main = document.querySelector("main");
    if (!main) return;
    if (!line.isConnected) main.append(line);
    line.hidden = Boolean(document.querySelector('[role="tablist"]'));
    if (selected() && !frame.isConnected) main.append(frame);
    frame.style.display = selected() ? "block" : "none";
  }

  addEventListener("message", ({ origin, data }) => {
    if (origin === page && Number.isFinite(data?.gamedayHeight)) frame.style.height = `${data.gamedayHeight}px`;
  });
  const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-selected"] };
  new MutationObserver(place).observe(document.getElementById("root"), watched);
  place();
})();
