// Starts a Bluesky network of its makers' own code on loopback: a directory, a
// personal data server and, where DB_POSTGRES_URL names a database, the view of the
// network. It makes three accounts, says on one line of JSON where all is, and ends
// when its standard input does.
import 'core-js/actual/index.js' // Node.js 20 lacks some of the language
import { createInterface } from 'node:readline'
import threads from 'node:worker_threads'
import zlib from 'node:zlib'

// Node.js 20 lacks what one of the libraries looks up at its start and doesn't use
// here.
zlib.createZstdDecompress ??= () => { throw new Error('no Zstandard here') }
zlib.createZstdCompress ??= zlib.createZstdDecompress
threads.markAsUncloneable ??= () => {}

const { TestNetwork, TestNetworkNoAppView } = await import('@atproto/dev-env')
console.log = console.error // what is said on standard output is for the test

const withView = Boolean(process.env.DB_POSTGRES_URL)
const pds = { hostname: 'localhost', enableDidDocWithSession: true }
const network = withView
  ? await TestNetwork.create({ dbPostgresSchema: 'stagecoach', pds, bsky: { dbPostgresSchema: 'stagecoach' } })
  : await TestNetworkNoAppView.create({ pds })

const post = async (method, body, token) => {
  const res = await fetch(`${network.pds.url}/xrpc/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  if (!res.ok) throw new Error(`${method}: ${res.status} ${await res.text()}`)
  return res.json()
}
const accounts = {}
for (const name of ['teahouse', 'alice', 'bob']) {
  const made = await post('com.atproto.server.createAccount', {
    handle: `${name}.test`, email: `${name}@mail.test`, password: `${name}-pass`,
  })
  accounts[name] = { did: made.did, handle: `${name}.test`, password: `${name}-pass`, token: made.accessJwt }
}
const app = await post('com.atproto.server.createAppPassword', { name: 'stagecoach' }, accounts.teahouse.token)
accounts.teahouse.password = app.password

// "process" on standard input waits until the view has seen everything.
process.stdout.write(JSON.stringify({ url: network.pds.url, view: withView, accounts }) + '\n')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'process') {
    if (withView) await network.processAll()
    process.stdout.write(JSON.stringify({ processed: true }) + '\n')
  }
}
await network.close()
process.exit(0)
