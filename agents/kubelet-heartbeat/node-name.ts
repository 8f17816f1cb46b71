/** What Kubernetes takes for the name of a Node, and so of its lease: a DNS-1123 subdomain. */
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const longest = 253

/** Says what is wrong with a node's name, or nothing. */
export const wrongNodeName = (name: string): string | undefined =>
  name.length <= longest && subdomain.test(name)
    ? undefined
    : `It must be lower-case letters, digits, '-' and '.', begin and end with a letter or digit, and have at most ${longest} characters.`

/** The legal name that is nearest to a hostname; 'node' when nothing of it is left. */
export function nodeNameFrom(hostname: string): string {
  const labels = hostname
    .toLowerCase()
    .replaceAll(/[^-.a-z0-9]/g, '-')
    .slice(0, longest)
    .split('.')
    .map(label => label.replaceAll(/^-+|-+$/g, ''))
    .filter(label => label !== '')
  return labels.join('.') || 'node'
}
