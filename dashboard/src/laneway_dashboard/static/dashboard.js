// Looks again every five seconds while somebody does, and the keys. Pages can be read without it.
"use strict";

(() => {
  const EVERY = 5000;
  const KEYS = { p: "pools", f: "failed", j: "jobs", s: "schedules", a: "actions" };
  const WELL = "updates every 5 s";
  let going = false;
  let trouble = "";
  let asking = false;

  const selected = () => {
    const found = document.getSelection();
    return found !== null && !found.isCollapsed && found.toString().trim() !== "";
  };
  const choosing = () => document.activeElement !== null && document.activeElement.matches("main select, main input");
  const held = () => {
    if (selected()) return "paused while something is selected";
    if (choosing()) return "paused while you fill in a form";
    return "";
  };
  const say = (text) => {
    for (const each of document.querySelectorAll("[data-live]")) each.textContent = text;
  };
  const look = () => document.body.dispatchEvent(new CustomEvent("laneway:look"));

  const tick = () => {
    if (document.hidden || document.querySelector("main[hx-get]") === null) return;
    const why = held();
    say(why || trouble || (asking ? "waits for an answer" : WELL));
    if (why === "") look();
  };
  const stays = (why) => {
    trouble = why;
    say(why || WELL);
  };
  // What stands before the dashboard answers in its place: a sign-in that has ended, a server that is gone. Such a page
  // has nothing to show here, and taking it would end the looking; nor does a dashboard that fails for a moment.
  const answered = (event) => {
    const { response, text } = event.detail.ctx;
    const own = text.includes("data-laneway");
    if (own && response.status < 500) return;
    event.preventDefault();
    if (own || response.status >= 500) stays(`not answered (${response.status}), tries again`);
    else stays("signed out? Reload the page");
  };
  const leads = (name) => document.querySelector(`nav [data-key="${name}"]`)?.click();
  const help = () => {
    const dialog = document.getElementById("help");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  };

  // Where a layout has no Latin letters, by the place of the key.
  const keyOf = (event) => (/^[ -~]/.test(event.key) ? event.key : event.code.replace(/^Key/, "").toLowerCase());

  const press = (event) => {
    const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const key = keyOf(event);
    if (going) {
      going = false;
      if (key in KEYS) leads(KEYS[key]);
      return;
    }
    if (key === "g") {
      going = true;
      setTimeout(() => { going = false; }, 1500);
    } else if (key === "r") look();
    else if (key === "?") help();
    else if (key === "/") {
      const field = document.getElementById("find");
      if (field === null) return;
      event.preventDefault();
      field.focus();
    }
  };

  document.addEventListener("keydown", press);
  document.addEventListener("visibilitychange", tick);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.matches("[data-look]")) look();
    if (event.target.matches("[data-help]")) help();
  });
  document.addEventListener("htmx:before:request", () => { asking = true; });
  document.addEventListener("htmx:finally:request", () => { asking = false; });
  document.addEventListener("htmx:after:request", answered);
  document.addEventListener("htmx:after:swap", () => stays(""));
  document.addEventListener("htmx:error", () => stays("the dashboard can't be reached"));
  for (const each of document.querySelectorAll("[data-script]")) each.hidden = false;
  if (document.querySelector("main[hx-get]") !== null) say(WELL);
  setInterval(tick, EVERY);
})();
