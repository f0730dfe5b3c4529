// Loads pkcs11js, which `pnpm build:pkcs11` compiles. Only the process of a token does this.
import type { PKCS11 } from 'pkcs11js'

/** The functions of a module, C_… as the standard has them. */
export type Cryptoki = PKCS11
type Library = { readonly PKCS11: new () => Cryptoki }

/** Throws an Error that names the command which makes it. */
export async function loadAddon(): Promise<Cryptoki> {
  try {
    const { default: library } = (await import('pkcs11js')) as unknown as { default: Library }
    return new library.PKCS11()
  } catch (cause) {
    const why = String((cause as Error).message).split('\n')[0]
    throw new Error(`the interface to PKCS #11 is not compiled: \`pnpm build:pkcs11\` does it (${why})`, { cause })
  }
}
