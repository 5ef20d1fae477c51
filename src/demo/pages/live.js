"use strict";
const log = document.getElementById("log");
const say = document.getElementById("say");
const line = (text) => { log.textContent += text + "\n"; };
const socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/ws");
socket.onopen = () => line("connected");
socket.onmessage = (event) => line("> " + event.data);
socket.onclose = (event) => line("closed" + (event.code ? " (" + event.code + ")" : ""));
document.getElementById("talk").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.readyState === WebSocket.OPEN) { socket.send(say.value); say.value = ""; }
});
