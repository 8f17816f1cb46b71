import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Command } from 'commander'
import { addConfigOptions, type Config, ConfigError, readConfig } from '../../services/coordinator/config.js'

/** What commander reads of these arguments. */
function flags(...args: string[]): Record<string, unknown> {
  const command = addConfigOptions(new Command()).exitOverride()
  return command.parse(args, { from: 'user' }).opts()
}

const read = (args: string[], environment: Record<string, string> = {}): Config =>
  readConfig(flags(...args), environment)

const faultOf = (args: string[], environment: Record<string, string> = {}): string => {
  try {
    read(args, environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

async function file(t: ExecutionContext, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'leasehold-config-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const path = join(directory, 'leasehold.yaml')
  await writeFile(path, content)
  return path
}

test('every setting has a preset', t => {
  t.like(read([]), {
    listen: '127.0.0.1:7070',
    http: '127.0.0.1:7071',
    journal: 'lmdb:./data',
    nats: 'nats://127.0.0.1:4222',
    noNats: false,
    minLeaseDuration: 1_000,
    maxLeaseDuration: 7 * 24 * 3_600_000,
    logLevel: 'info',
  })
})

test('a flag goes before its environment variable, that before the file, and the file before the preset', async t => {
  const path = await file(t, 'maxWaiters: 10\nwatchWindow: 500\nlogLevel: debug\n')
  const environment = { LEASEHOLD_MAX_WAITERS: '20', LEASEHOLD_WATCH_WINDOW: '600' }
  const config = read(['--config', path, '--max-waiters', '30'], environment)
  t.is(config.maxWaiters, 30)
  t.is(config.watchWindow, 600)
  t.is(config.logLevel, 'debug')
  t.is(config.outboxLimit, 1_000_000)
})

test('the file may be named by LEASEHOLD_CONFIG', async t => {
  const path = await file(t, 'listen: 0.0.0.0:1234')
  t.is(read([], { LEASEHOLD_CONFIG: path }).listen, '0.0.0.0:1234')
})

test('--no-nats is a setting of its own, beside --nats', t => {
  const config = read(['--no-nats', '--nats', 'nats://10.0.0.5:4222'])
  t.true(config.noNats)
  t.is(config.nats, 'nats://10.0.0.5:4222')
  t.true(read([], { LEASEHOLD_NO_NATS: 'true' }).noNats)
  t.false(read([], { LEASEHOLD_NO_NATS: 'false' }).noNats)
})

test('durations are written with their unit', t => {
  const config = read(['--min-lease-duration', '500ms', '--max-lease-duration', '1h30m'])
  t.is(config.minLeaseDuration, 500)
  t.is(config.maxLeaseDuration, 5_400_000)
})

for (const [what, args] of Object.entries({
  '--listen': ['--listen', '7070'],
  '--http': ['--http', '127.0.0.1:99999'],
  '--journal': ['--journal', ''],
  '--nats': ['--nats', '127.0.0.1:4222'],
  '--outbox-limit': ['--outbox-limit', '0'],
  '--watch-window': ['--watch-window', '1.5'],
  '--max-waiters': ['--max-waiters', 'many'],
  '--min-lease-duration': ['--min-lease-duration', 'soon'],
  '--snapshot-every': ['--snapshot-every', '-1'],
  '--log-level': ['--log-level', 'loud'],
})) {
  test(`a bad ${what} is refused by name, with the value that it had`, t => {
    const fault = faultOf(args)
    t.true(fault.startsWith(`${what} `), fault)
    t.true(fault.includes(`"${args[1]}"`), fault)
  })
}

test('a bad environment variable is refused by its name', t => {
  t.regex(faultOf([], { LEASEHOLD_MAX_WAITERS: '0' }), /^LEASEHOLD_MAX_WAITERS must be a whole number/)
  t.regex(faultOf([], { LEASEHOLD_NO_NATS: 'maybe' }), /^LEASEHOLD_NO_NATS must be true or false/)
})

test('a bad value in the file is refused by its key', async t => {
  t.regex(faultOf(['--config', await file(t, 'maxWaiters: 0')]), /^maxWaiters must be/)
  t.regex(faultOf(['--config', await file(t, 'noNats: perhaps')]), /^noNats must be true or false/)
  t.regex(faultOf(['--config', await file(t, 'listen: [1]')]), /^listen /)
})

test('a key without a value in the file is refused by name', async t => {
  for (const key of ['maxWaiters', 'minFree', 'listen', 'noNats', 'minLeaseDuration']) {
    t.regex(faultOf(['--config', await file(t, `${key}:`)]), new RegExp(`^${key} `))
  }
})

test('a key of the file that is no setting is refused by name', async t => {
  const path = await file(t, 'lissten: 127.0.0.1:1\nmax-waiters: 3')
  const fault = faultOf(['--config', path])
  t.regex(fault, /lissten in .* is no setting/)
  t.regex(fault, /max-waiters in .* is no setting/)
})

test('every fault is named at once', t => {
  const fault = faultOf(['--listen', 'x', '--max-waiters', '0'], { LEASEHOLD_HTTP: 'y' })
  for (const name of ['--listen', '--max-waiters', 'LEASEHOLD_HTTP']) t.true(fault.includes(name), fault)
})

test('a file that cannot be read, is no YAML or no mapping is refused by its path', async t => {
  t.regex(faultOf(['--config', '/does/not/exist.yaml']), /config: \/does\/not\/exist\.yaml cannot be read/)
  t.regex(faultOf(['--config', await file(t, 'a: [')]), /cannot be read/)
  t.regex(faultOf(['--config', await file(t, '- a')]), /must be a mapping/)
  t.is(read(['--config', await file(t, '')]).listen, '127.0.0.1:7070')
})

test('the shortest lease duration is not over the longest, and not 0', t => {
  t.regex(faultOf(['--min-lease-duration', '2s', '--max-lease-duration', '1s']), /minLeaseDuration must not be over/)
  t.regex(faultOf(['--min-lease-duration', '0s']), /--min-lease-duration/)
})

test('rules of collection come from a flag, a variable or the file', async t => {
  t.is(read([]).collect.length, 2)
  t.deepEqual(read(['--collect', '[]']).collect, [])
  t.is(read([], { LEASEHOLD_COLLECT: '[{namespace: ci}]' }).collect[0]?.namespace, 'ci')
  const path = await file(t, 'collect:\n  - namespace: ci\n    expiredFor: 24h\n')
  t.is(read(['--config', path]).collect[0]?.expiredForMs, 86_400_000)
  t.regex(
    faultOf(['--config', await file(t, 'collect: [{}]')]),
    /^collect \[0\] would collect every lease.*it is \[{}\]/,
  )
})

test('an address may be a name, IPv4 or IPv6', t => {
  for (const listen of ['localhost:0', '0.0.0.0:65535', '[::1]:7070']) t.is(read(['--listen', listen]).listen, listen)
})
