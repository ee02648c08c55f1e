// Parties that are driven from outside: one step a line as JSON on standard input, one outcome a line on standard output.

import { createInterface } from "node:readline";

export async function driven(Party) {
  const parties = new Map();
  const outcome = async ({ party, step, ...told }) => {
    if (!parties.has(party)) parties.set(party, new Party());
    try {
      return { value: (await parties.get(party)[step](told)) ?? null };
    } catch (error) {
      const said = error.error ?? error.cause?.error ?? error.cause?.[0]?.parameters?.error ?? error.code;
      return { failed: said ?? error.name, message: error.message, cause: String(error.cause?.message ?? "") };
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await outcome(JSON.parse(line))) + "\n");
  }
}
