// Lists and calls tools as any MCP host would: node client.mjs '{"url"| "command"+"args", "calls": [[name, arguments]]}'
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const wanted = JSON.parse(process.argv[2]);
const transport = wanted.url
  ? new StreamableHTTPClientTransport(new URL(wanted.url))
  : new StdioClientTransport({ command: wanted.command, args: wanted.args });
const client = new Client({ name: "agentskiller-client-test", version: "1.0.0" });
await client.connect(transport);
const { tools } = await client.listTools();
const { resources } = await client.listResources();
const policy = await client.readResource({ uri: resources[0].uri });
const results = [];
for (const [name, args] of wanted.calls) {
  results.push(await client.callTool({ name, arguments: args }));
}
console.log(
  JSON.stringify({ tools, instructions: client.getInstructions(), policy: policy.contents[0].text, results }),
);
await client.close();
