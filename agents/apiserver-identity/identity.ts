/**
 * What the lease of a kube-apiserver is called and labelled. Kubernetes 1.26 hashes the hostname; 1.27 and later hash the
 * hostname and a role, each after its length, and label the lease otherwise.
 * @see Kubernetes apiserver, pkg/server/config.go, and pkg/controlplane/apiserver/server.go
 */
import { createHash } from 'node:crypto'

export const nameStyles = ['v1.26', 'v1.27'] as const

export type NameStyle = (typeof nameStyles)[number]

/** What tells the leases of API servers from others. */
const component = 'kube-apiserver'

interface Identity {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** The lease of the API server on a host: the same for every process on that host. */
export function identityOf(hostname: string, style: NameStyle): Identity {
  const labels = { [componentLabel[style]]: component, 'kubernetes.io/hostname': hostname }
  if (style === 'v1.26') return { name: `kube-apiserver-${hashed(Buffer.from(hostname))}`, labels }
  return { name: `apiserver-${hashed(Buffer.concat([withLength(hostname), withLength(component)]))}`, labels }
}

const componentLabel: Record<NameStyle, string> = {
  'v1.26': 'k8s.io/component',
  'v1.27': 'apiserver.kubernetes.io/identity',
}

/** The text after its length in bytes, 16 bits, the high byte first. */
function withLength(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The first 16 bytes of the SHA-256 as 26 digits of RFC 4648's base32, in lower case and without padding. */
function hashed(bytes: Buffer): string {
  const hash = createHash('sha256').update(bytes).digest().subarray(0, 16)
  // 26 digits have 130 bits; the last two are 0.
  const number = BigInt(`0x${hash.toString('hex')}`) << 2n
  const digits = number.toString(32).padStart(26, '0')
  return digits.replaceAll(/./g, digit => base32Digits[Number.parseInt(digit, 32)] ?? '')
}

const base32Digits = 'abcdefghijklmnopqrstuvwxyz234567'
