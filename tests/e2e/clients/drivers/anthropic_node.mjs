// The Anthropic SDK for Node, as Claude-style clients use it; the provider behind the gateway speaks chat completions.
import Anthropic from '@anthropic-ai/sdk';
import { serve, Stopped } from './lines.mjs';

const client = (given) => new Anthropic({ baseURL: given.url.replace(/\/v1$/, ''), apiKey: given.key, authToken: null });
const user = (text) => [{ role: 'user', content: text }];
const words = (message) => message.content.filter((part) => part.type === 'text').map((part) => part.text).join('');
const total = (usage) => usage.input_tokens + usage.output_tokens;
const notiz = { name: 'notiz', description: 'Legt eine Notiz zu einer Person an.',
  input_schema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } };

await serve({
  async chat(given) {
    const answer = await client(given).messages.create({ model: given.model, max_tokens: 500,
      messages: user(given.text) });
    return { text: words(answer), usage: total(answer.usage) };
  },
  async stream(given) {
    let text = '', pieces = 0;
    const running = client(given).messages.stream({ model: given.model, max_tokens: 500, messages: user(given.text) });
    running.on('text', (piece) => { text += piece; pieces += 1; });
    try {
      const answer = await running.finalMessage();
      return { text, pieces, usage: total(answer.usage) };
    } catch (error) {
      throw new Stopped(error, text);
    }
  },
  async tools(given) {
    const messages = user(given.text);
    const ask = () => client(given).messages.create({ model: given.model, max_tokens: 500, messages, tools: [notiz] });
    const first = await ask();
    const call = first.content.find((part) => part.type === 'tool_use');
    messages.push({ role: 'assistant', content: first.content }, { role: 'user', content: [
      { type: 'tool_result', tool_use_id: call.id, content: `Notiz zu ${call.input.name} liegt vor` }] });
    return { called: call.input, text: words(await ask()) };
  },
  async count(given) {
    const found = await client(given).messages.countTokens({ model: given.model, messages: user(given.text) });
    return { tokens: found.input_tokens };
  },
});
