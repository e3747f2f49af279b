// The OpenAI SDK for Node, as its documentation shows it.
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { serve, Stopped } from './lines.mjs';

const client = (given) => new OpenAI({ baseURL: given.url, apiKey: given.key });
const user = (text) => [{ role: 'user', content: text }];
const notiz = { type: 'function', function: { name: 'notiz', description: 'Legt eine Notiz zu einer Person an.',
  parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } } };

await serve({
  async models(given) {
    const ids = [];
    for await (const model of client(given).models.list()) ids.push(model.id);
    return { ids };
  },
  async chat(given) {
    const answer = await client(given).chat.completions.create({ model: given.model, messages: user(given.text) });
    return { text: answer.choices[0].message.content, usage: answer.usage.total_tokens, number: answer._request_id };
  },
  async stream(given) {
    let text = '', pieces = 0, usage = null;
    try {
      for await (const chunk of await client(given).chat.completions.create({ model: given.model,
        messages: user(given.text), stream: true, stream_options: { include_usage: true } })) {
        const piece = chunk.choices[0]?.delta.content ?? '';
        text += piece;
        pieces += piece ? 1 : 0;
        usage = chunk.usage?.total_tokens ?? usage;
      }
    } catch (error) {
      throw new Stopped(error, text);
    }
    return { text, pieces, usage };
  },
  async tools(given) {
    const messages = user(given.text);
    const ask = async () => (await client(given).chat.completions.create({ model: given.model, messages,
      tools: [notiz] })).choices[0].message;
    const first = await ask();
    const called = JSON.parse(first.tool_calls[0].function.arguments);
    messages.push(first, { role: 'tool', tool_call_id: first.tool_calls[0].id,
      content: `Notiz zu ${called.name} liegt vor` });
    return { called, text: (await ask()).content };
  },
  async structured(given) {
    const answer = await client(given).chat.completions.parse({ model: given.model, messages: user(given.text),
      response_format: zodResponseFormat(z.object({ name: z.string() }), 'person') });
    return { name: answer.choices[0].message.parsed.name };
  },
  async embed(given) {
    const found = await client(given).embeddings.create({ model: given.model, input: given.texts });
    return { sizes: found.data.map((one) => one.embedding.length) };
  },
  async responses(given) {
    const answer = await client(given).responses.create({ model: given.model, input: given.text });
    return { text: answer.output_text };
  },
});
