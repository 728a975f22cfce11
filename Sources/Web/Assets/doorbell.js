// Keeps a page in step with the server: the server renders everything, this only asks it again when an event says that something changed.
"use strict";

const live = document.getElementById("live");

function showLive(on) {
  live.hidden = false;
  live.classList.toggle("on", on);
  live.lastElementChild.textContent = on ? "live" : "connecting…";
}

// Puts the changed parts of the page as the server has it now in place of those shown.
async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const news = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = news.title;
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = news.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML) part.replaceWith(document.importNode(now, true));
  }
  const logs = document.getElementById("logs");
  for (const log of news.querySelectorAll("#logs > details")) {
    const shown = document.getElementById(log.id);
    if (shown) {
      shown.querySelector("summary").replaceWith(document.importNode(log.querySelector("summary"), true));
    } else {
      const added = logs.appendChild(document.importNode(log, true));
      added.querySelectorAll("pre[data-follow]").forEach(follow);
    }
  }
  prepare();
}

// At most one refresh at a time, and one a second: what happens meanwhile is in the next.
let refreshing = false;
let wanted = false;
async function ask() {
  wanted = true;
  if (refreshing) return;
  refreshing = true;
  while (wanted) {
    wanted = false;
    try { await refresh(); } catch { /* the next event asks again */ }
    await new Promise((done) => setTimeout(done, 1000));
  }
  refreshing = false;
}

function listen() {
  const address = document.body.dataset.events;
  if (!address) return;
  const events = new EventSource(address);
  const kinds = ["build.assigned", "build.started", "build.finished", "build.lost", "step.started", "step.finished", "log.opened", "log.closed",
    "request.created", "request.claimed", "request.unclaimed", "request.cancelled", "request.finished", "worker.connected", "worker.lost",
    "worker.paused", "worker.resumed", "change.received", "config.applied"];
  for (const kind of kinds) events.addEventListener(kind, ask);
  let lost = false;
  events.onopen = () => {
    showLive(true);
    if (lost) ask();
    lost = false;
  };
  events.onerror = () => {
    showLive(false);
    lost = true;
    // Closed for good: the server does not know the place any more. A fresh page has a fresh one.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
}

// Appends what a log prints as it prints it, and stays at its end as long as the reader is there.
async function follow(pre) {
  const address = pre.dataset.follow;
  try {
    const response = await fetch(address);
    if (!response.ok) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const pieces = (rest + value).split("\u001e");
      rest = pieces.pop();
      append(pre, pieces.join(""));
    }
    append(pre, rest);
    pre.removeAttribute("data-follow");
  } catch { /* the page's next load has the rest */ }
}

function append(pre, markup) {
  if (!markup) return;
  const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;
  pre.insertAdjacentHTML("beforeend", markup);
  // A page is no archive: the whole log is one link away.
  while (pre.childNodes.length > 20000) pre.firstChild.remove();
  if (atEnd) pre.scrollTop = pre.scrollHeight;
}

async function post(button) {
  if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
  button.disabled = true;
  let said = "";
  try {
    const headers = { "Content-Type": "application/json" };
    if (button.dataset.post.endsWith("/rebuild")) headers["Idempotency-Key"] = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    const response = await fetch(button.dataset.post, { method: "POST", headers, body: "{}" });
    const answer = await response.json();
    if (!response.ok) said = answer.detail || answer.title;
    else if (answer.buildset) location.href = "/";
    else ask();
  } catch {
    said = "the server does not answer";
  }
  button.disabled = false;
  const note = button.parentElement.querySelector(".said") || button.parentElement.appendChild(document.createElement("span"));
  note.className = "said";
  note.textContent = said;
}

function prepare() {
  for (const button of document.querySelectorAll("button[data-post], button[data-sign-out]")) button.hidden = false;
}

// The answer sets or ends a cookie that no script can read.
async function signIn(form) {
  const said = form.querySelector(".said");
  said.textContent = "";
  try {
    const body = JSON.stringify({ token: form.elements.token.value.trim() });
    const response = await fetch("/sign-in", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (response.ok) {
      const next = new URL(form.dataset.next, location.origin);
      return location.assign(next.origin === location.origin ? next.href : "/");
    }
    const answer = await response.json();
    said.textContent = answer.detail || answer.title;
  } catch {
    said.textContent = "the server does not answer";
  }
}

async function signOut() {
  try {
    await fetch("/sign-out", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  } finally {
    location.assign("/sign-in");
  }
}

function duration(seconds) {
  if (seconds < 10) return seconds.toFixed(1) + " s";
  const whole = Math.floor(seconds);
  if (whole < 60) return whole + " s";
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

function age(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return Math.floor(seconds) + " s ago";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min ago";
  if (seconds < 172800) return Math.floor(seconds / 3600) + " h ago";
  return Math.floor(seconds / 86400) + " d ago";
}

function tick() {
  const now = Date.now();
  for (const span of document.querySelectorAll("[data-running]")) span.textContent = duration(Math.max(0, now - Date.parse(span.dataset.running)) / 1000);
  for (const time of document.querySelectorAll("time")) time.textContent = age(Math.max(0, now - Date.parse(time.dateTime)) / 1000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-post]");
  if (button) post(button);
  if (event.target.closest("button[data-sign-out]")) signOut();
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "sign-in") return;
  event.preventDefault();
  signIn(event.target);
});
prepare();
listen();
document.querySelectorAll("pre").forEach((pre) => { pre.scrollTop = pre.scrollHeight; });
document.querySelectorAll("pre[data-follow]").forEach(follow);
setInterval(tick, 1000);
