import { connect, createServer, type Socket } from 'node:net'

/** Accepts TCP connections and says nothing on them, until it is told to pass those that come from then on. */
export interface SilentProxy {
  /** HOST:PORT. */
  readonly address: string
  /** How many connections were opened. */
  readonly connections: number
  speak(): void
  stop(): void
}

export async function startSilentProxy(address: string): Promise<SilentProxy> {
  const [host = '', port = ''] = address.split(':')
  const sockets: Socket[] = []
  let connections = 0
  let isSilent = true
  const server = createServer(socket => {
    connections++
    sockets.push(socket)
    socket.on('error', () => {})
    if (isSilent) return
    const onward = connect(Number(port), host)
    sockets.push(onward)
    onward.on('error', () => {})
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
  return {
    address: `127.0.0.1:${bound.port}`,
    get connections() {
      return connections
    },
    speak() {
      isSilent = false
    },
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
