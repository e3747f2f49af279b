// The Vercel AI SDK, as its documentation shows it for OpenAI-compatible servers.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenAI } from '@ai-sdk/openai';
import { embedMany, generateObject, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { serve, Stopped } from './lines.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;
const provider = (given) => createOpenAICompatible({ name: 'ki-pforte', baseURL: given.url, apiKey: given.key,
  includeUsage: true, supportsStructuredOutputs: true });

await serve({
  async chat(given) {
    const answer = await generateText({ model: provider(given)(given.model), prompt: given.text });
    return { text: answer.text, usage: answer.usage.totalTokens };
  },
  async stream(given) {
    let text = '', pieces = 0, failed = null;
    const running = streamText({ model: provider(given)(given.model), prompt: given.text,
      onError: ({ error }) => { failed = error; } });
    for await (const part of running.fullStream) {
      if (part.type === 'text-delta') {
        text += part.text;
        pieces += 1;
      }
      if (part.type === 'error') failed = part.error;
    }
    if (failed) throw new Stopped(failed, text);
    return { text, pieces, usage: (await running.usage).totalTokens };
  },
  async tools(given) {
    const calls = [];
    const answer = await generateText({ model: provider(given)(given.model), prompt: given.text,
      stopWhen: stepCountIs(3), tools: { notiz: tool({ description: 'Legt eine Notiz zu einer Person an.',
        inputSchema: z.object({ name: z.string() }),
        execute: async (called) => { calls.push(called); return `Notiz zu ${called.name} liegt vor`; } }) } });
    return { called: calls[0], text: answer.text };
  },
  async structured(given) {
    const answer = await generateObject({ model: provider(given)(given.model), prompt: given.text,
      schema: z.object({ name: z.string() }) });
    return { name: answer.object.name };
  },
  async embed(given) {
    const found = await embedMany({ model: provider(given).embeddingModel(given.model), values: given.texts });
    return { sizes: found.embeddings.map((one) => one.length) };
  },
  async responses(given) {
    const openai = createOpenAI({ baseURL: given.url, apiKey: given.key });
    return { text: (await generateText({ model: openai(given.model), prompt: given.text })).text };
  },
});
