/** Where things may be: the directions of imports, and who may read time. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The sources of a folder, generated ones aside, by their path from the root. */
function sources(folder: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.startsWith('generated'))
    .map(name => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), 'utf8') }))
}

/** What a file imports: packages by name, files by their path from the root. */
function importsOf({ path, text }: { path: string; text: string }): string[] {
  const names = [...text.matchAll(/(?:\bfrom |import\()'([^'\n]+)'/g)].map(match => match[1] ?? '')
  return names.map(name => (name.startsWith('.') ? relative(root, join(root, dirname(path), name)) : name))
}

/** Every import of the folder that is none of these. */
function strangers(folder: string, allowed: readonly RegExp[]): string[] {
  return sources(folder).flatMap(source =>
    importsOf(source)
      .filter(name => !allowed.some(pattern => pattern.test(name)))
      .map(name => `${source.path} imports ${name}`),
  )
}

test('the lease core imports nothing but itself, randomness and a sorted tree', t => {
  t.deepEqual(
    strangers('services/coordinator/lease', [/^services\/coordinator\/lease\//, /^clock\//, /^sorted-btree$/]),
    [],
  )
})

test('the journal knows the records of the core, and no face', t => {
  const allowed = [/^services\/coordinator\/(journal|lease)\//, /^clock\//, /^node:/, /^lmdb$/]
  t.deepEqual(strangers('services/coordinator/journal', allowed), [])
})

test('the feed knows the records of the core and how the journal writes them, and no face', t => {
  const codec = /^services\/coordinator\/journal\/(bytes|record-codec)/
  const allowed = [codec, /^services\/coordinator\/(feed|lease)\//, /^clock\//, /^events\//, /^node:/, /^nats$/]
  t.deepEqual(strangers('services/coordinator/feed', allowed), [])
})

test('lists and watches know no face', t => {
  const own = /^services\/coordinator\/((reads|lease|feed)\/|coordinator)/
  t.deepEqual(strangers('services/coordinator/reads', [own, /^clock\//, /^node:/]), [])
})

test('the Kubernetes face knows HTTP in its routes alone', t => {
  const own = /^services\/coordinator\/(kubernetes|lease|feed|reads)\/|^services\/coordinator\/[^/]+$/
  const known = [own, /^clock\//, /^protos\//, /^node:/, /^(protobufjs|rfc6902|yaml)/]
  const strange = strangers('services/coordinator/kubernetes', known).filter(
    name => !name.includes('routes.ts imports fastify'),
  )
  t.deepEqual(strange, [])
})

test('the client never imports the coordinator', t => {
  t.deepEqual(strangers('client', [/^client\//, /^clock\//, /^protos\//, /^node:/, /^@grpc\//]), [])
})

test('agents know the client and no coordinator', t => {
  const own = /^(agents|client|clock|events|protos)\//
  t.deepEqual(strangers('agents', [own, /^node:/, /^commander$/, /^pino/, /^prom-client$/, /^nats$/]), [])
})

test('how events go to NATS knows nobody who tells them', t => {
  t.deepEqual(strangers('events', [/^events\//, /^nats$/]), [])
})

test('only clock/ reads the time and randomness of the machine', t => {
  const reads = /Date\.now\(|new Date\(\)|performance\.now\(|\bset(Timeout|Interval|Immediate)\(|Math\.random\(/
  const readers = ['services', 'client', 'agents', 'cli', 'scripts', 'protos', 'events']
    .flatMap(sources)
    .filter(({ text }) => reads.test(text))
    .map(({ path }) => path)
  t.deepEqual(readers, [])
})
