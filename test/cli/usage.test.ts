import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test from 'ava'
import { runLeasectl } from '../support/leasectl.js'

test('--version is that of the package', async t => {
  const { exitCode, stdout } = await runLeasectl('--version')
  t.is(exitCode, 0)
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/)
})

const mistakes: [string, string[], RegExp][] = [
  ['an unknown verb', ['gte', 'leases'], /unknown command 'gte'/],
  ['a missing argument', ['get'], /missing required argument 'resource'/],
  ['a resource that is no lease', ['get', 'pods'], /there are only leases and nodes, no "pods"/],
  [
    'a format that is none',
    ['get', 'leases', '-o', 'xml'],
    /Use one of table, wide, name, yaml, json, or jsonpath=TEMPLATE/,
  ],
  ['a jsonpath without a template', ['get', 'leases', '-o', 'jsonpath='], /or jsonpath=TEMPLATE/],
  ['a jsonpath that breaks off', ['get', 'leases', '-o', 'jsonpath={.items[*]'], /it needs "}" at the end/],
  ['a field that cannot be selected by', ['get', 'leases', '--field-selector', 'a=b'], /use metadata\.name, metadata/],
  ['a path to sort by that is none', ['get', 'leases', '--sort-by', '{}'], /write it as in \.metadata\.name/],
  ['a kind and a kind with a name', ['get', 'lease', 'lease/a'], /"lease\/a" has a kind of its own/],
  ['a name of two parts', ['get', 'lease/a/b'], /"lease\/a\/b" is no name: write lease\/NAME/],
  ['leases and nodes at once', ['get', 'lease/a', 'node/b'], /cannot be asked for together/],
  ['a watch of two names', ['get', 'lease', 'a', 'b', '-w'], /a watch is of one name/],
  ['a name with a selector', ['get', 'lease', 'a', '-l', 'app=db'], /a name and a selector/],
  ['a name in all namespaces', ['get', 'lease', 'a', '-A'], /by name in one namespace/],
  ['a duration that is none', ['hold', 'a', '--wait', 'soon', '--', 'true'], /"soon" is not a duration/],
  ['a token that is none', ['check-token', 'a/b', '-5'], /A fencing token is a whole number greater than 0/],
  ['a token of 0', ['check-token', 'a/b', '0'], /A fencing token is a whole number greater than 0/],
  ['an address without a port', ['get', 'leases', '--address', 'localhost'], /Write it as HOST:PORT/],
  ['a verb without its file', ['apply'], /required option '-f, --filename <file>' not specified/],
  ['a lease with two slashes', ['check-token', 'a/b/c', '5'], /Write it as NAMESPACE\/NAME/],
]

for (const [mistake, args, told] of mistakes) {
  test(`${mistake} is told in one line, with exit code 2`, async t => {
    const { exitCode, stdout, stderr } = await runLeasectl(...args)
    t.is(exitCode, 2)
    t.is(stdout, '')
    t.regex(stderr, /^leasectl: [^\n]+\n$/)
    t.regex(stderr, told)
  })
}

test('a coordinator that does not answer is told in one line that says what to do', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const address = `127.0.0.1:${port}`
  const told = `leasectl: no coordinator answers at ${address}: start one with \`leasehold coordinator\`, or name another with --address\n`
  const calls: [args: string[], code: number][] = [
    [['get', 'leases'], 1],
    [['get', 'leases', '-w'], 1],
    [['get', 'nodes'], 1],
    [['describe', 'lease', 'a'], 1],
    [['status'], 1],
    [['check-token', 'a/b', '5'], 1],
    [['revoke', 'a'], 1],
    [['hold', 'a', '--', 'true'], 125],
  ]
  await Promise.all(
    calls.map(async ([[verb = '', ...rest], code]) => {
      const { exitCode, stdout, stderr } = await runLeasectl(verb, '--address', address, ...rest)
      t.deepEqual({ exitCode, stdout, stderr }, { exitCode: code, stdout: '', stderr: told })
    }),
  )
})

test('what listens and is no coordinator is told in one line, with what it did', async t => {
  const server = createServer(socket => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { exitCode, stderr } = await runLeasectl('revoke', 'a', '--address', `127.0.0.1:${port}`)
  t.is(exitCode, 1)
  t.regex(stderr, /^leasectl: no coordinator answers at 127\.0\.0\.1:\d+ \([^\n]+\): start one with [^\n]+\n$/)
})

test('a NATS that does not answer is told in one line that says what to do', async t => {
  const { exitCode, stderr } = await runLeasectl('events', '--nats', 'nats://127.0.0.1:1')
  t.is(exitCode, 1)
  t.regex(stderr, /^leasectl: no NATS answers at nats:\/\/127\.0\.0\.1:1 \([^\n]+\): name another with --nats\n$/)
})
