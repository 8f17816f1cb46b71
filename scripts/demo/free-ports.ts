import { createServer } from 'node:net'
import type { Random } from '../../clock/random.js'

/** Below those that Linux gives to clients: nobody else takes one while its server is down between two starts. */
const lowest = 12_000
const count = 20_000

/** Free ports on loopback, each another. */
export async function freePorts(wanted: number, random: Random): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < wanted) {
    const port = lowest + Math.floor(random.fraction() * count)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
