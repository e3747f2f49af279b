// What a script adds to the pages. Each of them works without: nothing here changes what is stored or decided.
"use strict";
const words = document.currentScript.dataset;

// A button beside each hash copies it whole.
for (const hash of document.querySelectorAll(".hash[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  const told = document.createElement("span");
  button.type = "button";
  button.className = "link copy-button";
  told.setAttribute("aria-live", "polite");
  told.textContent = words.copy;
  button.append(told);
  if (hash.dataset.copy) {
    const what = document.createElement("span");
    what.className = "visually-hidden";
    what.textContent = `: ${hash.dataset.copy}`;
    button.append(what);
  }
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(hash.textContent.trim());
      told.textContent = words.copied;
    } catch {
      getSelection().selectAllChildren(hash);
    }
    setTimeout(() => { told.textContent = words.copy; }, 3000);
  });
  hash.after(button);
}

// Clocks count on, once a minute. What they say in full comes from the server with the next page.
const clocks = document.querySelectorAll("[data-deadline][data-words]");
const tick = () => {
  for (const clock of clocks) {
    const minutes = Math.floor((Date.parse(clock.dataset.deadline) - Date.now()) / 60000);
    if (minutes < 0 || minutes >= 72 * 60) continue;
    clock.textContent = clock.dataset.words.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
  }
};
if (clocks.length) setInterval(tick, 60000);

// The warning before a session ends is told aloud; a page opened in another window renews the session of this one, too.
const begin = ending => ending.addEventListener("animationend", () => {
  for (const line of ending.querySelectorAll("strong")) line.textContent = line.textContent;
  document.title = `${words.ending} – ${document.title}`;
});
let ending = document.querySelector(".ending");
if (ending) {
  const title = document.title;
  const wires = new BroadcastChannel("ki-pforte");
  begin(ending);
  wires.postMessage(ending.className);
  wires.addEventListener("message", event => {
    if (!/^ending tens-\d ones-\d$/.test(event.data)) return;
    const fresh = ending.cloneNode(true);
    fresh.className = event.data;
    begin(fresh);
    ending.replaceWith(fresh);
    ending = fresh;
    document.title = title;
  });
}
