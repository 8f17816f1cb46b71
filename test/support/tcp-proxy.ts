import { connect, createServer, type Socket } from 'node:net'

/** A way to an address that can fail as networks do. */
export interface TcpProxy {
  /** HOST:PORT of this side. */
  readonly address: string
  /** How many connections were opened. */
  readonly connections: number
  /** On connections that come from now on nothing passes. */
  silence(): void
  /** Connections that come from now on pass again. */
  pass(): void
  /** On those that are open nothing passes any more, and nobody is told. */
  freeze(): void
  /** Closes those that are open. */
  closeAll(): void
  stop(): void
}

/** Starts one, which passes connections on unless it is silent. */
export async function startTcpProxy(address: string, { isSilent = false } = {}): Promise<TcpProxy> {
  const [host = '', port = ''] = address.split(':')
  const sockets = new Set<Socket>()
  const frozen = new WeakSet<Socket>()
  let connections = 0
  let passes = !isSilent
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer(socket => {
    connections++
    keep(socket)
    if (!passes) return
    const onward = connect(Number(port), host)
    keep(onward)
    socket.pipe(onward).pipe(socket)
    onward.on('close', () => {
      if (!frozen.has(onward)) socket.destroy()
    })
  })
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port')
  return {
    address: `127.0.0.1:${bound.port}`,
    get connections() {
      return connections
    },
    silence() {
      passes = false
    },
    pass() {
      passes = true
    },
    freeze() {
      for (const socket of sockets) {
        frozen.add(socket)
        socket.unpipe()
        socket.pause()
      }
    },
    closeAll,
    stop() {
      server.close()
      closeAll()
    },
  }
}
