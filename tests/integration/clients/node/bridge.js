// A WebSocket that compresses (permessage-deflate) in front of one that does not: `bridge.js PORT URL` passes messages on.

import { WebSocket, WebSocketServer } from "ws";

const [port, url] = process.argv.slice(2);
const options = { threshold: 0 };
if (process.argv[4] === "no-takeover") options.serverNoContextTakeover = options.clientNoContextTakeover = true;

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(port),
  perMessageDeflate: options,
  handleProtocols: () => "xmpp",
});
server.on("listening", () => console.log("ready"));
server.on("connection", (near) => {
  const far = new WebSocket(url, "xmpp", { perMessageDeflate: false });
  const early = [];
  near.on("message", (data) => (far.readyState === WebSocket.OPEN ? far.send(String(data)) : early.push(String(data))));
  far.on("open", () => early.splice(0).forEach((data) => far.send(data)));
  far.on("message", (data) => near.send(String(data)));
  near.on("close", () => far.close());
  far.on("close", () => near.close());
});
