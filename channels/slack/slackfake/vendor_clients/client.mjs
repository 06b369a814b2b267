// Slack's own clients against the fake: what they take for Slack, is like Slack.
// Run by ../vendor_test.go with the addresses and tokens in the environment.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(process.env.SLACK_CLIENTS + '/');
const { SocketModeClient } = require('@slack/socket-mode');
const { WebClient } = require('@slack/web-api');

const logLevel = process.env.SLACK_LOG ?? 'error';
const { FAKE_API: slackApiUrl, FAKE_BOT: bot, FAKE_APP: app, FAKE_USER: user } = process.env;
const web = new WebClient(bot, { slackApiUrl, logLevel });
const sockets = new SocketModeClient({ appToken: app, logLevel, clientOptions: { slackApiUrl } });

const me = await web.auth.test();
assert.ok(me.ok && me.bot_id && me.response_metadata.scopes.includes('chat:write'));

const heard = [];
let wake;
const next = async (n) => {
  while (heard.length < n) await new Promise((done) => { wake = done; });
  return heard[n - 1];
};
sockets.on('message', async ({ event, ack, retry_num: retry }) => {
  if (event.bot_id) return ack();
  if (retry === 0) return; // taken when it comes again
  heard.push({ event, retry });
  await ack();
  wake?.();
});
await sockets.start();
console.log('connected');

const { event, retry } = await next(1);
assert.equal(event.text, 'is anybody there?');
assert.ok(retry >= 1);
const posted = await web.chat.postMessage({
  channel: event.channel, text: 'yes', thread_ts: event.ts, username: 'Anna', unfurl_links: false,
  metadata: { event_type: 'stagecoach_reply', event_payload: { reply_id: 'r1', part: 1 } },
});
const thread = await web.conversations.replies({ channel: event.channel, ts: event.ts, include_all_metadata: true });
assert.deepEqual(thread.messages.map((m) => m.text), ['is anybody there?', 'yes']);
assert.equal(thread.messages[1].metadata.event_payload.reply_id, 'r1');
assert.equal(thread.messages[1].ts, posted.ts);
const history = await web.conversations.history({ channel: event.channel, limit: 1 });
assert.equal(history.messages[0].reply_count, 1);
const listed = [];
for await (const page of web.paginate('users.conversations', { types: 'im,public_channel', limit: 1 })) listed.push(...page.channels);
assert.ok(listed.some((c) => c.id === event.channel));
assert.equal((await web.users.info({ user })).user.profile.display_name, 'Alice');
const shared = await web.filesUploadV2({ channel_id: event.channel, thread_ts: event.ts, filename: 'a.txt', content: 'hello' });
assert.ok(shared.ok);
await assert.rejects(web.chat.postMessage({ channel: 'C0NOWHERE1', text: 'x' }), /channel_not_found/);
await assert.rejects(new WebClient('xoxb-wrong', { slackApiUrl }).auth.test(), /invalid_auth/);
console.log('posted');
await next(2); // over another socket, after Slack wanted it changed
assert.equal(heard[1].event.text, 'and now?');
await sockets.disconnect();
console.log('done');
process.exit(0);
