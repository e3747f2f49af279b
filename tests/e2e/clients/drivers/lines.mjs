// The same as lines.py for Node: a task a line as JSON, what came of it a line.
import readline from 'node:readline';

export async function serve(tasks) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const given = JSON.parse(line);
    let found;
    try {
      found = await tasks[given.task](given);
    } catch (error) {
      found = { error: String(error.message), kind: error.constructor.name, partial: error.partial ?? '' };
    }
    process.stdout.write(JSON.stringify(found) + '\n');
  }
}

export class Stopped extends Error {
  constructor(error, partial) {
    super(error?.message ?? String(error));
    this.partial = partial;
  }
}
